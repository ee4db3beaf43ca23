"""Make files of sets, and look at what grouping makes of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tifffile

from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.grouping import group
from transferapp.intake.scanning import scan


def touched_tiff(path: Path, value: int = 0) -> Path:
    """Write a TIFF of 4 x 4 pixels, and its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(path, np.full((4, 4), value, np.uint16), metadata=None)
    return path


def only_set(dropped: Path) -> FilesetCandidate:
    """Return the one fileset of what was dropped."""
    (made,) = group(scan([dropped]))
    return made


def paths(made: FilesetCandidate, root: Path) -> list[str]:
    """Return the paths of a set's files, '/'-separated from a folder, in their order."""
    return [file.path.relative_to(root).as_posix() for file in made.files]


def sets(dropped: Path) -> dict[str, list[str]]:
    """Return the files of every fileset of a dropped folder, by the fileset's name."""
    return {made.name: paths(made, dropped) for made in group(scan([dropped]))}
