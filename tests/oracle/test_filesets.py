"""Our filesets of every folder and Bio-Formats': the same, or docs/formats.md says why not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from typing_extensions import override

from bioformats_jar import VERSION
from tests.oracle.answers import FolderAnswer, of_bio_formats as read
from tests.oracle.bio_formats import BioFormats
from tests.oracle.conftest import Ours
from tests.oracle.grouped import differences, for_omero, of_bio_formats
from tests.oracle.places import Place, places
from tests.oracle.table import FILESETS_HEADING, Row, read_table

pytestmark = [pytest.mark.oracle, pytest.mark.timeout(600)]

PLACES = places()
#: Of a copy beside its original Bio-Formats opens both as the original; recorded as nothing.
_NOT_RECORDED = frozenset({"copy-beside"})
RECORDED = [p for p in PLACES if p.recorded() is not None and p.name not in _NOT_RECORDED]


@dataclass
class Checked:
    """The rows of the table, and the folders that were compared."""

    rows: list[Row] = field(default_factory=lambda: read_table(heading=FILESETS_HEADING))
    places: list[Place] = field(default_factory=list)
    versions: set[str] = field(default_factory=set)
    differ: list[Place] = field(default_factory=list)

    def check(self, place: Place, ours: Ours, theirs: FolderAnswer) -> None:
        """Fail with every difference that no row of the table explains."""
        self.places.append(place)
        self.versions.add(theirs.version)
        found = list(differences(for_omero(place.folder(ours.made)), of_bio_formats(theirs)))
        self.differ += [place] if found else []
        wrong = [
            f"{place}/{one}"
            for one in found
            if not any(row.explains(f"{place}/{one.file}", one) for row in self.rows)
        ]
        if wrong:
            pytest.fail(
                f"No row below '{FILESETS_HEADING}' in docs/formats.md explains:\n  "
                + "\n  ".join(wrong),
                pytrace=False,
            )

    def check_that_every_row_is_needed(self) -> None:
        """Fail with the rows that no folder needed."""
        idle = [
            f"{', '.join(row.files)}: {', '.join(unused)}"
            for row in self.rows
            if (unused := [name for name in self._unused(row) if self._was_scanned_at(name)])
        ]
        assert not idle, "No folder differs as these rows say:\n  " + "\n  ".join(idle)

    def _unused(self, row: Row) -> list[str]:
        return row.unused({place.source for place in self.places})

    def _was_scanned_at(self, name: str) -> bool:
        """Say whether a glob is of a folder that was compared, or of any."""
        folder = "/".join(name.split("/")[:2])
        return "*" in folder or folder in map(str, self.places)

    @override
    def __str__(self) -> str:
        equal = len(self.places) - len(self.differ)
        return f"{equal} folders have the same filesets, {len(self.differ)} differ"


@pytest.fixture(scope="module")
def live(text: list[str]) -> Iterator[Checked]:
    checked = Checked()
    yield checked
    text.append(f"oracle, Bio-Formats: {checked}")


@pytest.fixture(scope="module")
def recorded(text: list[str]) -> Iterator[Checked]:
    checked = Checked()
    yield checked
    text.append(f"oracle, recorded answers: {checked}")


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_are_the_same(place: Place, ours: Ours, bio_formats: BioFormats, live: Checked) -> None:
    live.check(place, ours, bio_formats.ask(place.folder(ours.made)))


@pytest.mark.parametrize("place", RECORDED, ids=str)
def test_are_those_recorded(place: Place, ours: Ours, recorded: Checked) -> None:
    recorded.check(place, ours, read(place.recorded() or {}))


def test_every_row_of_the_table_is_needed(live: Checked) -> None:
    if set(live.places) != set(PLACES):
        pytest.skip("not every folder was compared")
    if live.versions != {VERSION}:
        pytest.skip(f"the table is about Bio-Formats {VERSION}")
    live.check_that_every_row_is_needed()


def test_every_row_is_needed_by_what_was_recorded(recorded: Checked) -> None:
    if not RECORDED or set(recorded.places) != set(RECORDED):
        pytest.skip("not every folder that was recorded was compared")
    recorded.check_that_every_row_is_needed()
