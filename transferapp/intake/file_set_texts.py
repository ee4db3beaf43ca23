"""Say what is wrong or doubtful with files that belong together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from transferapp.errors import DamagedFile, MissingCompanion
from transferapp.intake.scanning import FoundFile

#: So many names are spelled out in a sentence.
_NAMES_SHOWN = 3


def no_xml(file: FoundFile) -> DamagedFile:
    """A companion that cannot be read."""
    return DamagedFile(f"'{file.name}' is not a complete OME-XML. Export the images again.")


def nameless(file: FoundFile) -> DamagedFile:
    """A companion that does not name its files."""
    return DamagedFile(
        f"'{file.name}' does not say in which files its images are. Export them again."
    )


def missing(names: Mapping[str, str]) -> MissingCompanion:
    """Files that are not there, by their names; each with what it is called now, if known."""
    verb, it = ("is", "it") if len(names) == 1 else ("are", "them")
    if all(names.values()):
        pairs = [f"'{name}' (now '{now}')" for name, now in names.items()]
        return MissingCompanion(
            f"{_listed(pairs)} {verb} missing: files of a set name each other. Rename {it}"
            " back, then drop the folder again."
        )
    return MissingCompanion(
        f"{_listed(_quoted(names))} {verb} missing. Put {it} into the same"
        " folder, then drop the folder again."
    )


def undescribed(files: Iterable[FoundFile]) -> DamagedFile:
    """Files that leave it to another one to describe their images, and that does not."""
    return DamagedFile(
        f"No file describes the images of {_listed(_quoted(f.name for f in files))}: they"
        " name each other for that, or a file without OME-XML. Export the images again."
    )


def unused(names: list[str]) -> str:
    """Files whose pixels no image of their set has."""
    verb = "is" if len(names) == 1 else "are"
    return (
        f"{_listed(_quoted(names))} {verb} imported with this set, but no image shows its"
        " pixels: the OME-XML of the set does not name it."
    )


def copied(copy: Path, original: Path, remedy: str) -> str:
    """A file that has the document of another one."""
    return (
        f"'{copy.name}' is a copy of '{original.name}': both carry the same OME-XML. {remedy}"
    )


def exchanged(names: Mapping[str, str], *, by_name: bool) -> str:
    """Files that have each other's names, with the right ones; OMERO goes ``by_name``."""
    pairs = _listed([f"'{now}' is '{name}'" for now, name in names.items()])
    start = f"Files of this set have each other's names: by their OME-XML {pairs}."
    if by_name:
        return (
            f"{start} OMERO goes by the names and would show planes in each other's place."
            " Rename them back, then drop the folder again."
        )
    return (
        f"{start} Here each plane is taken from the right file; other programs go by the names,"
        " so rename them back if you can."
    )


def misspelt(names: Mapping[str, str]) -> str:
    """Files that OMERO does not find, with what their OME-XML calls them."""
    pairs = _listed([f"'{now}' is called '{name}'" for now, name in names.items()])
    remedy = "Export the set again without folders in its names"
    if not any(separator in name for name in names.values() for separator in "/\\"):
        remedy = "Rename the files to the letter"
    return (
        f"OMERO would not find files of this set: in its OME-XML {pairs}. {remedy}, then drop"
        " the folder again."
    )


def _quoted(names: Iterable[str]) -> list[str]:
    return [f"'{name}'" for name in names]


def _listed(names: list[str]) -> str:
    shown, more = ", ".join(names[:_NAMES_SHOWN]), len(names) - _NAMES_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown
