"""What people are told of sets that are not complete."""

from __future__ import annotations

from collections.abc import Sequence

from transferapp.errors import MissingCompanion
from transferapp.intake.scanning import FoundFile

#: So many names are spelled out in a sentence.
_NAMES_SHOWN = 3


def absent(names: Sequence[str], index: FoundFile) -> str:
    """Images that an index names and that are not there: the target shows them black."""
    verb, them = ("is", "it") if len(names) == 1 else ("are", "them")
    return (
        f"{listed(names)} {verb} missing, though '{index.path.name}' names {them}."
        " What is missing is shown black. If the copy is not complete, copy the folder again."
    )


def no_images(index: FoundFile, example: str) -> MissingCompanion:
    """An index without any of its images."""
    return MissingCompanion(
        f"'{index.path.name}' lists images, but none of them is there (such as '{example}')."
        " Put them where the microscope's software had them, then drop the folder again."
    )


def lone(name: str, family: str, index: str) -> str:
    """An image of a set whose index is missing."""
    return (
        f"'{name}' looks like a part of a {family} set, and {index} is missing. Imported like"
        " this, its place, channels and sizes in the set are lost. Drop the whole folder,"
        " with that file."
    )


def listed(names: Sequence[str]) -> str:
    """Return the first names, and how many there are more."""
    shown = ", ".join(f"'{name}'" for name in names[:_NAMES_SHOWN])
    more = len(names) - _NAMES_SHOWN
    return f"{shown} and {more:,} more" if more > 0 else shown
