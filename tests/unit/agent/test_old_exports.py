"""Exports that an agent without placements has begun go on after the upgrade."""

from __future__ import annotations

import hashlib
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.export_env import Contents, Workstation, companion, placed_as, tree, zarr
from transferapp.client.names import part_name
from transferapp.host.sqlite import sqlite3
from transferapp.model.stages import ItemStage

#: The tables of the outbox's version 1, as far as they matter here.
OLD = """
CREATE TABLE submissions (
    transfer_id VARCHAR PRIMARY KEY, kind VARCHAR NOT NULL, name VARCHAR NOT NULL,
    owner VARCHAR NOT NULL, server_url VARCHAR NOT NULL, grant_token VARCHAR NOT NULL,
    destination VARCHAR NOT NULL, state VARCHAR NOT NULL,
    trouble_code VARCHAR DEFAULT '' NOT NULL, trouble VARCHAR DEFAULT '' NOT NULL,
    ended BOOLEAN NOT NULL, created_at VARCHAR NOT NULL, updated_at VARCHAR NOT NULL);
CREATE TABLE items (
    item_id VARCHAR PRIMARY KEY,
    transfer_id VARCHAR NOT NULL REFERENCES submissions (transfer_id) ON DELETE CASCADE,
    position INTEGER NOT NULL, name VARCHAR NOT NULL, stage VARCHAR NOT NULL,
    trouble_code VARCHAR DEFAULT '' NOT NULL, trouble VARCHAR DEFAULT '' NOT NULL);
CREATE TABLE files (
    file_id VARCHAR PRIMARY KEY,
    item_id VARCHAR NOT NULL REFERENCES items (item_id) ON DELETE CASCADE,
    transfer_id VARCHAR NOT NULL, position INTEGER NOT NULL, client_path VARCHAR NOT NULL,
    path VARCHAR NOT NULL, size_bytes BIGINT NOT NULL, modified_ns BIGINT NOT NULL,
    "offset" BIGINT NOT NULL, sha1 VARCHAR NOT NULL, done BOOLEAN NOT NULL);
"""


class OldAgent:
    """What an agent of the previous release leaves: its outbox and half an export."""

    def __init__(self, home: Path) -> None:
        self.home, self.out = home, home / "out"
        self.contents: dict[str, bytes] = {}
        home.mkdir()
        self._sql = sqlite3.connect(home / "outbox.db")
        self._sql.executescript(OLD)

    def export(self, transfer_id: str, *, ended: bool = False) -> None:
        state = "delivered" if ended else "downloading"
        row = (transfer_id, "export", "x", "a@s", "s", "ta1_x", str(self.out), state, "", "")
        self._sql.execute(
            "INSERT INTO submissions VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
            (*row, ended, "2026-11-21T12:31:14+00:00", "2026-11-21T12:31:14+00:00"),
        )

    def item(
        self, transfer_id: str, item_id: str, root: str, contents: Contents, done: int
    ) -> None:
        """An item whose first files are done; ``root`` is what the old agent left out."""
        stage = "done" if done == len(contents) else "open"
        self._sql.execute(
            "INSERT INTO items VALUES (?,?,0,?,?,'','')", (item_id, transfer_id, "x", stage)
        )
        for number, (client_path, content) in enumerate(contents.items()):
            file_id = f"{number:08}-{item_id}"
            place = self.out / client_path.removeprefix(root)
            sha1 = hashlib.sha1(content, usedforsecurity=False).hexdigest()
            size, there = len(content), number < done
            row = (file_id, item_id, transfer_id, number, client_path, str(place), size, 0)
            self._sql.execute(
                "INSERT INTO files VALUES (?,?,?,?,?,?,?,?,?,?,?)",
                (*row, size if there else 0, sha1, there),
            )
            self.contents[file_id] = content
            if there:
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(content)

    def upgraded(self) -> Workstation:
        self._sql.commit()
        with closing(self._sql):
            pass
        return Workstation(self.home, contents=self.contents)


@pytest.fixture
def old(tmp_path: Path) -> OldAgent:
    return OldAgent(tmp_path / "home")


def test_a_folder_of_its_own_is_filled_up(old: OldAgent) -> None:
    image = zarr("m/image.ome.zarr", 1)
    old.export("t")
    old.item("t", "i", "m/", image, done=2)
    station = old.upgraded()
    assert [file.done for file in station.outbox.files("i")] == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert station.work("t")
    assert tree(old.out) == placed_as("image.ome.zarr", image, "m/image.ome.zarr")


def test_a_folder_of_several_is_left_alone_and_they_arrive_anew(old: OldAgent) -> None:
    mon, tue = companion("mon/Position1", 1), companion("tue/Position1", 2)
    old.export("t")
    old.item("t", "i", "mon/", mon, done=3)
    old.item("t", "j", "tue/", tue, done=1)
    before = tree(old.out)
    station = old.upgraded()
    assert station.work("t")
    assert tree(old.out) == before | placed_as("Position1 (2)", tue, "tue/Position1")


def test_what_had_not_begun_begins_as_any_other(old: OldAgent) -> None:
    old.export("t")
    old.item("t", "i", "mon/", companion("mon/Position1", 1), done=0)
    (old.out / "Position1").mkdir(parents=True)
    station = old.upgraded()
    assert station.work("t")
    assert set(tree(old.out)) == {
        "Position1/",
        *placed_as("Position1 (2)", companion("mon/Position1", 1), "mon/Position1"),
    }


def test_the_part_of_a_lone_file_is_taken_over(old: OldAgent) -> None:
    old.export("t")
    old.item("t", "i", "mon/", {"mon/cells.czi": b"cells" * 99}, done=0)
    old.out.mkdir()
    part = part_name("cells.czi", "00000000-i")
    (old.out / part).write_bytes(b"cells" * 50)
    station = old.upgraded()
    with station.destination("t").open_part("i") as folder:
        found = folder.check(part)
        assert found is not None
        assert found.st_size == 250
    assert station.work("t")
    assert tree(old.out) == {"cells.czi": b"cells" * 99}


def test_cancelling_leaves_what_stood_under_its_name(old: OldAgent) -> None:
    image = zarr("m/image.ome.zarr", 1)
    old.export("t")
    old.item("t", "i", "m/", image, done=2)
    unfinished = old.out / "image.ome.zarr" / "0" / "c" / "0"
    unfinished.mkdir(parents=True)
    (unfinished / part_name("0", "00000002-i")).write_bytes(b"half")
    station = old.upgraded()
    station.outbox.set_stages(["i"], ItemStage.CANCELLED)
    station.destination("t").discard_unwanted()
    assert [name for name in tree(old.out) if name.endswith(".part")] == []
    assert sorted(path.name for path in (old.out / "image.ome.zarr").iterdir()) == [
        "0", "zarr.json",
    ]  # fmt: skip


def test_what_has_ended_is_left_as_it_was(old: OldAgent) -> None:
    old.export("t", ended=True)
    old.item("t", "i", "mon/", companion("mon/Position1", 1), done=3)
    station = old.upgraded()
    assert station.outbox.placements.of("i") is None
    assert [file.done for file in station.outbox.files("i")] == [True] * 3
