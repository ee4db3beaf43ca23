"""Damaged copies of other samples."""

from __future__ import annotations

import shutil
from pathlib import Path


def broken(root: Path) -> None:
    """Fill ``broken`` below a folder that holds the other samples."""
    folder = root / "broken"
    folder.mkdir(exist_ok=True)
    _cut(root / "tiff-channels-cells" / "cells_D03f00d0.tif", folder, 30)
    _cut(root / "png-cells" / "cell.png", folder, 50)
    incomplete = folder / "companion-missing-file"
    shutil.copytree(root / "ome-tiff-plate-cells", incomplete)
    (incomplete / "A02_f1.ome.tif").unlink()


def _cut(file: Path, folder: Path, percent: int) -> None:
    """Keep that much of a file."""
    content = file.read_bytes()
    kept = content[: len(content) * percent // 100]
    (folder / f"truncated-{percent}pct{file.suffix}").write_bytes(kept)
