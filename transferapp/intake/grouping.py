"""Sort scanned files into filesets: the files that are imported together."""

from __future__ import annotations

import json
import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Protocol

from transferapp.errors import DamagedFile
from transferapp.intake.candidate_names import in_natural_order
from transferapp.intake.candidates import FilesetCandidate, disambiguated
from transferapp.intake.families.beside import sets_around
from transferapp.intake.families.riders import ride_along
from transferapp.intake.families.table import FAMILIES
from transferapp.intake.family_sets import family_sets, of_one_root, reported_of_silent
from transferapp.intake.folder_sets import Folder, FolderSets, by_folder
from transferapp.intake.formats import OME_ZARR
from transferapp.intake.name_kinds import NameKinds
from transferapp.intake.neighbours import Neighbours
from transferapp.intake.scanning import ZARR_METADATA, FoundFile, Scan, ZarrFolder
from transferapp.intake.zarr_notes import without_notes
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
    return disambiguated([found[number] for number in order_of(found)])


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
    of_files = without_notes(
        _of_files(folders, neighbours, cancel, consulted), scan.zarr_folders
    )
    yield from ride_along(of_files, loose)


def _of_files(
    folders: Sequence[Folder],
    neighbours: Neighbours,
    cancel: threading.Event | None,
    consulted: Consulted | None,
) -> Iterator[list[FilesetCandidate]]:
    openers = [file for folder in folders for file, kind in folder.files if kind.opens]
    openers.sort(key=lambda file: file.client_path)
    of_families = family_sets(openers, FAMILIES, neighbours, cancel)
    yield of_families.sets
    taken = of_families.taken
    scanned = neighbours.scanned.values()
    around = [of_one_root(made) for made in sets_around(scanned, FAMILIES, taken, neighbours)]
    yield around
    taken.update(file.place for candidate in around for file in candidate.files)
    if consulted is not None:
        asked = list(consulted.sets(folders, taken, neighbours))
        yield asked
        taken.update(file.place for candidate in asked for file in candidate.files)
    rest = FolderSets(folders, taken, neighbours, cancel).filesets()
    for some in reported_of_silent(rest, of_families.silent):
        if consulted is not None:
            consulted.note(some)
        yield some


def order_of(candidates: Iterable[FilesetCandidate]) -> list[int]:
    """Return the numbers of filesets in natural order of where their first file is."""
    return in_natural_order(
        [one.files[0].client_path if one.files else one.name for one in candidates]
    )


def _zarr_fileset(folder: ZarrFolder) -> FilesetCandidate:
    roots = {f"{folder.client_path}/{name}": None for name in ZARR_METADATA}
    by_path = {file.client_path: file for file in folder.files}
    first = [by_path.pop(root) for root in roots if root in by_path]
    problems = folder.problems or (() if first else (_no_metadata(folder),))
    files = (*first, *by_path.values())
    plate = any(map(_reports_of_a_plate, first))
    return FilesetCandidate(folder.path.name, files, OME_ZARR, problems, plate=plate)


def _reports_of_a_plate(file: FoundFile) -> bool:
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
