"""Make the files of the intake bench: small, valid, and quickly, as links to a few."""

from __future__ import annotations

import os
from io import BytesIO
from itertools import cycle
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image

#: So many names lead to one file; file systems allow some ten thousand.
_LINKS = 1_000
#: Long enough ago that nobody writes them any more.
_CHANGED_S = 1_700_000_000
#: What one folder in the many holds, of fifty files: as on a shared disk of a microscope.
_OF_FIFTY = (".tif",) * 42 + (".png",) * 5 + (".jpg",) * 2 + (".txt",)


def many_folders(top: Path, folders: int, files: int) -> None:
    """Make folders of plates with TIFFs, pictures and a note in each."""
    pool = _Pool(top.with_name("pool"))
    for number in range(folders):
        folder = top / f"plate_{number // 96:02}" / f"well_{number % 96:03}"
        folder.mkdir(parents=True)
        for place, suffix in zip(range(files), cycle(_OF_FIFTY), strict=False):
            pool.put(folder / f"img_{number:05}_{place:03}{suffix}")


def one_folder(top: Path, files: int) -> None:
    """Make a folder of TIFFs, as a time series."""
    pool = _Pool(top.with_name("pool"))
    top.mkdir()
    for number in range(files):
        pool.put(top / f"t{number:06}.tif")


class _Pool:
    """Files that others are links to."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._folder.mkdir(exist_ok=True)
        self._now: dict[str, tuple[Path, int]] = {}
        self._made = len(list(folder.iterdir()))
        self._content = {
            ".tif": _tiff(),
            ".png": _picture("PNG"),
            ".jpg": _picture("JPEG"),
            ".txt": b"exposure 100 ms\n",
        }

    def put(self, path: Path) -> None:
        """Make a file at a place."""
        source, links = self._now.get(path.suffix, (None, _LINKS))
        if source is None or links >= _LINKS:
            source, links = self._folder / f"{self._made}{path.suffix}", 0
            self._made += 1
            source.write_bytes(self._content[path.suffix])
            os.utime(source, (_CHANGED_S, _CHANGED_S))
        path.hardlink_to(source)
        self._now[path.suffix] = source, links + 1


def _pixels() -> np.ndarray[tuple[int, int], np.dtype[np.uint16]]:
    return np.arange(64 * 64, dtype=np.uint16).reshape(64, 64)


def _tiff() -> bytes:
    made = BytesIO()
    tifffile.imwrite(made, _pixels(), description="a camera's words")
    return made.getvalue()


def _picture(kind: str) -> bytes:
    made = BytesIO()
    Image.fromarray((_pixels() // 16).astype(np.uint8)).save(made, kind)
    return made.getvalue()
