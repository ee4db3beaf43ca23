"""A file that changed after its import failed: sent anew, imported once, counted right."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest

from tests.support.import_task_env import Env, cells, working_env
from transferapp.errors import (
    NoSuchFile,
    PermissionDenied,
    RepositoryUnavailable,
    StateConflict,
)
from transferapp.grants.port import Grants
from transferapp.model.transfers import ItemRole, ItemState, TransferDetails
from transferapp.operations.imports import ImportRequests
from transferapp.operations.send_anew import SendingAnew
from transferapp.taskqueue.port import TaskControl, TaskState
from transferapp.testing.queue_journal import reach


@pytest.fixture
async def env(tmp_path: Path) -> AsyncIterator[Env]:
    async with working_env(tmp_path) as env:
        yield env


@pytest.fixture
def sending(env: Env) -> SendingAnew:
    return SendingAnew(env.ledger, env.staging, env.repository)


@pytest.fixture
async def failed(env: Env, tmp_path: Path) -> TransferDetails:
    """An import whose file is no image."""
    broken = tmp_path / "cells.png"
    broken.write_bytes(b"this is no image" * 100)
    details = await env.add_import([broken])
    await env.finish(details, TaskState.DEAD)
    assert (await env.item(details)).state is ItemState.FAILED
    return details


async def send(env: Env, details: TransferDetails, content: bytes) -> None:
    """Upload and seal the first file as the workstation does."""
    queue = cast("TaskControl", env.queue)
    requests = ImportRequests(
        env.ledger, env.staging, queue, cast("Grants", None), env.repository
    )
    file_id = details.files[0].id
    await env.restage(file_id, content)
    sha1 = hashlib.sha1(content, usedforsecurity=False).hexdigest()
    for _ in range(2):  # Its answer may be lost.
        await requests.seal(details.transfer.id, file_id, sha1)


async def test_what_was_replaced_is_imported_once(
    env: Env, sending: SendingAnew, failed: TransferDetails
) -> None:
    content, [file] = cells().read_bytes(), failed.files
    item = await sending.forget_sent(failed.transfer.id, file.id, len(content))
    assert (item.state, item.size_bytes, item.bytes_done) == (
        ItemState.QUEUED, len(content), 0,
    )  # fmt: skip
    with pytest.raises(NoSuchFile):
        await env.staging.path(file.id)
    await send(env, failed, content)
    await reach(env.queue, item.id, TaskState.DONE)
    now = await env.item(failed)
    assert (now.state, now.verified, now.bytes_done) == (
        ItemState.IMPORTED, True, len(content),
    )  # fmt: skip
    assert len(await env.filesets(failed)) == 1
    with pytest.raises(StateConflict):
        await sending.forget_sent(failed.transfer.id, file.id, 5)


async def test_a_task_that_is_driven_meanwhile_waits_for_its_file(
    env: Env, sending: SendingAnew, failed: TransferDetails
) -> None:
    """An administrator redrives all dead letters while a workstation sends the file."""
    content, [file] = cells().read_bytes(), failed.files
    item = await sending.forget_sent(failed.transfer.id, file.id, len(content))
    await env.queue.redrive(item.id)
    await reach(env.queue, item.id, TaskState.DEAD)
    await asyncio.sleep(0.1)
    assert (await env.item(failed)).state is ItemState.QUEUED
    await send(env, failed, content)
    await reach(env.queue, item.id, TaskState.DONE)
    assert (await env.item(failed)).state is ItemState.IMPORTED


async def test_what_the_repository_does_not_give_up_stays_as_it_is(
    env: Env, sending: SendingAnew, failed: TransferDetails
) -> None:
    """The person presses Retry once more, and nothing is lost."""
    [file] = failed.files
    env.faults["find"] = [RepositoryUnavailable("gone")]
    with pytest.raises(RepositoryUnavailable):
        await sending.forget_sent(failed.transfer.id, file.id, 7)
    assert (await env.item(failed)).state is ItemState.FAILED
    assert (await env.staging.path(file.id)).exists()


async def test_of_another_import_nothing_is_forgotten(
    sending: SendingAnew, failed: TransferDetails
) -> None:
    with pytest.raises(NoSuchFile):
        await sending.forget_sent("0" * 32, failed.files[0].id, 7)


async def test_what_is_attached_already_stays_attached(
    env: Env, sending: SendingAnew, tmp_path: Path
) -> None:
    """The others of its item may come again."""
    notes = [tmp_path / name for name in ("a.txt", "b.txt")]
    for path in notes:
        path.write_text(path.name * 1000, encoding="utf-8")
    details = await env.add_import(notes, role=ItemRole.ATTACHMENTS)
    env.after["attach"] = _once(env)
    await env.finish(details, TaskState.DEAD)
    assert (await env.item(details)).state is ItemState.NEEDS_ATTENTION
    first, second = details.files
    with pytest.raises(StateConflict, match="holds it already"):
        await sending.forget_sent(details.transfer.id, first.id, 9)
    item = await sending.forget_sent(details.transfer.id, second.id, 9)
    assert item.state is ItemState.UPLOADING


def _once(env: Env) -> object:
    async def then_refuse() -> None:
        env.faults["attach"] = [PermissionDenied()]

    return then_refuse
