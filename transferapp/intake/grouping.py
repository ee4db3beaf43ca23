"""Sort scanned files into filesets: the files that are imported together."""

from __future__ import annotations

import json
import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Protocol

from transferapp.errors import Cancelled, DamagedFile
from transferapp.intake.candidate_names import in_natural_order
from transferapp.intake.candidates import FilesetCandidate, told_apart
from transferapp.intake.contents import head
from transferapp.intake.families.beside import sets_around
from transferapp.intake.families.family import Family
from transferapp.intake.families.riders import ride_along
from transferapp.intake.families.table import FAMILIES
from transferapp.intake.folder_sets import Folder, FolderSets, by_folder
from transferapp.intake.formats import OME_ZARR
from transferapp.intake.name_kinds import NameKinds
from transferapp.intake.neighbours import Neighbours
from transferapp.intake.scanning import ZARR_METADATA, FoundFile, Scan, ZarrFolder
from transferapp.model.ome_zarr import ome_attributes


class Consulted(Protocol):
    """Somebody who knows sets that no family of ours does; ``consultation`` has one."""

    def sets(
        self, folders: Iterable[Folder], taken: Collection[str], neighbours: Neighbours
    ) -> Iterable[FilesetCandidate]:
        """Make the sets of files that are not ``taken``; raises Cancelled."""

    def note(self, candidates: Iterable[FilesetCandidate]) -> None:
        """Hear of filesets that no family made."""


def group(scan: Scan, cancel: threading.Event | None = None) -> list[FilesetCandidate]:
    """Sort every file of a scan into exactly one fileset, in natural order of names.

    Reads index files, companions and TIFF headers, so call it in a thread. Raises Cancelled.
    """
    found = [one for some in filesets(scan, cancel) for one in some]
    return told_apart([found[number] for number in order_of(found)])


def filesets(
    scan: Scan,
    cancel: threading.Event | None = None,
    consulted: Consulted | None = None,
) -> Iterator[list[FilesetCandidate]]:
    """Yield the same filesets a few at a time, as soon as nothing can be added to them; in
    any order, and with the same name where they have the same. ``consulted`` is asked about
    files that no family takes.
    """
    neighbours = Neighbours(scan.files)
    folders = by_folder(scan.files, NameKinds(FAMILIES))
    yield [_zarr_fileset(folder) for folder in scan.zarr_folders]
    loose = {file.place for folder in folders for file, kind in folder.files if kind.may_ride}
    yield from ride_along(_of_files(folders, neighbours, cancel, consulted), loose)


def _of_files(
    folders: Sequence[Folder],
    neighbours: Neighbours,
    cancel: threading.Event | None,
    consulted: Consulted | None,
) -> Iterator[list[FilesetCandidate]]:
    of_families = list(_families(folders, neighbours, cancel))
    yield of_families
    scanned = neighbours.scanned.values()
    taken = {file.place for candidate in of_families for file in candidate.files}
    around = list(sets_around(scanned, FAMILIES, taken, neighbours))
    yield around
    taken.update(file.place for candidate in around for file in candidate.files)
    if consulted is not None:
        asked = list(consulted.sets(folders, taken, neighbours))
        yield asked
        taken.update(file.place for candidate in asked for file in candidate.files)
    for some in FolderSets(folders, taken, neighbours, cancel).filesets():
        if consulted is not None:
            consulted.note(some)
        yield some


def order_of(candidates: Iterable[FilesetCandidate]) -> list[int]:
    """Return the numbers of filesets in natural order of where their first file is."""
    return in_natural_order(
        [one.files[0].client_path if one.files else one.name for one in candidates]
    )


def _families(
    folders: Sequence[Folder], neighbours: Neighbours, cancel: threading.Event | None
) -> Iterator[FilesetCandidate]:
    """Make the sets that an index or a first file tells of; each file is in one at most."""
    openers = [file for folder in folders for file, kind in folder.files if kind.opens]
    openers.sort(key=lambda file: file.client_path)
    taken = set[str]()
    for family in FAMILIES:
        for file in openers:
            if file.place in taken or not _told_by(family, file, neighbours):
                continue
            if cancel is not None and cancel.is_set():
                raise Cancelled
            try:
                made = family.collect(file, neighbours)
            except OSError:
                continue  # Preflight says it, of the file alone.
            if made is None or any(one.place in taken for one in made.files):
                continue
            taken.update(one.place for one in made.files)
            yield made


def _told_by(family: Family, file: FoundFile, neighbours: Neighbours) -> bool:
    """Say whether a file may tell of a set, by its name or else by its first bytes."""
    if family.tells_of_a_set(file.name):
        return True
    return family.begins is not None and family.begins(head(file, neighbours))


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
