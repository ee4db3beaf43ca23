"""What an export brought is written down beside it, by a real workstation service."""

from __future__ import annotations

import csv
import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

import transferapp
from tests.support.agent_process import AgentProcess, agent, home, server, until
from tests.support.export_env import arrived, companion, is_manifest, manifests, placed_as
from tests.support.fake_server import FakeServer
from transferapp.client.agent import AgentClient
from transferapp.client.importing import ExportPlan, hand_over_export
from transferapp.client.server import ServerClient
from transferapp.model.transfers import ItemProblem, ItemState

__all__ = ["agent", "home", "server"]

FILESETS = {1: companion("mon/Position1", 1), 2: {"tue/=cells\\1.czi": b"tuesday" * 99}}
WAYS = {1: "Lab/Day 1", 2: "Lab/Day 2"}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


async def export(client: AgentClient, server: FakeServer, to: Path, *ids: int) -> str:
    server.filesets, server.ways = FILESETS, WAYS
    async with ServerClient(server.url) as env:
        view = await hand_over_export(env, client, ExportPlan("Night: 1", ids, to))
    return view.transfer_id


async def written(client: AgentClient, transfer_id: str) -> str:
    """Wait until nothing moves and that is written down; return the manifest's path."""
    view = await until(client, transfer_id, lambda view: view.manifest is not None)
    assert view.manifest is not None
    return view.manifest


def all_manifests(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if is_manifest(path.name)]


def placed(folder: Path) -> list[Path]:
    """What of an export has its name."""
    return list(folder.glob("[!.]*")) if folder.exists() else []


def read(path: Path) -> Any:
    return json.loads(path.read_bytes())


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def assert_sums_hold(checksums: Path, count: int) -> None:
    asked = ("sha1sum", "--check", "--strict", checksums.name)
    done = subprocess.run(asked, cwd=checksums.parent, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    assert done.stdout.count(b": OK") == count


async def test_manifest_list_and_checksums(
    agent: AgentProcess, server: FakeServer, out: Path
) -> None:
    async with await agent.start() as client:
        transfer_id = await export(client, server, out, 1, 2)
        place = await written(client, transfer_id)
    found = manifests(out)
    assert found["manifest.json"] == Path(place)
    assert {path.name.split(".", 1)[0] for path in found.values()} == {"Night_ 1"}
    manifest = read(found["manifest.json"])
    assert manifest["transfer"] == {
        "id": transfer_id, "name": "Night: 1", "server": server.url,
    }  # fmt: skip
    assert manifest["application"]["version"] == transferapp.__version__
    assert (manifest["repository"], manifest["checksum"]) == ("fake", "sha1")
    assert {"form", "asked_at", "written_at"} <= manifest.keys()
    first, second = manifest["items"]
    assert (first["path"], first["state"]) == ("Lab/Day 1/Position1", "delivered")
    assert first["images"] == [
        {
            "id": 1,
            "name": "image 1",
            "containers": [
                {"project": {"id": 1, "name": "Lab"}, "dataset": {"id": 2, "name": "Day 1"}}
            ],
        }
    ]
    files = [*first["files"], *second["files"]]
    contents = arrived(out)
    assert {file["path"] for file in files} == contents.keys()
    for file in files:
        content = contents[file["path"]]
        assert file["size_bytes"] == len(content)
        assert file["sha1"] == hashlib.sha1(content, usedforsecurity=False).hexdigest()
    assert {file["client_path"] for file in files} == {*FILESETS[1], *FILESETS[2]}
    assert_sums_hold(found["sha1"], len(files))
    assert [
        (row["path"], row["image_id"], row["project"], row["dataset"], row["state"])
        for row in rows(found["images.csv"])
    ] == [
        ("Lab/Day 1/Position1", "1", "Lab", "Day 1", "delivered"),
        ("Lab/Day 2/=cells\\1.czi", "2", "Lab", "Day 2", "delivered"),
    ]


async def test_a_second_export_leaves_the_first_ones_alone(
    agent: AgentProcess, server: FakeServer, out: Path
) -> None:
    async with await agent.start() as client:
        await written(client, await export(client, server, out, 1, 2))
        before = {path: path.read_bytes() for path in manifests(out).values()}
        await written(client, await export(client, server, out, 1))
    assert {path: path.read_bytes() for path in before} == before
    named = all_manifests(out)
    assert len(named) == 6
    [new] = [path for path in named if path not in before and path.suffix == ".json"]
    assert [item["path"] for item in read(new)["items"]] == ["Lab (2)/Day 1/Position1"]
    for path in named:
        if path.suffix == ".sha1":
            assert_sums_hold(path, 4 if path in before else 3)


@pytest.mark.export_bad_input
async def test_what_did_not_come_is_told_with_its_reason_and_anew_after_a_retry(
    agent: AgentProcess, server: FakeServer, out: Path
) -> None:
    problem = ItemProblem("permission-denied", "No right", "Ask your administrator.")
    server.export_state = ItemState.NEEDS_ATTENTION
    async with await agent.start() as client:
        transfer_id = await export(client, server, out, 1, 2)
        late = server.item(transfer_id, 1).id
        server.set_item(transfer_id, late, trouble=problem)
        server.set_item(transfer_id, server.item(transfer_id).id, state=ItemState.READY)
        await until(client, transfer_id, lambda v: bool(v.manifest))
        _, missing = read(manifests(out)["manifest.json"])["items"]
        assert missing["problem"] == {
            "code": "permission-denied", "message": "Ask your administrator.",
        }  # fmt: skip
        assert (missing["state"], missing["path"]) == ("needs-attention", None)
        assert missing["files"] == []
        [_, row] = rows(manifests(out)["images.csv"])
        assert (row["image_id"], row["problem"]) == ("2", "Ask your administrator.")
        server.set_item(transfer_id, late, state=ItemState.READY, trouble=None)
        await client.retry(transfer_id)
        await until(client, transfer_id, lambda v: v.state == "delivered" and bool(v.manifest))
    manifest = read(manifests(out)["manifest.json"])
    assert [item["state"] for item in manifest["items"]] == ["delivered", "delivered"]
    assert_sums_hold(manifests(out)["sha1"], 4)


@pytest.mark.parametrize("changed", ["deleted", "replaced"])
@pytest.mark.export_bad_input
async def test_what_a_person_takes_away_meanwhile_is_told_and_fetched_again(
    agent: AgentProcess, server: FakeServer, out: Path, changed: str
) -> None:
    server.export_state = ItemState.WAITING
    async with await agent.start() as client:
        transfer_id = await export(client, server, out, 2, 1)
        details = server.details[transfer_id]
        server.set_item(transfer_id, details.items[0].id, state=ItemState.READY)
        early = out / "Lab" / "Day 2" / "=cells\\1.czi"
        await until(client, transfer_id, lambda _: early.exists())
        early.unlink()
        if changed == "replaced":
            early.write_bytes(b"mine")
        server.set_item(transfer_id, details.items[1].id, state=ItemState.READY)
        view = await until(
            client, transfer_id, lambda v: v.state == "needs-attention" and bool(v.manifest)
        )
        assert (view.trouble_code, view.state) == ("vanished-file", "needs-attention")
        assert "gone, or another file is there now" in view.trouble
        assert "Press Retry to fetch it again" in view.trouble
        lost, come = read(manifests(out)["manifest.json"])["items"]
        assert (lost["state"], lost["files"], come["state"]) == (
            "needs-attention", [], "delivered",
        )  # fmt: skip
        assert lost["problem"]["message"] == view.trouble
        assert_sums_hold(manifests(out)["sha1"], 3)
        reported = [item.state for item in server.details[transfer_id].items]
        assert reported == [ItemState.NEEDS_ATTENTION, ItemState.DELIVERED]
        server.set_item(transfer_id, details.items[0].id, state=ItemState.READY, trouble=None)
        await client.retry(transfer_id)
        await until(client, transfer_id, lambda v: v.state == "delivered" and bool(v.manifest))
    kept = {"Lab/Day 2/=cells\\1.czi": b"mine"} if changed == "replaced" else {}
    expected = placed_as("Lab/Day 1/Position1", FILESETS[1], "mon/Position1")
    fetched = [path for path in arrived(out) if path not in expected and path not in kept]
    assert len(fetched) == 1
    assert arrived(out)[fetched[0]] == b"tuesday" * 99
    assert arrived(out).items() >= {**expected, **kept}.items()
    assert_sums_hold(manifests(out)["sha1"], 4)


async def test_nothing_is_written_where_nothing_came(
    agent: AgentProcess, server: FakeServer, out: Path
) -> None:
    server.export_state = ItemState.FAILED
    async with await agent.start() as client:
        assert await written(client, await export(client, server, out, 1)) == ""
    assert not placed(out)


async def test_a_cancelled_export_says_what_it_brought(
    agent: AgentProcess, server: FakeServer, out: Path
) -> None:
    async with await agent.start(bytes_per_s="4000", parallel_files="1") as client:
        transfer_id = await export(client, server, out, 2, 1)
        await until(client, transfer_id, lambda view: view.files_done >= 1)
        await until(client, transfer_id, lambda _: bool(placed(out)))
        await client.cancel(transfer_id)
        await written(client, transfer_id)
    first, second = read(manifests(out)["manifest.json"])["items"]
    assert (first["state"], second["state"]) == ("delivered", "cancelled")
    assert_sums_hold(manifests(out)["sha1"], 1)


async def test_killed_it_is_written_all_the_same(
    agent: AgentProcess, server: FakeServer, out: Path
) -> None:
    async with await agent.start(bytes_per_s="20000") as client:
        transfer_id = await export(client, server, out, 1, 2)
        await until(client, transfer_id, lambda view: view.files_done >= 1)
        agent.kill()
    async with await agent.start() as client:
        await written(client, transfer_id)
    expected = placed_as("Lab/Day 1/Position1", FILESETS[1], "mon/Position1")
    assert arrived(out) == {**expected, "Lab/Day 2/=cells\\1.czi": b"tuesday" * 99}
    assert_sums_hold(manifests(out)["sha1"], 4)
