"""Open TIFF files with their failures translated, few at a time."""

from __future__ import annotations

import errno
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cachetools import LRUCache
from tifffile import TiffFile, TiffFileError, TiffPage

from transferapp.errors import DamagedFile, EmptyFile, UnsupportedFile

#: Open handles at a time of one fileset that is spread over many files.
_MOST_OPEN = 32


@contextmanager
def tiff_failures(path: Path) -> Iterator[None]:
    """Turn what tifffile and its codecs raise on broken bytes into DamagedFile.

    What they were never made for is no damage: UnsupportedFile.
    """
    try:
        yield
    except NotImplementedError as error:
        raise UnsupportedFile(
            f"'{path.name}' keeps its pixels in a way that cannot be read ({error}). Export it"
            " as OME-TIFF."
        ) from error
    # imagecodecs' errors are RuntimeErrors; the rest is what wrong offsets lead to.
    except (
        TiffFileError,
        struct.error,
        zlib.error,
        RuntimeError,
        ValueError,
        IndexError,
        KeyError,
        TypeError,
        EOFError,
        ArithmeticError,
        AssertionError,
    ) as error:
        raise _damaged(path, error) from error
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        # A place before the file's begin.
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> DamagedFile:
    return DamagedFile(
        f"'{path.name}' is damaged or incomplete ({error}). Copy or export it again from"
        " the microscope software, then retry."
    )


def open_tiff(path: Path) -> TiffFile:
    """Open a TIFF with at least one page; raises EmptyFile, DamagedFile, UnsupportedFile."""
    if path.stat().st_size == 0:
        raise EmptyFile(f"'{path.name}' is empty. Save it again, then retry.")
    with tiff_failures(path):
        # tifffile 2026.3 guesses where the pages of a ScanImage file are, and misses the last.
        tif = TiffFile(path, is_scanimage=False)
        try:
            del tif.is_scanimage  # from here on, whether it is one
            if len(tif.pages) == 0:
                raise TiffFileError("it has no pages")  # noqa: TRY301 - one translation for all
        except BaseException:
            tif.close()
            raise
        return tif


class TiffFiles:
    """The files of one fileset, opened as they are needed."""

    def __init__(self) -> None:
        self._open: LRUCache[Path, TiffFile] = LRUCache(_MOST_OPEN)

    def get(self, path: Path) -> TiffFile:
        """Return the open file; the one that was not used for longest may be closed."""
        found = self._open.get(path)
        if found is None:
            if len(self._open) >= _MOST_OPEN:
                self._open.popitem()[1].close()
            found = self._open[path] = open_tiff(path)
        return found

    def page(self, path: Path, index: int) -> TiffPage:
        """Return a page; raises DamagedFile when the file has too few."""
        pages = self.get(path).pages
        if index >= len(pages):
            raise DamagedFile(
                f"'{path.name}' has {len(pages)} pages; number {index + 1} is missing: it was"
                " not copied completely."
            )
        page = pages[index]
        return page if isinstance(page, TiffPage) else page.aspage()

    def close(self) -> None:
        """Close all."""
        while self._open:
            self._open.popitem()[1].close()
