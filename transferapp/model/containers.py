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
        try:
            return cls(ContainerKind(kind.capitalize()), int(number))
        except ValueError:
            raise Invalid(f"'{text}' is not a container. Write it like Dataset:12.") from None


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
