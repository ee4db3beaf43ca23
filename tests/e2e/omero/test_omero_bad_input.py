"""Bad input through server, worker and OMERO: told in plain words, nothing lost."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import httpx
import pytest

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

from tests.support.omero_worker_env import (
    AheadClock,
    OmeroWorkerEnv,
    asked,
    assert_arrived,
    hand_in,
    in_states,
    noise,
    omero_env,
    until,
)
from tests.support.ordered_files import found_in, order_of
from tests.support.rest_server import PASSWORD, RestServer
from tests.support.rest_uploads import bearer, problem_of
from transferapp.client.downloads import download_file
from transferapp.client.server import ServerClient
from transferapp.client.transport import bulk_client
from transferapp.errors import (
    ImageNotFound,
    PermissionDenied,
    SignInFailed,
    TargetNotFound,
)
from transferapp.host.resources import resource
from transferapp.model.containers import Container, ContainerKind
from transferapp.model.transfers import ItemState, TransferDetails
from transferapp.protocol.export_requests import ExportRequest
from transferapp.repositories.omero.repository import OmeroRepository
from transferapp.repositories.omero.settings import OmeroSettings
from transferapp.repositories.port import HealthState
from transferapp.testing.repository_env import Sample, import_all, new_dataset, plan_for

pytestmark = pytest.mark.slow

UNKNOWN_ID = 999_999
POLICY = "omero.policy.binary_access"
BY_DEFAULT = "+read,+write,+image"


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OmeroWorkerEnv]:
    with omero_env(tmp_path_factory.mktemp("bad")) as running:
        running.installation.start("worker", wait=False)
        yield running


@pytest.fixture
async def server(env: OmeroWorkerEnv) -> AsyncIterator[RestServer]:
    async with env.server() as running:
        yield running


@pytest.fixture
async def alice(server: RestServer) -> ServerClient:
    return await server.signed_in("alice")


async def new_target(client: ServerClient) -> Container:
    return await client.create_container(ContainerKind.DATASET, "Target")


@asynccontextmanager
async def held_back(server: RestServer) -> AsyncIterator[None]:
    """Let no import start meanwhile."""
    await server.parts.queue.pause_resource("repository", paused=True)
    try:
        yield
    finally:
        await server.parts.queue.pause_resource("repository", paused=False)


async def imported(server: RestServer, handed: TransferDetails) -> None:
    await until(lambda: in_states(server, [handed], ItemState.IMPORTED), "it is imported")


class TestPeople:
    """Who is asking."""

    async def test_wrong_password(self, server: RestServer) -> None:
        with pytest.raises(SignInFailed, match="Check both"):
            await server.client().sign_in("alice", "not it")

    async def test_unknown_user_scans_the_same(self, server: RestServer) -> None:
        with pytest.raises(SignInFailed, match="Check both"):
            await server.client().sign_in("nobody", PASSWORD)

    async def test_expired_user_cannot_sign_in(
        self, env: OmeroWorkerEnv, server: RestServer
    ) -> None:
        env.sandbox.control("add_user", name="gone", password=PASSWORD, groups=["lab"])
        env.sandbox.control("leave_group", name="gone", group="user")
        with pytest.raises((SignInFailed, PermissionDenied)):
            await server.client().sign_in("gone", PASSWORD)

    @pytest.mark.parametrize(
        ("group", "text"),
        [
            ("user", "account 'carol[0-9]' is closed. Ask"),
            ("lab", "not a member of this group: 'lab'"),
        ],
    )
    async def test_expired_after_the_hand_in(
        self, env: OmeroWorkerEnv, server: RestServer, group: str, text: str
    ) -> None:
        name = f"carol{len(group)}"
        env.sandbox.control("add_user", name=name, password=PASSWORD, groups=["lab"])
        carol, content = await server.signed_in(name), noise(10 + len(group))
        target = await new_target(carol)
        async with held_back(server):
            handed = await hand_in(carol, target.ref, [content])
            env.sandbox.control("leave_group", name=name, group=group)
        item = await asked(server, handed)
        assert item.trouble is not None
        assert item.trouble.code == PermissionDenied.code
        assert re.search(text, item.trouble.message), item.trouble.message
        assert "press Retry. Nothing is lost" in item.trouble.message
        assert env.staged, "nothing is lost"

        env.sandbox.control("join_group", name=name, group=group)
        await carol.retry(handed.transfer.id)
        await imported(server, handed)
        await assert_arrived(env, name, target.ref, [content])


class TestTargets:
    """Where it is to go."""

    async def test_no_permission_on_the_target(
        self, server: RestServer, alice: ServerClient
    ) -> None:
        target = await new_target(alice)
        bob = await server.signed_in("bob")
        with pytest.raises(PermissionDenied, match="Choose a target that you may write to"):
            await hand_in(bob, target.ref, [noise(1)])

    async def test_deleted_dataset_then_into_another(
        self, env: OmeroWorkerEnv, server: RestServer, alice: ServerClient
    ) -> None:
        target, content = await new_target(alice), noise(20)
        async with held_back(server):
            handed = await hand_in(alice, target.ref, [content])
            await alice.delete_container(target.ref)
        item = await asked(server, handed)
        assert item.trouble is not None
        assert item.trouble.code == TargetNotFound.code
        assert "target. Then press Retry. Nothing is lost." in item.trouble.message
        assert env.staged

        other = await new_target(alice)
        await alice.retarget(handed.transfer.id, other.ref)
        await alice.retry(handed.transfer.id)
        await imported(server, handed)
        await assert_arrived(env, "alice", other.ref, [content])

    async def test_dataset_deleted_in_the_middle_leaves_no_fileset(
        self, env: OmeroWorkerEnv, server: RestServer, alice: ServerClient
    ) -> None:
        target, content = await new_target(alice), noise(21)
        before = env.sandbox.control("status")["counts"]
        async with held_at(env, "RawFileStore.close"):
            handed = await hand_in(alice, target.ref, [content])
            assert env.sandbox.control("held", seconds=20)["held"]
            await alice.delete_container(target.ref)
        await asked(server, handed)
        assert env.sandbox.control("status")["counts"]["Fileset"] == before["Fileset"]
        other = await new_target(alice)
        await alice.retarget(handed.transfer.id, other.ref)
        await alice.retry(handed.transfer.id)
        await imported(server, handed)
        await assert_arrived(env, "alice", other.ref, [content])
        status = env.sandbox.control("status")
        assert status["counts"]["Fileset"] == before["Fileset"] + 1


@asynccontextmanager
async def held_at(env: OmeroWorkerEnv, place: str) -> AsyncIterator[None]:
    """Stop the worker at a call until the end of the block."""
    env.sandbox.control("hold", place=place)
    try:
        yield
    finally:
        env.sandbox.control("let_go")


class TestImages:
    """What is asked for."""

    async def test_unknown_image(self, alice: ServerClient) -> None:
        with pytest.raises(ImageNotFound, match="does not exist any more"):
            await alice.image(UNKNOWN_ID)
        with pytest.raises(ImageNotFound, match=f"{UNKNOWN_ID}"):
            await alice.submit_export(ExportRequest(name="out", image_ids=[UNKNOWN_ID]))

    async def test_binary_access_denied(
        self, env: OmeroWorkerEnv, server: RestServer, alice: ServerClient
    ) -> None:
        image_id = await _plate_image(env)
        assert (await alice.image(image_id)).summary.id == image_id, "it can be seen"
        accepted = await alice.submit_export(ExportRequest(name="out", image_ids=[image_id]))
        transfer_id = accepted.details.transfer.id
        agent = server.client(accepted.grant)
        await until(
            lambda: in_states(server, [accepted.details], ItemState.READY), "it is prepared"
        )
        (first, *_) = (await agent.transfer(transfer_id, files=True)).files
        path = f"/v1/transfers/{transfer_id}/files/{first.id}/content"
        async with httpx.AsyncClient(base_url=server.url) as http:
            refused = await http.get(path, headers=bearer(accepted.grant))
            problem = problem_of(refused)
            assert problem["code"] == PermissionDenied.code
            assert "Ask your OMERO administrator to allow it" in problem["detail"]
            assert POLICY in problem["detail"]
            # The administrator did.
            env.sandbox.control("set", key=POLICY, value=f"{BY_DEFAULT},+plate")
            try:
                given = await http.get(path, headers=bearer(accepted.grant))
            finally:
                env.sandbox.control("set", key=POLICY, value=BY_DEFAULT)
        assert (given.status_code, len(given.content)) == (httpx.codes.OK, first.size_bytes)

    async def test_binary_access_denied_halfway(
        self, env: OmeroWorkerEnv, server: RestServer, alice: ServerClient, tmp_path: Path
    ) -> None:
        """OMERO asks its policy at each read; the answer has begun as a good one."""
        target, content = await new_target(alice), noise(40, edge=2048)
        handed = await hand_in(alice, target.ref, [content])
        await imported(server, handed)
        (item,) = (await alice.transfer(handed.transfer.id)).items
        request = ExportRequest(name="out", image_ids=[item.image_ids[0]])
        accepted = await alice.submit_export(request)
        await until(
            lambda: in_states(server, [accepted.details], ItemState.READY), "it is prepared"
        )
        transfer_id = accepted.details.transfer.id
        (file,) = (await server.client(accepted.grant).transfer(transfer_id, files=True)).files
        order = order_of(accepted.grant, transfer_id, file, tmp_path)
        arrived: list[int] = []
        env.sandbox.control("hold", place="RawFileStore.read", number=4)
        with bulk_client(server.url) as client:
            download = partial(download_file, client, order, arrived.append)
            going = asyncio.create_task(asyncio.to_thread(download))
            assert (await asyncio.to_thread(env.sandbox.control, "held", seconds=30))["held"]
            env.sandbox.control("set", key=POLICY, value="+read,+write")
            env.sandbox.control("let_go")
            try:
                with pytest.raises(PermissionDenied, match=POLICY):
                    await going
            finally:
                env.sandbox.control("set", key=POLICY, value=BY_DEFAULT)
            assert 0 < max(arrived) < len(content), "it was refused halfway"
            assert not (tmp_path / "a.tif").exists(), "nothing has its name that is not whole"
            # The administrator allowed it; a retry goes on with what is there.
            arrived.clear()
            await asyncio.to_thread(download)
        assert arrived[0] > 1024 * 1024
        assert [(p.name, p.read_bytes()) for p in found_in(tmp_path)] == [("a.tif", content)]


async def _plate_image(env: OmeroWorkerEnv) -> int:
    """Import a plate into a screen and return one of its images."""
    folder = resource("sample-data", "ome-tiff-plate-cells")
    paths = sorted(p.relative_to(folder).as_posix() for p in folder.iterdir())
    paths.sort(key=lambda path: "companion" not in path)
    plate = Sample(folder, tuple(paths), 4)
    repository = env.repository.open()
    async with repository.session("alice") as session:
        screen = await session.containers.create(ContainerKind.SCREEN, "Plates")
        plan = plan_for(plate, screen.ref, screen.group_id)
        made = await import_all(session, plan, plate.paths)
    await repository.close()
    return made.image_ids[0]


class TestBytes:
    """What becomes of the bytes at OMERO."""

    async def test_wrong_checksum_once_is_sent_again(
        self, env: OmeroWorkerEnv, server: RestServer, alice: ServerClient
    ) -> None:
        target, content = await new_target(alice), noise(30)
        env.sandbox.control("wrong_checksum", count=1)
        handed = await hand_in(alice, target.ref, [content])
        await imported(server, handed)
        await assert_arrived(env, "alice", target.ref, [content])
        assert (await server.parts.queue.get(handed.items[0].id)).attempts == 0

    async def test_wrong_checksum_always_asks_a_person(
        self, env: OmeroWorkerEnv, server: RestServer, alice: ServerClient
    ) -> None:
        target, content = await new_target(alice), noise(31)
        before = env.sandbox.control("status")["counts"]
        env.sandbox.control("wrong_checksum", count=1000)
        try:
            handed = await hand_in(alice, target.ref, [content])
            item = await asked(server, handed)
        finally:
            env.sandbox.control("wrong_checksum", count=0)
        assert item.trouble is not None
        assert "Ask the administrator of the repository" in item.trouble.message
        assert env.sandbox.control("status")["counts"]["Fileset"] == before["Fileset"]
        assert env.staged

        await alice.retry(handed.transfer.id)
        await imported(server, handed)
        await assert_arrived(env, "alice", target.ref, [content])

    async def test_full_disk_waits_and_goes_on(
        self, env: OmeroWorkerEnv, server: RestServer, alice: ServerClient
    ) -> None:
        target, content = await new_target(alice), noise(32)
        env.sandbox.control("disk_full", on=True)
        try:
            handed = await hand_in(alice, target.ref, [content])
            await until(lambda: in_states(server, [handed], ItemState.WAITING), "it waits")
            (item,) = (await alice.transfer(handed.transfer.id)).items
        finally:
            env.sandbox.control("disk_full", on=False)
        assert item.trouble is not None
        assert (item.trouble.code, item.trouble.retryable) == ("storage-full", True)
        assert "tell your OMERO administrator" in item.trouble.message
        await imported(server, handed)
        await assert_arrived(env, "alice", target.ref, [content])


class TestHealth:
    """Alive, silent or gone, in the words of the health page."""

    async def test_frozen_server_is_unreachable(
        self, env: OmeroWorkerEnv, server: RestServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with httpx.AsyncClient(base_url=server.url, timeout=60) as http:
            env.sandbox.control("freeze")
            with monkeypatch.context() as patch:
                # Only of the one that does not answer: what answers may take its time.
                patch.setattr("transferapp.repositories.omero.sessions.health._LIMIT_S", 0.5)
                try:
                    frozen = (await http.get("/healthz")).json()
                finally:
                    env.sandbox.control("thaw")
            thawed = (await http.get("/healthz")).json()
        assert frozen["status"] == "degraded"
        assert frozen["repository"]["state"] == HealthState.UNREACHABLE
        assert "Nothing is lost" in frozen["repository"]["detail"]
        assert thawed["status"] == "ok"
        assert thawed["repository"]["state"] == HealthState.PROGRESSING

    async def test_silent_since(self, env: OmeroWorkerEnv) -> None:
        clock = AheadClock()
        omero = OmeroRepository(OmeroSettings(), clock)
        cells = Sample(
            resource("sample-data", "tiff-channels-cells"),
            ("cells_D03f00d1.tif",),
            1,
        )
        env.sandbox.control("busy_queue", on=True)
        heard: list[HealthState] = []

        signs: list[str] = []

        def waited(_done: int, _steps: int, text: str) -> None:
            signs.append(text)

        async def listen() -> None:
            while HealthState.SILENT not in heard:
                heard.append((await omero.health()).state)
                clock.advance(minutes=2 if signs else 0)
            assert signs == ["waiting in OMERO's own queue"], "silence is no sign"
            detail = (await omero.health()).detail
            assert "1 imports wait in its own queue since" in detail
            env.sandbox.control("busy_queue", on=False)

        async with omero.session("alice") as session:
            dataset = await new_dataset(session)
            plan = plan_for(cells, dataset.ref, dataset.group_id)
            fileset = await session.imports.reserve(plan)
            await session.imports.store(fileset, plan, cells.paths)
            _, made = await asyncio.gather(
                listen(), session.imports.register(fileset, plan, waited)
            )
        assert heard[0] is HealthState.PROGRESSING
        assert (await omero.health()).state is HealthState.PROGRESSING
        assert len(made.image_ids) == 1
        await omero.close()
