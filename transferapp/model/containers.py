"""Containers: what images are sorted into."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from typing_extensions import override

from transferapp.errors import Invalid


class ContainerKind(StrEnum):
    """OMERO's containers."""

    PROJECT = "Project"
    DATASET = "Dataset"
    SCREEN = "Screen"
    PLATE = "Plate"


#: Which kind may hold which; a plate or dataset holds images.
PARENT_KIND = {
    ContainerKind.DATASET: ContainerKind.PROJECT,
    ContainerKind.PLATE: ContainerKind.SCREEN,
}

#: Kinds that an import can be sent to. (A plate is made by importing into a screen.)
IMPORT_TARGETS = frozenset({ContainerKind.DATASET, ContainerKind.SCREEN})


#: The largest id that databases hold (a signed 64-bit integer), and its digits.
_MOST, _DIGITS = (1 << 63) - 1, 19


def is_id(text: str) -> bool:
    """Say whether a text is an id as we write it: 0 to 9, no sign, no leading zeros."""
    if not (text.isascii() and text.isdecimal() and len(text) <= _DIGITS):
        return False
    return str(int(text)) == text and int(text) <= _MOST


@dataclass(frozen=True, slots=True)
class ContainerRef:
    """A container's kind and id; written ``Dataset:12``."""

    kind: ContainerKind
    id: int

    @override
    def __str__(self) -> str:
        """Return the written form."""
        return f"{self.kind}:{self.id}"

    @classmethod
    def parse(cls, text: str) -> ContainerRef:
        """Read ``Dataset:12``; raises Invalid."""
        kind, _, number = text.partition(":")
        known = {str(one): one for one in ContainerKind}
        if not is_id(number) or kind.capitalize() not in known:
            raise Invalid(f"'{text}' is not a container. Write it like Dataset:12.")
        return cls(known[kind.capitalize()], int(number))


@dataclass(frozen=True, slots=True)
class Container:
    """A project, dataset, screen or plate, as one experimenter sees it."""

    ref: ContainerRef
    name: str
    owner: str
    group_id: int
    description: str = ""
    parent: ContainerRef | None = None
    child_count: int = 0
    image_count: int = 0
    #: May the caller put images or containers into it (as the repository computes it)?
    can_link: bool = False
    #: May the caller rename or delete it?
    can_edit: bool = False
    #: May the caller attach files to it?
    can_annotate: bool = False
