"""What every adapter of storage tiers must do: run by each adapter's contract tests.

A test module subclasses ``TierSuite`` and gives it a fixture ``archive``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from transferapp.tiers.port import Tiers, TierState


class Archive(Protocol):
    """A facility's archive for tests."""

    #: The adapter that asks it.
    tiers: Tiers

    def add(self, name: str) -> str:
        """Make a file that can be read at once; returns its path."""

    def migrate(self, path: str) -> None:
        """Leave a stub of a file on the disk."""

    def bring_back(self, path: str) -> None:
        """Let a file that was recalled arrive."""

    def recalled(self) -> list[str]:
        """Return all paths that were asked for, in order."""


class TierSuite:
    """All of it."""

    async def test_what_is_on_disk_is_online(self, archive: Archive) -> None:
        paths = [archive.add("a.tif"), archive.add("b c.tif")]
        found = await archive.tiers.status(paths)
        assert [(one.path, one.state) for one in found] == [
            (path, TierState.ONLINE) for path in paths
        ]
        assert await archive.tiers.status([]) == []

    async def test_what_lies_in_the_archive_comes_back(self, archive: Archive) -> None:
        here, away = archive.add("a.tif"), archive.add("b ä.tif")
        archive.migrate(away)
        found = await archive.tiers.status([away, here])
        assert [one.state for one in found] == [TierState.OFFLINE, TierState.ONLINE]
        for _ in range(2):
            await archive.tiers.recall([away])
        assert set(archive.recalled()) == {away}
        [asked] = await archive.tiers.status([away])
        assert asked.state in {TierState.OFFLINE, TierState.RECALLING}
        archive.bring_back(away)
        [back] = await archive.tiers.status([away])
        assert (back.state, back.eta_s) == (TierState.ONLINE, None)

    async def test_one_path_twice(self, archive: Archive) -> None:
        path = archive.add("a.tif")
        archive.migrate(path)
        found = await archive.tiers.status([path, path])
        assert [one.state for one in found] == [TierState.OFFLINE] * 2

    async def test_what_is_not_there_is_online(self, archive: Archive, tmp_path: Path) -> None:
        """Whoever opens it hears that it is gone."""
        [found] = await archive.tiers.status([str(tmp_path / "gone")])
        assert found.state is TierState.ONLINE

    async def test_a_name_with_a_line_break(self, archive: Archive) -> None:
        odd = archive.add("a\nb.tif")
        [found] = await archive.tiers.status([odd])
        assert found.state is TierState.ONLINE
