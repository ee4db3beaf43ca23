"""Whatever a person and the computers do: no false "safe to delete", by any door."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from typing_extensions import override

from tests.support.drop_world import KINDS, DropWorld, Stores
from transferapp.model.transfers import ItemState

ENDS = (ItemState.IMPORTED, ItemState.IMPORTED, ItemState.FAILED, ItemState.CANCELLED)


@pytest.fixture(scope="module")
def stores() -> Iterator[Stores]:
    with tempfile.TemporaryDirectory(prefix="ta-promise-") as folder:
        made = Stores(Path(folder))
        yield made
        made.close()


class Person(RuleBasedStateMachine):
    """Drops, leaves out, unticks, ignores, imports, cancels, retries; files come and change."""

    stores: Stores

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(prefix="ta-drop-"))
        self.world = DropWorld(self.stores, self.root / uuid4().hex / "day 3")

    @initialize(kinds=st.lists(st.sampled_from(KINDS), max_size=4))
    def begin(self, kinds: list[str]) -> None:
        for kind in ("image", *kinds):
            self.world.put(kind)
        self.world.drop()

    @override
    def teardown(self) -> None:
        shutil.rmtree(self.root)

    @property
    def submitted(self) -> bool:
        return bool(self.world.transfer_id)

    @rule(kind=st.sampled_from(KINDS), fresh=st.booleans())
    def put(self, kind: str, *, fresh: bool) -> None:
        self.world.put(kind, fresh=fresh)

    @rule(data=st.data(), quietly=st.booleans())
    def change(self, data: st.DataObject, *, quietly: bool) -> None:
        if files := self.world.files():
            self.world.change(data.draw(st.sampled_from(files)), quietly=quietly)

    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        if files := self.world.files():
            data.draw(st.sampled_from(files)).unlink()

    @precondition(lambda self: not self.submitted)
    @rule()
    def drop(self) -> None:
        self.world.drop()

    @precondition(lambda self: not self.submitted)
    @rule(data=st.data(), what=st.sampled_from(("tick", "untick", "remove", "ignore", "mind")))
    def choose(self, data: st.DataObject, what: str) -> None:
        rows = self.world.rows
        if not rows.all:
            return
        key = data.draw(st.sampled_from([row.key for row in rows.all]))
        match what:
            case "tick" | "untick":
                rows.include([key], included=what == "tick")
            case "remove":
                rows.remove([key])
            case _:
                rows.ignore([key], ignored=what == "ignore")

    @precondition(lambda self: not self.submitted)
    @rule(data=st.data(), owner=st.sampled_from(("ada", "ada", "bob")))
    def hold(self, data: st.DataObject, owner: str) -> None:
        if rows := self.world.rows.all:
            self.world.hold(data.draw(st.sampled_from([row.key for row in rows])), owner)
            self.world.ask()

    @precondition(lambda self: not self.submitted)
    @rule()
    def leave_out_duplicates(self) -> None:
        self.world.leave_out_duplicates()

    @precondition(lambda self: not self.submitted)
    @rule()
    def submit(self) -> None:
        self.world.submit()

    @precondition(lambda self: self.submitted)
    @rule()
    def upload_all(self) -> None:
        for number in range(len(self.world.candidates)):
            self.world.upload(number)

    @precondition(lambda self: self.submitted)
    @rule(data=st.data(), state=st.sampled_from(ENDS))
    def end(self, data: st.DataObject, state: ItemState) -> None:
        self.world.finish(self._item(data), state)

    @precondition(lambda self: self.submitted)
    @rule()
    def import_all(self) -> None:
        for number in range(len(self.world.candidates)):
            self.world.upload(number)
            self.world.finish(number, ItemState.IMPORTED)

    @precondition(lambda self: self.submitted)
    @rule(data=st.data())
    def retry(self, data: st.DataObject) -> None:
        self.world.retry(self._item(data))

    @precondition(lambda self: self.submitted)
    @invariant()
    def nothing_false_is_said(self) -> None:
        self.world.look()
        missed, changed = self.world.missed(), self.world.changed()
        said = self.world.doors()
        for door, (source, imported) in said.items():
            assert not (source and missed), f"{door}: the source may go, without {missed}"
            assert not (imported and changed), f"{door}: imported files may go: {changed}"
        assert said["server"] == said["agent"] == said["window"], "both sides agree"

    def _item(self, data: st.DataObject) -> int:
        return data.draw(st.integers(0, len(self.world.candidates) - 1))


def test_no_sequence_says_safe_to_delete_wrongly(stores: Stores) -> None:
    Person.stores = stores
    machine: Any = Person
    case = machine.TestCase
    case.settings = settings(
        max_examples=60,
        stateful_step_count=20,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    case().runTest()


def test_what_was_there_before_can_be_left_out(stores: Stores, tmp_path: Path) -> None:
    """And is looked at as what is imported; of others it counts as missed."""
    for owner, whole in (("ada", True), ("bob", False)):
        world = DropWorld(stores, tmp_path / owner / "day 3")
        for kind in ("image", "zarr", "nested"):
            world.put(kind)
        world.drop()
        new, *old = [row.key for row in world.rows.all]
        for key in old:
            world.hold(key, owner)
        world.ask()
        world.leave_out_duplicates()
        assert [row.key for row in world.rows.included] == [new]
        assert world.submit()
        world.upload(0)
        world.finish(0, ItemState.IMPORTED)
        world.look()
        assert set(world.doors().values()) == {(whole, True)}
        world.change(Path(old[0]), quietly=True)
        world.look()
        assert set(world.doors().values()) == {(False, True)}


def test_the_machine_can_reach_the_promise(stores: Stores, tmp_path: Path) -> None:
    """Without this the property could hold because nothing is ever promised."""
    world = DropWorld(stores, tmp_path / "day 3")
    for kind in ("image", "nested", "zarr", "litter", "notes", "part"):
        world.put(kind)
    world.drop()
    blocked = [row.key for row in world.rows.all if not row.included]
    assert len(blocked) == 2
    world.rows.ignore(blocked, ignored=True)
    assert world.submit()
    for number in range(3):
        world.upload(number)
        world.finish(number, ItemState.IMPORTED)
    assert set(world.doors().values()) == {(False, False)}, "not looked at yet"
    world.look()
    assert set(world.doors().values()) == {(True, True)}
    world.put("image")
    world.look()
    assert set(world.doors().values()) == {(False, True)}
