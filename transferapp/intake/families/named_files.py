"""Sets whose index names their files."""

from __future__ import annotations

import re
from collections.abc import Sequence

from transferapp.formats.image_format import ImageFormat
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.families import doubt_texts
from transferapp.intake.families.damaged import damaged, matching
from transferapp.intake.neighbours import Neighbours, found_and_absent
from transferapp.intake.scanning import FoundFile


def set_of_named(
    index: FoundFile, names: Sequence[str], kind: ImageFormat, neighbours: Neighbours
) -> FilesetCandidate | None:
    """Make the set of an index and the files it names, each of which is needed; one that
    breaks off in the middle of a name is damaged.
    """
    if not names:
        return None
    found, absent = found_and_absent(names, lambda name: neighbours.exactly(index, name))
    if not absent:
        return FilesetCandidate(index.name, (index, *found), kind)
    # The last name of an index that was cut off goes on in that of its file.
    cut = re.compile(f"^{re.escape(absent[-1])}.")
    if begun := matching(index, neighbours, cut):
        return damaged(index, kind, [*found, *begun])
    problem = (
        doubt_texts.needed(absent, index) if found else doubt_texts.no_images(index, absent[0])
    )
    return FilesetCandidate(index.name, (index, *found), kind, (problem,))
