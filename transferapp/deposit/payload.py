"""The files of a deposit: links to those of the export, or copies of them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from transferapp.errors import VanishedFile
from transferapp.protocol.export_manifests import ListedFile


def bring(files: Iterable[ListedFile], source: Path, target: Path, *, copy: bool) -> None:
    """Put files into the folder ``target``, where they lie in ``source``.

    They are hard links where the file system can, which need no room; then what is changed
    in one place is changed in the other. Raises VanishedFile, OSError.
    """
    for file in files:
        made = target / file.path
        try:
            made.parent.mkdir(parents=True, exist_ok=True)
            _bring(source / file.path, made, copy=copy)
        except FileNotFoundError:
            raise VanishedFile(
                f"'{file.path}' is not beside the manifest any more. Put it back, or export"
                " again."
            ) from None


def _bring(path: Path, made: Path, *, copy: bool) -> None:
    if not copy:
        try:
            os.link(path, made, follow_symlinks=False)
        except FileNotFoundError:
            raise
        except OSError:
            pass  # Another disk, or a file system without links.
        else:
            return
    shutil.copy2(path, made)
