"""Sort scanned files into filesets: the files that are imported together."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace

from transferapp.errors import Cancelled, DamagedFile
from transferapp.intake.candidate_names import natural_key
from transferapp.intake.candidates import FilesetCandidate, told_apart
from transferapp.intake.contents import format_of_content, head
from transferapp.intake.families import words
from transferapp.intake.families.family import Family
from transferapp.intake.families.riders import ride_along
from transferapp.intake.families.table import FAMILIES
from transferapp.intake.file_sets import Sorting
from transferapp.intake.formats import OME_ZARR
from transferapp.intake.neighbours import Neighbours
from transferapp.intake.scanning import ZARR_METADATA, FoundFile, Scan, ZarrFolder
from transferapp.model.ome_zarr import ome_attributes


def group(scan: Scan, cancel: threading.Event | None = None) -> list[FilesetCandidate]:
    """Sort every file of a scan into exactly one fileset, in natural order of names.

    Reads index files, companions and TIFF headers, so call it in a thread. Raises Cancelled.
    """
    neighbours = Neighbours(scan.files)
    of_families = list(_families(scan.files, neighbours, cancel))
    taken = {str(file.path) for candidate in of_families for file in candidate.files}
    rest = [file for file in scan.files if str(file.path) not in taken]
    sorted_by_name = Sorting(rest, neighbours, cancel).sets()
    others = (_told_if_lone(_by_content(made, neighbours)) for made in sorted_by_name)
    found = sorted(
        [*map(_zarr_fileset, scan.zarr_folders), *ride_along([*of_families, *others])],
        key=lambda c: natural_key(c.files[0].client_path if c.files else c.name),
    )
    return told_apart(found)


def _families(
    files: tuple[FoundFile, ...], neighbours: Neighbours, cancel: threading.Event | None
) -> Iterator[FilesetCandidate]:
    """Make the sets that an index or a first file tells of; each file is in one at most."""
    taken = set[str]()
    for family in FAMILIES:
        for file in files:
            if str(file.path) in taken or not _told_by(family, file, neighbours):
                continue
            if cancel is not None and cancel.is_set():
                raise Cancelled
            try:
                made = family.collect(file, neighbours)
            except OSError:
                continue  # Preflight says it, of the file alone.
            if made is None or any(str(one.path) in taken for one in made.files):
                continue
            taken.update(str(one.path) for one in made.files)
            yield made


def _told_by(family: Family, file: FoundFile, neighbours: Neighbours) -> bool:
    """Say whether a file may tell of a set, by its name or else by its first bytes."""
    if family.tells_of_a_set(file.path.name):
        return True
    return family.begins is not None and family.begins(head(file, neighbours))


def _by_content(candidate: FilesetCandidate, neighbours: Neighbours) -> FilesetCandidate:
    """Find the format of a file whose name tells none."""
    if candidate.format is not None or len(candidate.files) != 1:
        return candidate
    return replace(candidate, format=format_of_content(candidate.files[0], neighbours))


def _told_if_lone(candidate: FilesetCandidate) -> FilesetCandidate:
    """Add a doubt to an image that is nothing by itself."""
    if len(candidate.files) != 1:
        return candidate
    path = candidate.files[0].client_path
    family = next((f for f in FAMILIES if f.is_member(path)), None)
    if family is None:
        return candidate
    doubt = words.lone(candidate.name, family.name, family.index)
    return replace(candidate, doubts=(*candidate.doubts, doubt))


def _zarr_fileset(folder: ZarrFolder) -> FilesetCandidate:
    roots = {f"{folder.client_path}/{name}": None for name in ZARR_METADATA}
    by_path = {file.client_path: file for file in folder.files}
    first = [by_path.pop(root) for root in roots if root in by_path]
    problems = folder.problems or (() if first else (_no_metadata(folder),))
    files = (*first, *by_path.values())
    plate = any(map(_tells_of_a_plate, first))
    return FilesetCandidate(folder.path.name, files, OME_ZARR, problems, plate=plate)


def _tells_of_a_plate(file: FoundFile) -> bool:
    """Say whether the root metadata of an OME-Zarr (of format 2 or 3) is a plate's."""
    try:
        found = json.loads(file.path.read_bytes())
    except (OSError, ValueError):
        return False  # Preflight says it.
    attributes = found.get("attributes", found) if isinstance(found, dict) else {}
    return "plate" in ome_attributes(attributes)


def _no_metadata(folder: ZarrFolder) -> DamagedFile:
    return DamagedFile(
        f"'{folder.path.name}' has no zarr.json or .zattrs, so it is not a complete OME-Zarr."
        " Copy it again, with its hidden files."
    )
