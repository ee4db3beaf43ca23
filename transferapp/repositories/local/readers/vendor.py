"""What the readers of vendors' formats share: their libraries are an optional extra."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from typing_extensions import override

from transferapp.errors import DamagedFile, TransferAppError, UnsupportedFile
from transferapp.repositories.local.readers.port import OpenFileset, ReadImage


class OneFile(OpenFileset):
    """The images of one file, let go of by ``close``."""

    is_one_file = True

    def __init__(self, images: Sequence[ReadImage], close: Callable[[], object]) -> None:
        self.images, self._close = images, close

    @override
    def close(self) -> None:
        """Close the file."""
        self._close()


def missing_reader(path: Path) -> UnsupportedFile:
    """Return the error for a format whose library is not installed here."""
    return UnsupportedFile(
        f"'{path.name}' needs a reader that this server does not have. Ask your"
        " administrator to install it there (pip install 'transferapp[readers]'), then"
        " retry; or export the file as OME-TIFF."
    )


def damaged(path: Path, reason: str = "") -> DamagedFile:
    """Return the error for a file that does not hold what it should; ``reason`` says how."""
    why = f" ({reason})" if reason else ""
    return DamagedFile(
        f"'{path.name}' is damaged or incomplete{why}. Copy or export it again from the"
        " microscope software, then retry."
    )


@contextmanager
def vendor_failures(path: Path) -> Iterator[None]:
    """Turn whatever a vendor's library raises on broken bytes into DamagedFile."""
    try:
        yield
    except TransferAppError:
        raise
    # They raise whatever they like. Their words name folders of the server and quote bytes:
    # nothing for the person, so they stay in the cause.
    except Exception as error:
        raise damaged(path) from error
