"""DeltaVision: an image (``.dv``, ``.r3d``, ``.r3d_d3d``) and the logs of its acquisition and
of its deconvolution, which hold the exposures and the filters.

Seen with Bio-Formats 7.3.1, DeltavisionReader: the image, then ``a.dv.log`` or else ``a.log``,
then ``a_log.txt``. The deconvolved ``a_R3D_D3D.dv`` uses the log of ``a_R3D.dv`` as well; a
file can be in one set only, so the log goes with the raw image where that is there.
"""

from __future__ import annotations

from transferapp.intake.bio_formats_only import DELTAVISION
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.families.family import Family
from transferapp.intake.neighbours import Neighbours
from transferapp.intake.scanning import FoundFile

_DECONVOLVED = "_D3D"


def collect(file: FoundFile, neighbours: Neighbours) -> FilesetCandidate | None:
    """Make the set of an image."""
    stem, suffix = file.path.stem, file.path.suffix
    raw = stem
    if stem.endswith(_DECONVOLVED):
        raw = stem.removesuffix(_DECONVOLVED)
    is_shared = raw != stem and neighbours.named(file, raw + suffix) is not None
    logs = (f"{raw}{suffix}.log", f"{raw}.log")
    found = [neighbours.named(file, name) for name in (() if is_shared else logs)]
    acquired = next((log for log in found if log is not None), None)
    deconvolved = neighbours.named(file, f"{stem}_log.txt")
    files = (log for log in (acquired, deconvolved) if log is not None)
    return FilesetCandidate(file.name, (file, *files), DELTAVISION)


FAMILY = Family("DeltaVision", DELTAVISION.suffixes, collect)
