"""What the oracle's tests share: our answers, Bio-Formats, the table, and the count."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from typing_extensions import override

from tests.oracle.answers import FolderAnswer
from tests.oracle.bio_formats import BioFormats, Missing
from tests.oracle.comparing import Comparison, Count, Difference
from tests.oracle.ours import read_folder
from tests.oracle.places import Place
from tests.oracle.table import Row, read_table


class Ours:
    """Our answers, each folder read once."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self.made = scratch / "made"
        self.made.mkdir()
        self._known: dict[Place, FolderAnswer] = {}

    def of(self, place: Place) -> FolderAnswer:
        """Return what we make of a folder."""
        if place not in self._known:
            folder = place.folder(self.made)
            self._known[place] = read_folder(folder, self._scratch / "server")
        return self._known[place]


@dataclass
class Tally:
    """What was compared with one oracle, and what the table says of the differences."""

    rows: list[Row] = field(default_factory=read_table)
    places: list[Place] = field(default_factory=list)
    count: Count = field(default_factory=Count)
    explained: int = 0
    unexplained: int = 0

    def check(self, place: Place, ours: FolderAnswer, theirs: FolderAnswer) -> None:
        """Fail with every difference that no row of the table explains."""
        compared = Comparison(ours, theirs)
        wrong = [
            f"{place}/{difference}"
            for difference in compared.differences
            if not self._explained(f"{place}/{difference.file}", difference)
        ]
        self.places.append(place)
        self.count += compared.count
        self.explained += len(compared.differences) - len(wrong)
        self.unexplained += len(wrong)
        if wrong:
            pytest.fail(
                "No row of the table in docs/formats.md explains:\n  " + "\n  ".join(wrong),
                pytrace=False,
            )

    def _explained(self, file: str, difference: Difference) -> bool:
        return any(row.explains(file, difference) for row in self.rows)

    @override
    def __str__(self) -> str:
        agree = self.count.fields - self.explained - self.unexplained
        return (
            f"{len(self.places)} folders, {self.count.filesets} filesets,"
            f" {self.count.pictures} images, {self.count.fields} fields: {agree} agree,"
            f" {self.explained} are in the table, {self.unexplained} are not"
        )


@pytest.fixture(scope="session")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Ours:
    """Read folders with our readers."""
    return Ours(tmp_path_factory.mktemp("oracle"))


@pytest.fixture(scope="session")
def bio_formats() -> Iterator[BioFormats]:
    """Ask Bio-Formats, or skip with a sentence that says what is missing."""
    try:
        oracle = BioFormats()
    except Missing as missing:
        pytest.skip(str(missing))
    yield oracle
    oracle.close()


_TALLIES = pytest.StashKey[dict[str, Tally]]()


def _tally(config: pytest.Config, name: str) -> Tally:
    return config.stash.setdefault(_TALLIES, {}).setdefault(name, Tally())


@pytest.fixture(scope="session")
def live(request: pytest.FixtureRequest) -> Tally:
    """Count what was compared with Bio-Formats itself."""
    return _tally(request.config, "Bio-Formats")


@pytest.fixture(scope="session")
def recorded(request: pytest.FixtureRequest) -> Tally:
    """Count what was compared with its recorded answers."""
    return _tally(request.config, "recorded answers")


_TEXT = pytest.StashKey[list[str]]()


@pytest.fixture(scope="session")
def text(request: pytest.FixtureRequest) -> list[str]:
    """Take lines that are printed at the end."""
    return request.config.stash.setdefault(_TEXT, [])


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say how much was compared."""
    for name, tally in config.stash.get(_TALLIES, {}).items():
        if tally.places:
            terminalreporter.write_line(f"oracle, {name}: {tally}")
    for line in config.stash.get(_TEXT, []):
        terminalreporter.write_line(line)
