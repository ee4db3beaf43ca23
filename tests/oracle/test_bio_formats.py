"""Our readers against Bio-Formats: they agree, or the table of docs/formats.md says why not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bioformats_jar import VERSION
from tests.oracle.answers import FolderAnswer, of_bio_formats, without_middle
from tests.oracle.bio_formats import BioFormats
from tests.oracle.conftest import Ours, Tally
from tests.oracle.places import SHARED, Place, places

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.timeout(600),
    # bioformats2raw writes an empty list of filters.
    pytest.mark.filterwarnings("ignore::zarr.errors.ZarrUserWarning"),
]

PLACES = places()
RECORDED = [place for place in PLACES if place.recorded() is not None]
#: Recorded as nothing: of a copy beside its original, Bio-Formats opens both as the original.
_NOT_RECORDED = frozenset({"copy-beside"})


class Theirs:
    """What Bio-Formats answers, each folder asked for once."""

    def __init__(self, oracle: BioFormats, made: Path) -> None:
        self._oracle, self._made = oracle, made
        self._known: dict[Place, FolderAnswer] = {}

    def of(self, place: Place) -> FolderAnswer:
        if place not in self._known:
            self._known[place] = self._oracle.ask(place.folder(self._made))
        return self._known[place]


@pytest.fixture(scope="session")
def theirs(ours: Ours, bio_formats: BioFormats) -> Theirs:
    return Theirs(bio_formats, ours.made)


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_agrees(place: Place, ours: Ours, theirs: Theirs, live: Tally) -> None:
    live.check(place, ours.of(place), theirs.of(place))


@pytest.mark.parametrize("place", RECORDED, ids=str)
def test_agrees_with_what_was_recorded(place: Place, ours: Ours, recorded: Tally) -> None:
    if place.name in _NOT_RECORDED:
        pytest.skip("what Bio-Formats answers was not recorded")
    recorded.check(place, ours.of(place), of_bio_formats(place.recorded() or {}))


@pytest.mark.parametrize("place", RECORDED, ids=str)
def test_what_was_recorded_is_what_it_answers(place: Place, theirs: Theirs) -> None:
    answer = theirs.of(place)
    if answer.version != VERSION or place.name in _NOT_RECORDED:
        pytest.skip("recorded of another version, or not recorded")
    known = of_bio_formats(place.recorded() or {})
    by_name = [
        sorted(as_recorded(each).sets, key=lambda one: one.opened) for each in (answer, known)
    ]
    assert by_name[0] == by_name[1]


def as_recorded(answer: FolderAnswer) -> FolderAnswer:
    """Return an answer as far as it is recorded."""
    sets = (
        replace(one, pictures=tuple(map(without_middle, one.pictures))) for one in answer.sets
    )
    return replace(answer, sets=tuple(sets))


def test_the_collections_are_here() -> None:
    if not RECORDED:
        pytest.skip(
            f"'{SHARED}' is not here: only samples and made files are compared. Set"
            " TRANSFERAPP_SHARED to the folder of such collections."
        )


def test_every_row_of_the_table_is_needed(live: Tally, theirs: Theirs) -> None:
    """Runs last: a row without a difference is a difference that is gone."""
    if set(live.places) != set(PLACES):
        pytest.skip("not every folder was compared")
    if any(theirs.of(place).version != VERSION for place in PLACES):
        pytest.skip(f"the table is about Bio-Formats {VERSION}")
    sources = {place.source for place in PLACES}
    idle = [
        f"{', '.join(row.files)} | {', '.join(row.fields)}: {', '.join(unused)}"
        for row in live.rows
        if (unused := row.unused(sources))
    ]
    assert not idle, "No file differs as these rows say:\n  " + "\n  ".join(idle)
