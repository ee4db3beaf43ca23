"""After a crash an import is found again in its own session; nothing is deleted under it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

from tests.support.omero_env import adapter, populate, settings_for, start_sandbox
from tests.support.omero_worker_env import AheadClock
from transferapp.errors import Busy, RepositoryUnavailable, UploadLost
from transferapp.host.resources import resource
from transferapp.model.filesets import Fileset, FilesetPlan
from transferapp.model.skips import Skip
from transferapp.repositories.omero.repository import OmeroRepository
from transferapp.repositories.omero.settings import OmeroSettings
from transferapp.repositories.port import RepositorySession
from transferapp.sandbox.omero_sandbox.fixture import RunningSandbox
from transferapp.testing.repository_env import (
    ALICE,
    Sample,
    import_all,
    new_dataset,
    plan_for,
)

CELLS = Sample(resource("sample-data", "tiff-channels-cells"), ("cells_D03f00d1.tif",), 1)
TRANSPORTS = ("tcp", "ssl", "wss")
#: Of the tests' own clock, which no load moves on: nothing is quiet before a test says so.
QUIET_S = 600.0


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[RunningSandbox]:
    with start_sandbox(tmp_path / "sandbox", TRANSPORTS) as started:
        populate(started)
        started.control("cancel_timeout", seconds=0.3)
        yield started
        assert started.control("offences")["offences"] == []


@pytest.fixture
def clock() -> AheadClock:
    return AheadClock()


def stated(sandbox: RunningSandbox, folder: Path, transport: str = "tcp") -> OmeroSettings:
    settings = settings_for(sandbox, folder, transport)
    return settings.model_copy(update={"import_quiet_s": QUIET_S})


async def begin(
    sandbox: RunningSandbox, repository: OmeroRepository, place: str
) -> tuple[FilesetPlan, Fileset]:
    """Import until OMERO is at a place, and forget it there as a killed process does."""
    async with repository.session(ALICE) as session:
        dataset = await new_dataset(session)
        plan = plan_for(CELLS, dataset.ref, dataset.group_id)
        fileset = await session.imports.reserve(plan)
        await session.imports.store(fileset, plan, CELLS.paths)
        sandbox.control("hold", place=place)
        running = asyncio.create_task(session.imports.register(fileset, plan, lambda *_: None))
        held = await asyncio.to_thread(sandbox.control, "held", seconds=20)
        assert held["held"]
        running.cancel()
        await asyncio.wait({running})
    return plan, fileset


def die(repository: OmeroRepository) -> None:
    """Break the connections; nothing is told to OMERO."""
    pool = repository._pool
    for pooled in pool._held.values():
        connection = pooled.gateway._client.getSession().ice_getCachedConnection()
        connection.close(True)
        pooled.gateway._closed = True
    pool._held.clear()


def counts(sandbox: RunningSandbox) -> tuple[int, int]:
    found = sandbox.control("status")["counts"]
    return found["Fileset"], found["Image"]


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_running_import_is_watched_by_the_next_worker(
    sandbox: RunningSandbox, tmp_path: Path, transport: str
) -> None:
    settings = stated(sandbox, tmp_path, transport)
    first = adapter(settings)
    plan, fileset = await begin(sandbox, first, "import step 2")
    die(first)
    sandbox.control("calls")
    second = adapter(settings)
    heard = asyncio.Event()
    async with second.session(ALICE) as session:
        watching = asyncio.create_task(
            session.imports.register(fileset, plan, lambda *_: heard.set())
        )
        await asyncio.wait_for(heard.wait(), 20)
        assert not watching.done(), "it is still at step 2"
        sandbox.control("let_go")
        made = await watching
    await second.close()
    await first.close()
    assert (made.id, len(made.image_ids)) == (fileset.id, 1)
    assert counts(sandbox) == (1, 1)
    assert list((tmp_path / "omero-imports").iterdir()) == []


async def test_a_note_is_private_and_lives_as_long_as_its_import(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    repository = adapter(stated(sandbox, tmp_path))
    async with repository.session(ALICE) as session:
        dataset = await new_dataset(session)
        plan = plan_for(CELLS, dataset.ref, dataset.group_id)
        await session.imports.reserve(plan)
        (note,) = (tmp_path / "omero-imports").iterdir()
        assert note.stat().st_mode & 0o777 == 0o600
        assert note.parent.stat().st_mode & 0o077 == 0
        sessions = {one.gateway.session_uuid for one in repository._pool._held.values()}
        text = note.read_text(encoding="utf-8")
        assert not any(session in text for session in sessions), "a copy of it opens nothing"
        await import_all(session, plan, CELLS.paths)
        assert not note.exists()
    await repository.close()


async def test_an_import_whose_session_was_ended_is_left_alone(
    sandbox: RunningSandbox, tmp_path: Path, clock: AheadClock
) -> None:
    settings = stated(sandbox, tmp_path)
    first = adapter(settings)
    plan, fileset = await begin(sandbox, first, "import step 1")
    die(first)
    # The end of its session cancels nothing then.
    sandbox.control("cancel_timeout", seconds=0)
    sandbox.control("close_sessions", user=ALICE)
    second = adapter(settings, clock)
    async with second.session(ALICE) as session:
        for attempt in (
            session.imports.reserve(plan),
            session.imports.discard(fileset),
            session.imports.store(fileset, plan, CELLS.paths),
        ):
            with pytest.raises(Busy, match="may still be importing") as caught:
                await attempt
            assert caught.value.retry_after_s is not None
        with pytest.raises(UploadLost):
            await session.imports.register(fileset, plan, lambda *_: None)
        assert counts(sandbox) == (1, 0)
        sandbox.control("let_go")
        # It fails without its session; then all is quiet.
        await asyncio.to_thread(until_over, sandbox)
        made = await again(session, plan, clock)
    await second.close()
    await first.close()
    assert len(made.image_ids) == 1
    assert counts(sandbox) == (1, 1)


async def test_the_log_of_an_import_is_opened_once_and_closed_when_it_is_over(
    sandbox: RunningSandbox, tmp_path: Path, clock: AheadClock
) -> None:
    """OMERO's close saves its row, as the import does at the end of each step."""
    settings = stated(sandbox, tmp_path)
    first = adapter(settings)
    plan, fileset = await begin(sandbox, first, "import step 2")
    die(first)
    sandbox.control("close_sessions", user=ALICE)
    second = adapter(settings, clock)
    async with second.session(ALICE) as session:
        sandbox.control("calls")
        for _ in range(3):
            with pytest.raises(Busy):
                await session.imports.discard(fileset)
        asked = sandbox.control("calls")["calls"]
        sandbox.control("let_go")
        await asyncio.to_thread(until_over, sandbox)
    assert (asked["RawFileStore.setFileId"], asked["RawFileStore.size"]) == (1, 3)
    assert "RawFileStore.close" not in asked
    await second.close()
    third = adapter(settings, clock)
    async with third.session(ALICE) as session:
        made = await again(session, plan, clock)
        assert all(not one.gateway.logs for one in third._pool._held.values())
    await third.close()
    await first.close()
    assert len(made.image_ids) == 1


async def test_a_good_import_outlives_a_pyramid_that_takes_long(
    sandbox: RunningSandbox, tmp_path: Path, clock: AheadClock
) -> None:
    """Without minimum and maximum only OMERO's renderer tells whether pixels can be read, and
    that does not answer while a pyramid is made: nobody may take such an import for failed.
    """
    settings = stated(sandbox, tmp_path)
    first = adapter(settings)
    async with first.session(ALICE) as session:
        dataset = await new_dataset(session)
        plan = plan_for(CELLS, dataset.ref, dataset.group_id)
        plan = replace(plan, skip=frozenset({Skip.MINMAX}))
        made = await import_all(session, plan, CELLS.paths)
    await first.close()
    sandbox.control("close_sessions", user=ALICE)
    sandbox.control("missing_pyramid", seconds=600)
    second = adapter(settings, clock)
    async with second.session(ALICE) as session:
        for _ in range(2):
            with pytest.raises(Busy):
                await session.imports.register(made, plan, lambda *_: None)
            with pytest.raises(Busy):
                await session.imports.discard(made)
            clock.advance(seconds=2 * QUIET_S)
        sandbox.control("missing_pyramid", seconds=0)
        await session.imports.discard(made)
    await second.close()
    assert counts(sandbox) == (1, 1)


def until_over(sandbox: RunningSandbox) -> None:
    end = time.monotonic() + 20
    while sandbox.control("status")["imports"]:
        assert time.monotonic() < end
        time.sleep(0.05)


async def again(session: RepositorySession, plan: FilesetPlan, clock: AheadClock) -> Fileset:
    """Retry as the queue does, as soon as it may."""
    for _ in range(40):
        try:
            return await import_all(session, plan, CELLS.paths)
        except UploadLost:
            continue
        except Busy as error:
            clock.advance(seconds=error.retry_after_s or 0)
    raise AssertionError("it never went on")


async def test_a_long_step_is_not_discarded(sandbox: RunningSandbox, tmp_path: Path) -> None:
    repository = adapter(stated(sandbox, tmp_path))
    plan, fileset = await begin(sandbox, repository, "import step 1")
    async with repository.session(ALICE) as session:
        with pytest.raises(RepositoryUnavailable):
            await session.imports.discard(fileset)
        assert counts(sandbox) == (1, 0)
        sandbox.control("let_go")
        made = await session.imports.register(fileset, plan, lambda *_: None)
    await repository.close()
    assert len(made.image_ids) == 1


async def test_a_closed_handle_is_of_an_import_that_is_over(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    settings = stated(sandbox, tmp_path)
    first = adapter(settings)
    async with first.session(ALICE) as session:
        dataset = await new_dataset(session)
        plan = plan_for(CELLS, dataset.ref, dataset.group_id)
        fileset = await session.imports.reserve(plan)
        await session.imports.store(fileset, plan, CELLS.paths)
        sandbox.control("hold", place="Handle.close", done=True)
        running = asyncio.create_task(session.imports.register(fileset, plan, lambda *_: None))
        held = await asyncio.to_thread(sandbox.control, "held", seconds=20)
        assert held["held"]
        running.cancel()
        await asyncio.wait({running})
    die(first)
    sandbox.control("let_go")
    second = adapter(settings)
    async with second.session(ALICE) as session:
        made = await session.imports.register(fileset, plan, lambda *_: None)
        assert (made.id, len(made.image_ids)) == (fileset.id, 1)
    await second.close()
    await first.close()


async def test_a_queued_import_is_discarded_at_once(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    repository = adapter(stated(sandbox, tmp_path))
    async with repository.session(ALICE) as session:
        dataset = await new_dataset(session)
        plan = plan_for(CELLS, dataset.ref, dataset.group_id)
        fileset = await session.imports.reserve(plan)
        await session.imports.store(fileset, plan, CELLS.paths)
        sandbox.control("busy_queue", on=True)
        registering = session.imports.register(fileset, plan, lambda *_: heard.set())
        heard = asyncio.Event()
        running = asyncio.create_task(registering)
        await asyncio.wait_for(heard.wait(), 20)
        running.cancel()
        await asyncio.wait({running})
        await session.imports.discard(fileset)
        sandbox.control("busy_queue", on=False)
    await repository.close()
    assert counts(sandbox) == (0, 0)


async def test_no_answer_is_not_taken_for_a_dead_import(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    settings = stated(sandbox, tmp_path)
    repository = adapter(settings)
    plan, fileset = await begin(sandbox, repository, "import step 1")
    # Nothing but the question that gets no answer is asked with so little patience.
    impatient = adapter(settings.model_copy(update={"call_timeout_s": 3.0}))
    async with impatient.session(ALICE) as session:
        sandbox.control("freeze")
        with pytest.raises(RepositoryUnavailable):
            await session.imports.discard(fileset)
        sandbox.control("thaw")
    await impatient.close()
    async with repository.session(ALICE) as session:
        sandbox.control("let_go")
        made = await session.imports.register(fileset, plan, lambda *_: None)
    await repository.close()
    assert made.id == fileset.id


async def test_a_restarted_omero_needs_no_waiting(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    settings = settings_for(sandbox, tmp_path)
    first = adapter(settings)
    plan, _ = await begin(sandbox, first, "import step 1")
    sandbox.restart()
    async with first.session(ALICE) as session:
        assert len((await import_all(session, plan, CELLS.paths)).image_ids) == 1
    await first.close()
    assert counts(sandbox) == (1, 1)


async def test_a_worker_that_stops_leaves_its_import_running(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    settings = stated(sandbox, tmp_path)
    first = adapter(settings)
    plan, fileset = await begin(sandbox, first, "import step 2")
    await first.close()
    second = adapter(settings)
    async with second.session(ALICE) as session:
        watching = asyncio.create_task(session.imports.register(fileset, plan, lambda *_: None))
        await asyncio.sleep(0.3)
        sandbox.control("let_go")
        made = await watching
    await second.close()
    assert (made.id, len(made.image_ids)) == (fileset.id, 1)
    assert sandbox.control("sessions")["users"] == []


async def test_an_import_of_which_nobody_knows_anything_is_left_alone_for_a_day(
    sandbox: RunningSandbox, tmp_path: Path, clock: AheadClock
) -> None:
    """Its note is gone, and its session is open: another program may be at work in it."""
    settings = stated(sandbox, tmp_path)
    first = adapter(settings)
    plan, fileset = await begin(sandbox, first, "import step 1")
    (note,) = (tmp_path / "omero-imports").iterdir()
    note.write_text("torn", encoding="utf-8")
    second = adapter(settings, clock)
    async with second.session(ALICE) as session:
        with pytest.raises(Busy, match="may still be importing") as caught:
            await session.imports.discard(fileset)
    assert caught.value.retry_after_s == pytest.approx(24 * 3600, abs=60)
    sandbox.control("fail_step", step=1)
    sandbox.control("let_go")
    await asyncio.to_thread(until_over, sandbox)
    sandbox.control("fail_step", step=0)
    async with second.session(ALICE) as session:
        with pytest.raises(Busy):
            await session.imports.discard(fileset)
        clock.advance(hours=25)
        await session.imports.discard(fileset)
        assert counts(sandbox) == (0, 0)
        assert len((await import_all(session, plan, CELLS.paths)).image_ids) == 1
    await second.close()
    await first.close()
