"""The workstation service as a real process, against a real HTTP server."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import stat
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.support.fake_server import FakeServer, new_item
from transferapp.client.agent import AgentClient
from transferapp.client.grouping import group
from transferapp.client.importing import (
    ExportPlan,
    ImportPlan,
    hand_over_export,
    hand_over_import,
)
from transferapp.client.scanning import scan
from transferapp.client.server import ServerClient
from transferapp.errors import AgentUnreachable, StateConflict, TransferNotFound
from transferapp.model.containers import ContainerRef
from transferapp.model.transfers import ItemState
from transferapp.protocol.messages import (
    Accepted,
    FileOnDisk,
    Submission,
    SubmissionView,
    SubmittedItem,
)

OWNER = "alice@http://server"


class AgentProcess:
    """One agent below one home folder; ``environment`` adds settings."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.socket = home / "run" / "agent.sock"
        self.log = home / "agent.log"
        self.outbox = home / "data" / "agent" / "outbox.db"
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self, **settings: str) -> AgentClient:
        environment = {
            **os.environ,
            "TRANSFERAPP_HOME": str(self.home),
            "TRANSFERAPP_AGENT_LOOK_EVERY_S": "0.1",
            "TRANSFERAPP_AGENT_LOOK_AT_MOST_EVERY_S": "0.3",
            "TRANSFERAPP_AGENT_RETRY_MAX_S": "1",
            **{f"TRANSFERAPP_AGENT_{k.upper()}": v for k, v in settings.items()},
        }
        self._spawn(environment)
        client = AgentClient(self.socket)
        until = time.monotonic() + 30
        while True:
            try:
                await client.info()
            except AgentUnreachable:
                assert self._process is not None
                assert self._process.poll() is None, self.log.read_text()
                assert time.monotonic() < until, self.log.read_text()
                await asyncio.sleep(0.05)
            else:
                return client

    def _spawn(self, environment: dict[str, str]) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "transferapp", "agent"],
                env=environment,
                stdout=log,
                stderr=log,
            )

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def terminate(self) -> int:
        return self._end(signal.SIGTERM)

    def _end(self, number: int) -> int:
        process, self._process = self._process, None
        if process is None:
            return 0
        process.send_signal(number)
        return process.wait(20)


@pytest.fixture
def home() -> Iterator[Path]:
    # A socket's path may have 107 bytes; pytest's own folders are longer than that.
    with tempfile.TemporaryDirectory(prefix="ta-") as folder:
        yield Path(folder)


@pytest.fixture
def agent(home: Path) -> Iterator[AgentProcess]:
    process = AgentProcess(home)
    yield process
    process.kill()


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer() as fake:
        yield fake


def write(path: Path, size: int, seed: int = 1) -> Path:
    path.write_bytes(random.Random(seed).randbytes(size))  # noqa: S311 - test data
    return path


def register(server: FakeServer, *paths: Path) -> tuple[Accepted, Submission]:
    items = [new_item(path.name, path.stat().st_size) for path in paths]
    accepted = server.new_import("test", items)
    return accepted, submission(server, accepted, *paths)


def submission(server: FakeServer, accepted: Accepted, *paths: Path) -> Submission:
    details = accepted.details
    items = [
        SubmittedItem(
            item_id=item.id,
            name=item.name,
            files=[
                FileOnDisk(
                    file_id=file.id,
                    client_path=file.client_path,
                    path=str(path),
                    size_bytes=file.size_bytes,
                    modified_ns=path.stat().st_mtime_ns if path.exists() else 1,
                )
            ],
        )
        for item, file, path in zip(details.items, details.files, paths, strict=True)
    ]
    return Submission(
        kind="import",
        transfer_id=details.transfer.id,
        name="test",
        owner=OWNER,
        server_url=server.url,
        grant=SecretStr(accepted.grant),
        items=items,
    )


async def until(
    client: AgentClient,
    transfer_id: str,
    wanted: Callable[[SubmissionView], bool],
    timeout_s: float = 30,
) -> SubmissionView:
    deadline = time.monotonic() + timeout_s
    while True:
        view = await client.submission(transfer_id)
        if wanted(view):
            return view
        assert time.monotonic() < deadline, view
        await asyncio.sleep(0.03)


async def test_imports_and_keeps_its_promises(
    agent: AgentProcess, server: FakeServer, tmp_path: Path
) -> None:
    server.imports_at_once = False
    paths = [write(tmp_path / f"{n} 🔬.tif", 50_000 + n, n) for n in range(6)]
    _, order = register(server, *paths)
    async with await agent.start() as client:
        first = await client.submit(order)
        assert (first.safe_to_log_off, first.safe_to_delete_source) == (True, False)
        received = await until(client, order.transfer_id, lambda v: v.state == "received")
        assert received.safe_to_switch_off
        assert not received.safe_to_delete_source
        server.import_all(order.transfer_id)
        done = await until(client, order.transfer_id, lambda v: v.state == "imported")
        assert done.safe_to_delete_source
        assert (done.files_done, done.bytes_done) == (6, done.bytes_total)
    for path in paths:
        assert server.content(path.name) == path.read_bytes()
    assert set(server.seals.values()) == {1}


async def test_kill_in_the_middle_of_an_upload_leaves_one_right_copy(
    agent: AgentProcess, server: FakeServer, tmp_path: Path
) -> None:
    path = write(tmp_path / "big.tif", 48 << 20)
    _, order = register(server, path)
    async with await agent.start(bytes_per_s=str(24 << 20)) as client:
        await client.submit(order)
        # The second part is under way: one is at the server, the rest is not.
        await until(client, order.transfer_id, lambda v: v.bytes_done > 17 << 20)
        agent.kill()
    file_id = order.items[0].files[0].file_id
    assert 0 < len(server.arrived[file_id]) < path.stat().st_size
    before = len([r for r in server.requests if r.startswith("PATCH")])
    async with await agent.start() as client:
        await until(client, order.transfer_id, lambda v: v.state == "imported")
    patches = len([r for r in server.requests if r.startswith("PATCH")]) - before
    assert patches == 2, "the first part was sent again"
    assert server.content("big.tif") == path.read_bytes()
    assert server.seals == {file_id: 1}


async def test_goes_on_by_itself_after_an_outage(
    agent: AgentProcess, server: FakeServer, tmp_path: Path
) -> None:
    _, order = register(server, write(tmp_path / "a.tif", 1000))
    server.stop()
    async with await agent.start() as client:
        await client.submit(order)
        waiting = await until(client, order.transfer_id, lambda v: v.state == "waiting")
        assert waiting.trouble_code == "server-unreachable"
        assert waiting.trouble
        assert waiting.safe_to_log_off
        assert not waiting.safe_to_switch_off
        server.start()
        done = await until(client, order.transfer_id, lambda v: v.state == "imported")
        assert done.trouble == ""


async def test_a_refused_grant_waits_for_a_fresh_one(
    agent: AgentProcess, server: FakeServer, tmp_path: Path
) -> None:
    _, order = register(server, write(tmp_path / "a.tif", 1000))
    fresh = server.accepted(order.transfer_id)
    async with await agent.start() as client:
        await client.submit(order)
        refused = await until(
            client, order.transfer_id, lambda v: v.trouble_code == "grant-refused"
        )
        assert refused.state == "needs-attention"
        renewed = order.model_copy(update={"grant": SecretStr(fresh.grant)})
        await client.submit(renewed)
        await until(client, order.transfer_id, lambda v: v.state == "imported")
        assert len(await client.submissions()) == 1


async def test_a_source_problem_is_reported_and_the_others_go_on(
    agent: AgentProcess, server: FakeServer, tmp_path: Path
) -> None:
    gone, fine = write(tmp_path / "gone.tif", 1000, 1), write(tmp_path / "fine.tif", 1000, 2)
    _, order = register(server, gone, fine)
    content = gone.read_bytes()
    modified = gone.stat().st_mtime_ns
    gone.unlink()
    async with await agent.start() as client:
        await client.submit(order)
        view = await until(client, order.transfer_id, lambda v: v.state == "needs-attention")
        assert (view.trouble_code, view.files_done) == ("vanished-file", 1)
        assert server.reports[0][0] == "vanished-file"
        assert not view.safe_to_switch_off
        gone.write_bytes(content)
        os.utime(gone, ns=(modified, modified))
        await client.retry(order.transfer_id)
        done = await until(client, order.transfer_id, lambda v: v.state == "imported")
        assert done.trouble_code == ""
    assert ("", "") in server.reports
    assert server.content("gone.tif") == content


async def test_a_changed_file_is_taken_as_it_is_after_retry(
    agent: AgentProcess, server: FakeServer, tmp_path: Path
) -> None:
    path = write(tmp_path / "a.tif", 20 << 20, 1)
    _, order = register(server, path)
    file_id = order.items[0].files[0].file_id
    # What has arrived is of the file as it was before.
    server.arrived[file_id] = bytearray(path.read_bytes()[: 16 << 20])
    write(path, 20 << 20, 2)
    os.utime(path, ns=(1, 1))
    async with await agent.start() as client:
        await client.submit(order)
        await until(client, order.transfer_id, lambda v: v.trouble_code == "changed-file")
        await client.retry(order.transfer_id)
        await until(client, order.transfer_id, lambda v: v.state == "imported")
    assert server.content("a.tif") == path.read_bytes()


async def test_cancel_stops_and_forget_drops(
    agent: AgentProcess, server: FakeServer, tmp_path: Path
) -> None:
    path = write(tmp_path / "big.tif", 20 << 20)
    _, order = register(server, path)
    async with await agent.start(bytes_per_s=str(1 << 20)) as client:
        await client.submit(order)
        await until(client, order.transfer_id, lambda v: v.state == "uploading")
        with pytest.raises(StateConflict):
            await client.forget(order.transfer_id)
        view = await client.cancel(order.transfer_id)
        assert view.state == "cancelled"
        assert view.safe_to_switch_off
        assert not view.safe_to_delete_source
        assert server.item(order.transfer_id).state == "cancelled"
        await client.forget(order.transfer_id)
        with pytest.raises(TransferNotFound):
            await client.submission(order.transfer_id)
    assert server.seals == {}


async def test_an_item_cancelled_at_the_server_is_no_trouble(
    agent: AgentProcess, server: FakeServer, tmp_path: Path
) -> None:
    _, order = register(server, write(tmp_path / "a.tif", 10), write(tmp_path / "b.tif", 10))
    item_id = order.items[0].item_id
    server.set_item(order.transfer_id, item_id, state=ItemState.CANCELLED)
    async with await agent.start() as client:
        await client.submit(order)
        view = await until(client, order.transfer_id, lambda v: v.state == "imported")
        assert view.files_done == 1
        assert not view.safe_to_delete_source
    assert order.items[0].files[0].file_id not in server.arrived


async def test_export_arrives_in_place_and_never_replaces(
    agent: AgentProcess, server: FakeServer, tmp_path: Path
) -> None:
    server.images = {7: b"pixels" * 1000, 8: b"more" * 500}
    destination = tmp_path / "not there yet"
    destination.mkdir()
    (destination / "image 7.tif").write_bytes(b"mine")
    async with await agent.start() as client, ServerClient(server.url) as desk:
        plan = ExportPlan("out", (7, 8), destination)
        view = await hand_over_export(desk, client, plan)
        assert not view.safe_to_switch_off
        done = await until(client, view.transfer_id, lambda v: v.state == "delivered")
        assert done.safe_to_switch_off
        assert done.files_done == 2
    assert (destination / "image 7.tif").read_bytes() == b"mine"
    assert (destination / "image 7 (2).tif").read_bytes() == server.images[7]
    assert (destination / "image 8.tif").read_bytes() == server.images[8]
    assert sorted(p.name for p in destination.iterdir()) == [
        "image 7 (2).tif",
        "image 7.tif",
        "image 8.tif",
    ]


async def test_export_waits_for_a_folder_that_cannot_be_written(
    agent: AgentProcess, server: FakeServer, tmp_path: Path
) -> None:
    server.images = {7: b"pixels"}
    destination = tmp_path / "drive"
    destination.write_bytes(b"a file where the folder should be")
    async with await agent.start() as client, ServerClient(server.url) as desk:
        view = await hand_over_export(desk, client, ExportPlan("out", (7,), destination))
        await until(
            client, view.transfer_id, lambda v: v.trouble_code == "destination-unwritable"
        )
        destination.unlink()
        await until(client, view.transfer_id, lambda v: v.state == "delivered")
    assert (destination / "image 7.tif").read_bytes() == b"pixels"


async def test_hand_over_is_repeatable(
    agent: AgentProcess, server: FakeServer, tmp_path: Path
) -> None:
    folder = tmp_path / "exp 1"
    folder.mkdir()
    for n in range(3):
        write(folder / f"{n}.tif", 100 + n, n)
    plan = ImportPlan("exp 1", ContainerRef.parse("Dataset:1"), tuple(group(scan([folder]))))
    async with ServerClient(server.url) as desk:
        async with AgentClient(agent.socket) as nobody:
            with pytest.raises(AgentUnreachable):
                await hand_over_import(desk, nobody, plan)
        assert server.details == {}, "nothing may be registered without an agent"
        async with await agent.start() as client:
            first = await hand_over_import(desk, client, plan)
            again = await hand_over_import(desk, client, plan)
            assert again.transfer_id == first.transfer_id
            assert first.owner == f"alice@{server.url}"
            await until(client, first.transfer_id, lambda v: v.state == "imported")
    assert server.content("exp 1/1.tif") == (folder / "1.tif").read_bytes()
    assert set(server.seals.values()) == {1}


async def test_follow_tells_changes_and_survives_a_restart(
    agent: AgentProcess, server: FakeServer, tmp_path: Path
) -> None:
    lost: list[AgentUnreachable] = []
    _, order = register(server, write(tmp_path / "a.tif", 1000))
    other = order.model_copy(update={"transfer_id": "f" * 32, "owner": "bob@x"})
    client = await agent.start()
    async with client, asyncio.timeout(40):
        changes = client.follow(OWNER, on_lost=lost.append)
        first = asyncio.ensure_future(anext(changes))
        await client.submit(order)
        with contextlib.suppress(Exception):
            await client.submit(other)
        assert (await first).transfer_id == order.transfer_id
        async for view in changes:
            assert view.owner == OWNER
            if view.state == "imported":
                break
        agent.kill()
        await (await agent.start()).aclose()
        async for view in changes:
            assert view.state == "imported"
            break
        await changes.aclose()  # type: ignore[attr-defined]
    assert lost


async def test_grant_is_in_the_outbox_only(
    agent: AgentProcess, server: FakeServer, tmp_path: Path
) -> None:
    accepted, order = register(server, write(tmp_path / "a.tif", 1000))
    (tmp_path / "a.tif").unlink()
    async with await agent.start() as client:
        await client.submit(order)
        view = await until(client, order.transfer_id, lambda v: v.trouble_code != "")
        assert accepted.grant not in view.model_dump_json()
        assert accepted.grant not in repr(order)
        # A wrong request is refused without repeating it.
        broken = order.model_dump(mode="json") | {"grant": accepted.grant, "items": 5}
        answer = await client._http.post("/v1/submissions", json=broken)
        assert answer.status_code == 422
        assert accepted.grant not in answer.text
        clash = order.model_copy(update={"transfer_id": "e" * 32})
        with pytest.raises(Exception, match="another one"):
            await client.submit(clash)
        for path in agent.outbox.parent.iterdir():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
        assert stat.S_IMODE(agent.outbox.parent.stat().st_mode) == 0o700
        assert stat.S_IMODE(agent.socket.stat().st_mode) == 0o600
        assert stat.S_IMODE(agent.socket.parent.stat().st_mode) == 0o700
    assert agent.terminate() == 0
    log = agent.log.read_text()
    assert "submission taken" in log
    assert "ta1_" not in log
    assert "Traceback" not in log
    assert not agent.socket.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become someone else")
async def test_another_account_is_refused(agent: AgentProcess, home: Path) -> None:
    nobody = textwrap.dedent(
        f"""
        import os, socket
        os.setgid(65534); os.setuid(65534)
        s = socket.socket(socket.AF_UNIX)
        try:
            s.connect({str(agent.socket)!r})
            s.sendall(b"GET /v1/agent HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n")
            print("answer", len(s.recv(100)))
        except PermissionError:
            print("no entry")
        except ConnectionError:
            print("answer 0")
        """
    )

    def ask() -> str:
        command = [sys.executable, "-S", "-c", nobody]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    async with await agent.start() as client:
        assert (await asyncio.to_thread(ask)).strip() == "no entry"
        for path, mode in ((home, 0o755), (home / "run", 0o755), (agent.socket, 0o666)):
            path.chmod(mode)
        assert (await asyncio.to_thread(ask)).strip() == "answer 0"
        await client.info()
    assert "refused another account" in agent.log.read_text()


async def test_only_one_per_account(agent: AgentProcess) -> None:
    async with await agent.start() as client:
        second = AgentProcess(agent.home)
        with pytest.raises(AssertionError, match="already running"):
            async with asyncio.timeout(30):
                await _until_ended(second)
        await client.info()


async def _until_ended(process: AgentProcess) -> None:
    process.socket = process.home / "nowhere.sock"
    await process.start()


async def test_fair_between_submissions(
    agent: AgentProcess, server: FakeServer, tmp_path: Path
) -> None:
    big = [write(tmp_path / f"big{n}.tif", 8 << 20, n) for n in range(8)]
    small = write(tmp_path / "small.tif", 1000)
    _, slow = register(server, *big)
    _, quick = register(server, small)
    async with await agent.start(bytes_per_s=str(4 << 20)) as client:
        await client.submit(slow)
        await until(client, slow.transfer_id, lambda v: v.bytes_done > 0)
        await client.submit(quick)
        await until(client, quick.transfer_id, lambda v: v.state == "imported", 10)
        view = await client.submission(slow.transfer_id)
        assert view.files_done < len(big)
        assert 0 < view.bytes_per_s < 12 << 20
        await client.cancel(slow.transfer_id)
