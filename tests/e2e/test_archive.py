"""All that a person owns leaves the repository, is described, and is verified offline."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.archived_data import DESCRIPTION, ROI, Archived, fill
from tests.support.both_repositories import REPOSITORIES, installed
from tests.support.export_env import arrived, manifests
from tests.support.installation import PASSWORD, USERNAME, Terminal
from transferapp.archive.lines import ArchiveLine, ContainerLine, EndLine, ImageLine
from transferapp.archive.nouns import annotations_of, rois_of
from transferapp.archive.reading import archive_lines
from transferapp.client.server import ServerClient
from transferapp.errors import PermissionDenied
from transferapp.model.images import AnnotationKind
from transferapp.model.transfers import ItemState, TransferDetails
from transferapp.protocol.export_requests import ExportRequest
from transferapp.repositories.local.accounts.administration import Administration
from transferapp.sandbox.installation_repositories import (
    EmbeddedRepository,
    SandboxRepository,
)
from transferapp.sandbox.omero_sandbox.fixture import ROOT_PASSWORD

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
PATIENCE_S = 120


@dataclass
class Leaver:
    """alice, who leaves, and all that she has."""

    terminal: Terminal
    data: Archived

    @property
    def is_omero(self) -> bool:
        return isinstance(self.terminal.installation.repository, SandboxRepository)


@pytest.fixture(scope="module", params=REPOSITORIES)
def leaver(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Leaver]:
    home = tmp_path_factory.mktemp("archive")
    with installed(request.param, home / "i") as terminal:
        repository = terminal.installation.repository
        if isinstance(repository, SandboxRepository):
            # Else its policy keeps the files of plates back.
            key = "omero.policy.binary_access"
            repository.sandbox.control("set", key=key, value="+read,+write,+image,+plate")
        (home / "in").mkdir()
        yield Leaver(terminal, fill(terminal, home / "in"))


def archived(leaver: Leaver, out: Path) -> Path:
    """Make the archive; returns its manifest."""
    done = leaver.terminal.run("archive", "make", "--to", str(out), "--wait", "--json")
    assert done.code == 0, done.err + done.out
    assert "1 image has no original files" in done.err
    return manifests(out)["manifest.json"]


def test_an_archive_is_whole(leaver: Leaver, tmp_path: Path) -> None:
    summary = leaver.terminal.run("archive", "make", "--dry-run")
    assert summary.code == 0, summary.err
    assert f"{len(leaver.data.image_ids)} images, {len(leaver.data.files)} files" in summary.err
    assert "1 is without original files, so only a description comes of it" in summary.err
    out = tmp_path / "out"
    manifest = archived(leaver, out)
    found = {Path(path).name: content for path, content in arrived(out).items()}
    assert found.pop("archive.jsonl") == (out / "archive.jsonl").read_bytes()
    assert found == leaver.data.files
    assert (out / "Embryos" / "Day 1" / "two.ome.tif").is_file()

    verified = leaver.terminal.run("archive", "verify", str(manifest), "--json")
    assert verified.code == 0, verified.out + verified.err
    stated = verified.json
    assert stated["problems"] == []
    assert (stated["files"], stated["images"], stated["without_originals"]) == (
        len(leaver.data.files) + 1,
        len(leaver.data.image_ids),
        1,
    )
    check_lines(leaver, out / "archive.jsonl", manifest)
    check_changed_bytes(leaver, out, manifest)


def check_lines(leaver: Leaver, path: Path, manifest: Path) -> None:
    data = leaver.data
    head, *lines, end = archive_lines(path)
    assert isinstance(head, ArchiveLine)
    assert isinstance(end, EndLine)
    assert head.owner.username == USERNAME
    boxes = [one for one in lines if isinstance(one, ContainerLine)]
    images = {one.id: one for one in lines if isinstance(one, ImageLine)}
    assert {one.name: one.ref for one in boxes} == {
        name: str(ref) for name, ref in data.containers.items()
    }
    order = [one.ref for one in boxes]
    assert all(order.index(above) < order.index(o.ref) for o in boxes for above in o.parents)
    assert sorted(images) == data.image_ids

    items = {
        item["id"]: item for item in json.loads(manifest.read_bytes())["items"] if item["files"]
    }
    with_files = [one for one in images.values() if not one.without_originals]
    assert {one.item for one in with_files} | {_described(items)} == set(items)
    for one in with_files:
        assert one.id in {image["id"] for image in items[one.item]["images"]}

    def of(name: str) -> list[ImageLine]:
        return [images[one] for one in data.images[name]]

    [noted], [drawn], [lone] = of("noted"), of("drawn"), of("lone")
    days = {str(data.containers[name]) for name in ("Day 1", "Day 2")}
    assert set(noted.containers) == days
    notes = annotations_of(noted.annotations)
    assert {(one.kind, one.value, one.pairs) for one in notes} == {
        (AnnotationKind.TAG, "red", ()),
        (AnnotationKind.COMMENT, "odd", ()),
        (AnnotationKind.KEY_VALUE, "", (("stain", "DAPI"),)),
    }
    assert [roi.name for roi in rois_of(drawn)] == [ROI.name]
    assert rois_of(drawn)[0].shapes[0].points == ROI.shapes[0].points
    assert [one.series for one in sorted(of("series"), key=lambda one: one.id)] == [0, 1]
    assert len({one.item for one in of("series")}) == 1
    assert (lone.item, lone.without_originals, lone.containers) == ("", True, ())
    wells = {(one.well.row, one.well.column, one.well.field) for one in of("plate") if one.well}
    assert wells == {(0, 0, 0), (0, 0, 1), (0, 1, 0), (0, 1, 1)}
    by_name = {one.name: one for one in boxes}
    if leaver.is_omero:
        assert noted.description == DESCRIPTION
        [tag] = annotations_of(by_name["Embryos"].annotations)
        assert tag.value == "a good project"


def _described(items: dict[str, dict[str, object]]) -> str:
    [found] = [key for key, item in items.items() if item["name"] == "archive.jsonl"]
    return found


def check_changed_bytes(leaver: Leaver, out: Path, manifest: Path) -> None:
    """One byte of a file, and one of the description: both are named."""
    for path in (out / "Embryos" / "Day 1" / "two.ome.tif", out / "archive.jsonl"):
        content = path.read_bytes()
        changed = bytearray(content)
        changed[len(changed) // 2] ^= 1
        path.write_bytes(changed)
        verified = leaver.terminal.run("archive", "verify", str(manifest), "--json")
        assert verified.code == 5, verified.out
        where = str(path.relative_to(out))
        assert where in {one["path"] for one in verified.json["problems"]}
        path.write_bytes(content)
    assert leaver.terminal.run("archive", "verify", str(manifest)).code == 0


def test_of_somebody_else(leaver: Leaver) -> None:
    """Only an administrator gets what another person has."""

    async def ask() -> TransferDetails:
        request = ExportRequest(name="All of alice", owner=USERNAME)
        async with await leaver.terminal.installation.sign_in("bob", PASSWORD) as bob:
            for refused in (bob.submit_export(request), bob.export_summary(request)):
                with pytest.raises(PermissionDenied):
                    await refused
        async with await _admin(leaver) as admin:
            summary = await admin.export_summary(request)
            assert (summary.images, summary.refused) == (len(leaver.data.image_ids), "")
            accepted = await admin.submit_export(request)
            transfer = accepted.details.transfer
            until = time.monotonic() + PATIENCE_S
            while True:
                details = await admin.transfer(transfer.id, files=True)
                states = {item.state for item in details.items}
                if states == {ItemState.READY}:
                    break
                assert time.monotonic() < until, details.items
                await asyncio.sleep(0.2)
            await admin.cancel(transfer.id)
            return details

    details = asyncio.run(ask())
    assert (details.transfer.owner, details.transfer.sender != USERNAME) == (USERNAME, True)
    assert {Path(file.client_path).name for file in details.files} == {
        *leaver.data.files,
        "archive.jsonl",
    }


async def _admin(leaver: Leaver) -> ServerClient:
    repository = leaver.terminal.installation.repository
    if isinstance(repository, EmbeddedRepository):
        people = Administration(repository._folder)
        await people.add_experimenter("eve", "Eve", PASSWORD, is_admin=True)
        return await leaver.terminal.installation.sign_in("eve", PASSWORD)
    return await leaver.terminal.installation.sign_in("root", ROOT_PASSWORD)


@pytest.mark.chaos
def test_a_worker_killed_while_it_describes(leaver: Leaver, tmp_path: Path) -> None:
    """kill -9 in the middle of a page: the next worker goes on, and nothing is there twice."""
    installation, marker = leaver.terminal.installation, tmp_path / "held"
    installation.stop("worker")
    out = tmp_path / "out"
    with _describing(leaver, marker, 1) as held:
        asked = leaver.terminal.run("archive", "make", "--to", str(out), "--json")
        assert asked.code == 0, asked.err
        until = time.monotonic() + PATIENCE_S
        while not marker.exists():
            assert time.monotonic() < until, "it never came to the second page"
            time.sleep(0.1)
        os.killpg(held.pid, signal.SIGKILL)
    transfer_id = asked.json["transfer"]["id"]
    with _describing(leaver, marker, -1):
        until = time.monotonic() + PATIENCE_S
        while {i.state for i in leaver.terminal.details(transfer_id).items} != {
            ItemState.DELIVERED
        }:
            assert time.monotonic() < until, leaver.terminal.details(transfer_id).items
            time.sleep(0.3)
        while not list(out.glob("*.manifest.json")):
            assert time.monotonic() < until
            time.sleep(0.3)
    installation.start("worker")
    [manifest] = out.glob("*.manifest.json")
    lines = list(archive_lines(out / "archive.jsonl"))
    images = [one.id for one in lines if isinstance(one, ImageLine)]
    assert images == leaver.data.image_ids
    verified = leaver.terminal.run("archive", "verify", str(manifest))
    assert verified.code == 0, verified.err


@contextlib.contextmanager
def _describing(leaver: Leaver, marker: Path, page: int) -> Iterator[subprocess.Popen[bytes]]:
    installation = leaver.terminal.installation
    with (installation.logs / "worker.log").open("ab") as log:
        worker = subprocess.Popen(
            [sys.executable, "-m", "tests.support.held_describing", str(marker), str(page)],
            env=installation.environment,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    try:
        yield worker
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(worker.pid, signal.SIGTERM)
        worker.wait(60)
