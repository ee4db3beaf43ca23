"""Find the set of a file that was dropped without its index, which lies beside it on disk."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.families import doubt_texts
from transferapp.intake.families.family import Family
from transferapp.intake.families.texts import names_on_disk
from transferapp.intake.formats import OME_TIFF, format_of_name
from transferapp.intake.neighbours import Neighbours
from transferapp.intake.scanning import FoundFile

#: In a folder with more nobody looks for an index, nor into more files that may be one.
_MOST_NAMES, _MOST_INDEXES = 5_000, 50


def sets_around(
    files: Iterable[FoundFile],
    families: Sequence[Family],
    taken: Collection[str],
    neighbours: Neighbours,
) -> Iterator[FilesetCandidate]:
    """Make the sets that single files belong to, as dropping their indexes does. A set with a
    fault does not take them: of these the file alone is told.
    """
    dropped = {f.place: f for f in files if "/" not in f.client_path and f.place not in taken}
    done = set[str]()
    for made, index in _sets(list(dropped.values()), families, neighbours):
        members = [file for file in made.files if file.place in dropped]
        if any(file.place in done or file.place in taken for file in made.files):
            continue
        done.update(file.place for file in members)
        if members and not made.problems:
            yield made
            continue
        for file in members:
            kind = format_of_name(file.name)
            doubt = doubt_texts.belongs(file.name, index)
            yield FilesetCandidate(file.name, (file,), kind, doubts=(doubt,))


def _sets(
    dropped: Sequence[FoundFile], families: Sequence[Family], neighbours: Neighbours
) -> Iterator[tuple[FilesetCandidate, FoundFile]]:
    """Make the sets of all indexes that lie beside the dropped files."""
    bases = {
        f.path.parent: f for f in dropped if format_of_name(f.name) not in (None, OME_TIFF)
    }
    for folder, base in bases.items():
        names = names_on_disk(str(folder))
        if len(names) > _MOST_NAMES:
            continue
        for family in families:
            reported = [name for name in sorted(names) if family.reports_of_a_set(name)]
            for name in reported[:_MOST_INDEXES]:
                index = neighbours.exactly(base, name)
                if index is None or index.place in neighbours.scanned:
                    continue
                try:
                    made = family.collect(index, neighbours)
                except OSError:
                    continue
                if made is not None and len(made.files) > 1:
                    yield made, index
