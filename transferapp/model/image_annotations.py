"""What single images of one file are given: which image a person means by its name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from transferapp.model.annotations import MOST_LETTERS, wrong_annotations
from transferapp.model.images import Annotation

#: Of one fileset: a plate of 1536 wells with some fields each.
MOST_IMAGES = 20_000
_POSITION = re.compile(r"#([1-9][0-9]{0,8})")
#: How the repository begins names that it had to cut.
_CUT = "…"


@dataclass(frozen=True, slots=True)
class ImageAnnotations:
    """Annotations of one image of a fileset. ``image``: its own name in the file, its name in
    the repository (``file.lif [Position 1]``), or its place in the file, ``#1`` the first.
    """

    image: str
    annotations: tuple[Annotation, ...]


@dataclass(frozen=True, slots=True)
class OwnAnnotations:
    """What one fileset is given: all of its images, and single ones."""

    every: tuple[Annotation, ...] = ()
    single: tuple[ImageAnnotations, ...] = ()


def wrong_image_annotations(single: Sequence[ImageAnnotations]) -> str:
    """Say why images cannot be given these; empty when they can."""
    if len(single) > MOST_IMAGES:
        return f"More than {MOST_IMAGES:,} images of one fileset have values of their own."
    seen: set[str] = set()
    for one in single:
        if not one.image.strip() or len(one.image) > MOST_LETTERS:
            return "An image has no name, or one that is too long."
        if one.image in seen:
            return f"The image '{one.image}' is named twice. Put all of its values together."
        seen.add(one.image)
        if wrong := wrong_annotations(one.annotations):
            return f"The image '{one.image}': {wrong}"
    return ""


def images_meant(image: str, fileset: str, names: Sequence[str]) -> list[int]:
    """Return the places in ``names``, those of a fileset's images in the order of the file,
    that ``image`` can mean. A name goes before a place in the file.
    """
    wanted = image.strip()
    whole = [place for place, name in enumerate(names) if name.strip() == wanted]
    if whole:
        return whole
    own = [place for place, name in enumerate(names) if _is_own(wanted, fileset.strip(), name)]
    if own:
        return own
    position = _POSITION.fullmatch(wanted)
    place = int(position[1]) - 1 if position else len(names)
    return [place] if place < len(names) else []


def splits_of(name: str) -> Iterable[tuple[str, str]]:
    """Yield what ``file.lif [Position 1]`` can be: a file, and an image in it."""
    if not name.endswith("]"):
        return
    at = name.find(" [")
    while at > 0:
        yield name[:at], name[at + 2 : -1]
        at = name.find(" [", at + 1)


def _is_own(wanted: str, fileset: str, name: str) -> bool:
    if name.startswith(_CUT):
        return name.endswith(f" [{wanted}]")
    return name == f"{fileset} [{wanted}]"
