"""What places keep, and for how long; and what becomes of exports when they are away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.support.facility import (
    Facility,
    facility,
    files_below,
    postgres_server,
    sha1s,
    tiny_disk,
)
from transferapp.host.database import open_engine
from transferapp.model.transfers import ItemState

__all__ = ["facility", "postgres_server"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.mark.export_bad_input
def test_a_place_vanishes_and_returns(facility: Facility) -> None:
    away, hidden = facility.home / "away", facility.home / "unmounted"
    away.rename(hidden)
    asked = facility.export(facility.images[0], "--to", "away:", wait=False)
    assert asked.code == 0, asked.err
    transfer_id = asked.json["transfer"]["id"]

    def waits() -> bool:
        [item] = facility.items(transfer_id)
        return item.trouble is not None and item.trouble.code == "place-unavailable"

    facility.wait_for("it waits for the place", waits)
    assert not away.exists()

    def marked() -> bool:
        listed = facility.alice.run("places", "--json").json
        return any(one["hindrance"] for one in listed if one["name"] == "away")

    facility.wait_for("it is marked as away", marked)
    assert "away: The place 'away' is away" in facility.alice.run("places").err
    before = facility.export(facility.images[0], "--to", "away:", "--dry-run", wait=False)
    assert "'away' is away" in before.json["hindrance"]
    hidden.rename(away)
    facility.delivered(transfer_id)
    facility.wait_for("it is there again", lambda: not marked())
    assert sha1s(files_below(away / "alice")) == sha1s(facility.sources[:1])


def test_a_place_that_is_offered_no_more_asks_its_person(facility: Facility) -> None:
    places = facility.home / "places.toml"
    text = places.read_text()
    hidden = facility.home / "unmounted"
    (facility.home / "away").rename(hidden)
    asked = facility.export(facility.images[0], "--to", "away:", wait=False)
    transfer_id = asked.json["transfer"]["id"]
    facility.wait_for(
        "it waits", lambda: facility.items(transfer_id)[0].state is ItemState.WAITING
    )
    places.write_text(text.replace("places.away", "places.other"))
    try:
        facility.wait_for(
            "its person is asked",
            lambda: facility.items(transfer_id)[0].state is ItemState.NEEDS_ATTENTION,
        )
        [item] = facility.items(transfer_id)
        assert item.trouble is not None
        assert item.trouble.code == "target-not-found"
        refused = facility.export(facility.images[0], "--to", "away:")
        assert refused.code == 1
        assert "does not offer the place 'away'" in refused.out
        assert "cluster" in refused.out
    finally:
        places.write_text(text)
        hidden.rename(facility.home / "away")
    assert facility.alice.run("transfers", "retry", transfer_id).code == 0
    facility.delivered(transfer_id)


@pytest.mark.export_bad_input
def test_a_quota_is_known_before_and_kept(facility: Facility) -> None:
    """What a person deletes there counts no more."""
    summary = facility.export(*facility.images, "--to", "narrow:", "--dry-run", wait=False)
    assert summary.code == 1, summary.err
    assert summary.json["room_bytes"] == 300_000
    assert "'narrow'" in summary.json["refused"]
    refused = facility.export(*facility.images, "--to", "narrow:")
    assert refused.code == 3
    assert refused.json["code"] == "quota-exceeded"
    first = facility.export(*facility.images[:2], "--to", "narrow:", "--name", "First")
    assert first.code == 0, first.err + first.out
    assert facility.export(facility.images[2], "--to", "narrow:").code == 3
    for path in sorted((facility.home / "narrow" / "alice").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()

    def free() -> bool:
        listed = facility.alice.run("places", "--json").json
        return [one["used_bytes"] for one in listed if one["name"] == "narrow"] == [0]

    facility.wait_for("the room is free", free)
    assert facility.export(facility.images[2], "--to", "narrow:").code == 0


def test_what_expires_is_announced_and_removed(facility: Facility) -> None:
    """And nothing that a person put beside it."""
    done = facility.export(*facility.images[:2], "--to", "cluster:", "--name", "Old")
    assert done.code == 0, done.err
    transfer_id = done.json["transfer"]["id"]
    first, second = (Path(one["path"]) for one in done.json["placements"])
    (first / "results.csv").write_text("area\n12\n")
    [changed] = files_below(second)
    changed.write_bytes(b"mine now")
    shown = facility.alice.run("transfers", "show", transfer_id, "--json").json["brought"]
    assert {one["state"] for one in shown} == {"there"}
    in_30_days = datetime.now(UTC) + timedelta(days=30)
    for one in shown:
        assert abs(datetime.fromisoformat(one["expires_at"]) - in_30_days) < timedelta(hours=1)
    _expire(facility, transfer_id, timedelta(days=1))
    title = "Removed soon: Old"

    def notified() -> bool:
        listed = facility.alice.run("inbox", "list", "--json").json["items"]
        return [one["title"] for one in listed].count(title) == 1

    facility.wait_for("alice is told", notified)
    assert files_below(first, second)[2:]
    _expire(facility, transfer_id, -timedelta(days=1))

    def removed() -> bool:
        shown = facility.alice.run("transfers", "show", transfer_id, "--json").json["brought"]
        return {one["state"] for one in shown} == {"removed"}

    facility.wait_for("it is removed", removed)
    assert [path.name for path in files_below(first, second)] == ["results.csv", changed.name]
    assert changed.read_bytes() == b"mine now"
    assert notified()


def _expire(facility: Facility, transfer_id: str, in_: timedelta) -> None:
    """Let a transfer's time at its place end then: nobody waits for thirty days."""
    engine = open_engine(facility.database)
    with engine.begin() as connection:
        table = sa.table("ledger_brought", sa.column("expires_at"), sa.column("transfer_id"))
        end = (datetime.now(UTC) + in_).replace(tzinfo=None)
        statement = table.update().where(table.c.transfer_id == transfer_id)
        value = end if engine.dialect.name == "sqlite" else end.replace(tzinfo=UTC)
        connection.execute(statement.values(expires_at=value))
    engine.dispose()


def test_a_cancelled_item_leaves_nothing(facility: Facility) -> None:
    with tiny_disk(facility) as tiny:
        (tiny / "room").write_bytes(bytes(1_000_000))
        asked = facility.export(facility.images[0], "--to", "tiny:", wait=False)
        transfer_id = asked.json["transfer"]["id"]
        facility.wait_for(
            "it waits", lambda: facility.items(transfer_id)[0].state is ItemState.WAITING
        )
        assert files_below(tiny / ".transferapp")
        assert facility.alice.run("transfers", "cancel", transfer_id).code == 0
        facility.wait_for(
            "nothing is left", lambda: not list((tiny / ".transferapp").iterdir())
        )
        assert not files_below(tiny / "alice")


def test_a_wrong_folder_is_refused(facility: Facility) -> None:
    for folder in ("../bob", "a/../../b", ".hidden"):
        refused = facility.export(facility.images[0], "--to", f"cluster:{folder}")
        assert (refused.code, refused.json["code"]) == (1, "invalid"), folder
    assert "b" not in [path.name for path in (facility.home / "cluster").iterdir()]
