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

from tests.support.drop_env import KINDS, DropEnv, Stores
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
        self.env = DropEnv(self.stores, self.root / uuid4().hex / "day 3")

    @initialize(kinds=st.lists(st.sampled_from(KINDS), max_size=4))
    def begin(self, kinds: list[str]) -> None:
        for kind in ("image", *kinds):
            self.env.put(kind)
        self.env.drop()

    @override
    def teardown(self) -> None:
        shutil.rmtree(self.root)

    @property
    def submitted(self) -> bool:
        return bool(self.env.transfer_id)

    @rule(kind=st.sampled_from(KINDS), fresh=st.booleans())
    def put(self, kind: str, *, fresh: bool) -> None:
        self.env.put(kind, fresh=fresh)

    @rule(data=st.data(), quietly=st.booleans())
    def change(self, data: st.DataObject, *, quietly: bool) -> None:
        if files := self.env.files():
            self.env.change(data.draw(st.sampled_from(files)), quietly=quietly)

    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        if files := self.env.files():
            data.draw(st.sampled_from(files)).unlink()

    @precondition(lambda self: not self.submitted)
    @rule()
    def drop(self) -> None:
        self.env.drop()

    @precondition(lambda self: not self.submitted)
    @rule(data=st.data(), what=st.sampled_from(("tick", "untick", "remove", "ignore", "mind")))
    def choose(self, data: st.DataObject, what: str) -> None:
        rows = self.env.rows
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
        if rows := self.env.rows.all:
            self.env.hold(data.draw(st.sampled_from([row.key for row in rows])), owner)
            self.env.ask()

    @precondition(lambda self: not self.submitted)
    @rule()
    def leave_out_duplicates(self) -> None:
        self.env.leave_out_duplicates()

    @precondition(lambda self: not self.submitted)
    @rule()
    def submit(self) -> None:
        self.env.submit()

    @precondition(lambda self: self.submitted)
    @rule()
    def upload_all(self) -> None:
        for number in range(len(self.env.candidates)):
            self.env.upload(number)

    @precondition(lambda self: self.submitted)
    @rule(data=st.data(), state=st.sampled_from(ENDS))
    def end(self, data: st.DataObject, state: ItemState) -> None:
        self.env.finish(self._item(data), state)

    @precondition(lambda self: self.submitted)
    @rule()
    def import_all(self) -> None:
        for number in range(len(self.env.candidates)):
            self.env.upload(number)
            self.env.finish(number, ItemState.IMPORTED)

    @precondition(lambda self: self.submitted)
    @rule(data=st.data())
    def retry(self, data: st.DataObject) -> None:
        self.env.retry(self._item(data))

    @precondition(lambda self: self.submitted)
    @invariant()
    def nothing_false_is_shown(self) -> None:
        self.env.scan_now()
        missed, changed = self.env.missed(), self.env.changed()
        stated = self.env.doors()
        for door, (source, imported) in stated.items():
            assert not (source and missed), f"{door}: the source may go, without {missed}"
            assert not (imported and changed), f"{door}: imported files may go: {changed}"
        assert stated["server"] == stated["agent"] == stated["window"], "both sides agree"

    def _item(self, data: st.DataObject) -> int:
        return data.draw(st.integers(0, len(self.env.candidates) - 1))


def test_no_sequence_states_safe_to_delete_wrongly(stores: Stores) -> None:
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
        env = DropEnv(stores, tmp_path / owner / "day 3")
        for kind in ("image", "zarr", "nested"):
            env.put(kind)
        env.drop()
        new, *old = [row.key for row in env.rows.all]
        for key in old:
            env.hold(key, owner)
        env.ask()
        env.leave_out_duplicates()
        assert [row.key for row in env.rows.included] == [new]
        assert env.submit()
        env.upload(0)
        env.finish(0, ItemState.IMPORTED)
        env.scan_now()
        assert set(env.doors().values()) == {(whole, True)}
        env.change(Path(old[0]), quietly=True)
        env.scan_now()
        assert set(env.doors().values()) == {(False, True)}


def test_the_machine_can_reach_the_promise(stores: Stores, tmp_path: Path) -> None:
    """Without this the property could hold because nothing is ever promised."""
    env = DropEnv(stores, tmp_path / "day 3")
    for kind in ("image", "nested", "zarr", "litter", "notes", "part"):
        env.put(kind)
    env.drop()
    blocked = [row.key for row in env.rows.all if not row.included]
    assert len(blocked) == 2
    env.rows.ignore(blocked, ignored=True)
    assert env.submit()
    for number in range(3):
        env.upload(number)
        env.finish(number, ItemState.IMPORTED)
    assert set(env.doors().values()) == {(False, False)}, "not looked at yet"
    env.scan_now()
    assert set(env.doors().values()) == {(True, True)}
    env.put("image")
    env.scan_now()
    assert set(env.doors().values()) == {(False, True)}
