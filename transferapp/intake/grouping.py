"""Sort scanned files into filesets: the files that are imported together."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence

from transferapp.errors import Cancelled, DamagedFile
from transferapp.intake.candidate_names import in_natural_order
from transferapp.intake.candidates import FilesetCandidate, told_apart
from transferapp.intake.families.table import FAMILIES
from transferapp.intake.folder_sets import Folder, FolderSets, by_folder
from transferapp.intake.formats import OME_ZARR
from transferapp.intake.name_kinds import NameKinds
from transferapp.intake.neighbours import Neighbours
from transferapp.intake.scanning import ZARR_METADATA, Scan, ZarrFolder


def group(scan: Scan, cancel: threading.Event | None = None) -> list[FilesetCandidate]:
    """Sort every file of a scan into exactly one fileset, in natural order of names.

    Reads index files, companions and TIFF headers, so call it in a thread. Raises Cancelled.
    """
    found = [one for some in filesets(scan, cancel) for one in some]
    return told_apart([found[number] for number in order_of(found)])


def filesets(
    scan: Scan, cancel: threading.Event | None = None
) -> Iterator[list[FilesetCandidate]]:
    """Yield the same filesets a few at a time, as soon as nothing can be added to them; in
    any order, and with the same name where they have the same.
    """
    neighbours = Neighbours(scan.files)
    folders = by_folder(scan.files, NameKinds(FAMILIES))
    yield [_zarr_fileset(folder) for folder in scan.zarr_folders]
    of_families = list(_families(folders, neighbours, cancel))
    yield of_families
    taken = {file.place for candidate in of_families for file in candidate.files}
    yield from FolderSets(folders, taken, neighbours, cancel).filesets()


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
            if file.place in taken or not family.tells_of_a_set(file.name):
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


def _zarr_fileset(folder: ZarrFolder) -> FilesetCandidate:
    roots = {f"{folder.client_path}/{name}": None for name in ZARR_METADATA}
    by_path = {file.client_path: file for file in folder.files}
    first = [by_path.pop(root) for root in roots if root in by_path]
    problems = () if first else (_no_metadata(folder),)
    return FilesetCandidate(folder.path.name, (*first, *by_path.values()), OME_ZARR, problems)


def _no_metadata(folder: ZarrFolder) -> DamagedFile:
    return DamagedFile(
        f"'{folder.path.name}' has no zarr.json or .zattrs, so it is not a complete OME-Zarr."
        " Copy it again, with its hidden files."
    )
