"""Open TIFFs by tifffile, which is imported for the first of them: numpy comes with it, and
who hands over other files waits for neither.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tifffile import TiffFile

# tifffile logs about every damaged file; without a handler that lands on stderr.
logging.getLogger("tifffile").addHandler(logging.NullHandler())


def open_tiff(path: Path, *, is_scanimage: bool | None = None) -> TiffFile:
    """Open a TIFF alone, without the files that it names; close it, or use it in ``with``.

    ``is_scanimage``: whether it is one of ScanImage, None to find out. Raises OSError, and
    what ``omexml.DAMAGE`` lists.
    """
    from tifffile import TiffFile  # noqa: PLC0415 - see above

    return TiffFile(path, _multifile=False, is_scanimage=is_scanimage)
