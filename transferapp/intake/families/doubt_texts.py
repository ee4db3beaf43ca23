"""What people are told of sets that are not complete."""

from __future__ import annotations

from collections.abc import Sequence

from transferapp.errors import MissingCompanion, SourceProblem
from transferapp.intake.scanning import FoundFile

#: So many names are spelled out in a sentence.
_NAMES_SHOWN = 3
#: Who reads sets of files, wherever they go: grouping does not know where that is.
_READER = "Bio-Formats (which reads for OMERO)"


def absent(names: Sequence[str], index: FoundFile) -> str:
    """Images that an index names and that are not there: the target shows them black."""
    verb, them = ("is", "it") if len(names) == 1 else ("are", "them")
    return (
        f"{listed(names)} {verb} missing, though '{index.name}' names {them}."
        " What is missing is shown black. If the copy is not complete, copy the folder again."
    )


def left_out(names: Sequence[str], index: FoundFile) -> str:
    """Descriptions of images that an index names: the target leaves those images out."""
    verb, them = ("is", "it") if len(names) == 1 else ("are", "them")
    return (
        f"{listed(names)} {verb} missing, though '{index.name}' names {them}, and what"
        f" {'it describes' if len(names) == 1 else 'they describe'} is left out. If the copy"
        " is not complete, copy the folder again."
    )


def no_images(index: FoundFile, example: str) -> MissingCompanion:
    """An index without any of its images."""
    return MissingCompanion(
        f"'{index.name}' lists images, but none of them is there (such as '{example}')."
        " Put them where the microscope's software had them, then drop the folder again."
    )


def needed(names: Sequence[str], index: FoundFile) -> MissingCompanion:
    """Images that an index names, without which the target reads nothing of the set."""
    verb, them, they = ("is", "it", "it") if len(names) == 1 else ("are", "them", "they")
    return MissingCompanion(
        f"{listed(names)} {verb} missing: '{index.name}' names {them}, and without"
        f" {them} nothing of the set can be read. Put {them} where {they} belonged, then drop"
        " the folder again. To import the other images each for itself, take"
        f" '{index.name}' out of the folder."
    )


def not_found_like_this(index: FoundFile, why: str, remedy: str) -> MissingCompanion:
    """An index whose images the target does not find, though they are there."""
    return MissingCompanion(
        f"'{index.name}' {why}, and {_READER} would not find its images. {remedy}"
    )


def misnamed(name: str, right: str) -> SourceProblem:
    """A file that Bio-Formats knows by one name only, in its letters' own case."""
    return SourceProblem(
        f"'{name}' must be called '{right}', in these letters, or {_READER} does not find"
        " what belongs to it. Rename it, then drop the folder again."
    )


def in_capitals(names: Sequence[str], index: FoundFile) -> SourceProblem:
    """Files of a set that end in capitals, where Bio-Formats looks for small letters."""
    return SourceProblem(
        f"{_READER} finds the files of '{index.name}' by endings in small letters, and"
        f" {listed(names)} {'ends' if len(names) == 1 else 'end'} in capitals. Rename"
        f" {'it' if len(names) == 1 else 'them'}, then drop the folder again."
    )


def lone(name: str, family: str, index: str) -> str:
    """An image of a set whose index is missing."""
    article = "an" if family[0] in "AEIOU" else "a"
    return (
        f"'{name}' looks like a part of {article} {family} set, and {index} is missing."
        " Imported like this, its place, channels and sizes in the set are lost. Drop the whole"
        " folder, with that file."
    )


def belongs(name: str, index: FoundFile) -> str:
    """An image that was dropped without the index beside it, which has a fault."""
    return (
        f"'{name}' belongs to the set of '{index.name}' beside it. Imported like this, its"
        " place, channels and sizes in the set are lost. Drop the whole folder, to see what"
        " the set lacks."
    )


def damaged(index: FoundFile, family: str) -> str:
    """An index that does not say what belongs to it, or not all of it."""
    article = "an" if family[0] in "AEIOU" else "a"
    return (
        f"'{index.name}' is damaged: it does not say, as the index of {article} {family} set"
        " does, which files belong to it. Copy it again, then drop the folder again. To"
        " import the images beside it each for itself, take it out of the folder."
    )


def may_belong(name: str, index: FoundFile) -> str:
    """An image beside an index that does not say, any more, what belongs to it."""
    return (
        f"'{index.name}' beside it does not say which images belong to it, and '{name}' may"
        " be one of them. Imported like this, its place, channels and sizes in a set would be"
        f" lost. Copy '{index.name}' again first."
    )


def encoded(index: FoundFile) -> str:
    """An index in UTF-16, where Bio-Formats reads none."""
    return (
        f"'{index.name}' is text in UTF-16, which Bio-Formats does not read as an index. Save"
        " it as plain text (ASCII or UTF-8), then drop the folder again."
    )


def no_end(index: FoundFile) -> str:
    """An index that names all images that are there, and breaks off."""
    return (
        f"'{index.name}' does not end as it should: the acquisition, or a copy, may have been"
        " stopped. Compare it with the microscope's own files before you delete them."
    )


def listed(names: Sequence[str]) -> str:
    """Return the first names, and how many there are more."""
    shown = ", ".join(f"'{name}'" for name in names[:_NAMES_SHOWN])
    more = len(names) - _NAMES_SHOWN
    return f"{shown} and {more:,} more" if more > 0 else shown


def needs(index: FoundFile, names: Sequence[str]) -> str:
    """Files without which an index says nothing."""
    verb = "is" if len(names) == 1 else "are"
    return (
        f"'{index.name}' needs {listed(names)}, which {verb} missing."
        " Copy the whole folder again, and leave nothing out."
    )


def index_not_read(index: FoundFile, why: str) -> str:
    """An index of which no reader makes anything."""
    return (
        f"'{index.name}' {why}, so the images beside it cannot be told apart by well and"
        " channel. They are kept together. Copy the folder again, or export the measurement"
        " anew from the microscope's software, without encryption."
    )


def unknown_version(index: FoundFile) -> str:
    """An index that a newer version of a program wrote."""
    return (
        f"'{index.name}' is of a version that nobody has tried here. Its folder is kept"
        " together; whether it is read, the target decides. Try with one measurement first."
    )
