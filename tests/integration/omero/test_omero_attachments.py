"""Attachments in OMERO: as OMERO.web shows them, and each once, whoever is cut off when."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

from tests.support.omero_env import adapter, settings_for
from tests.support.omero_fixtures import omero, sandbox
from tests.support.omero_sandbox_env import gateway
from transferapp.errors import (
    ChecksumMismatch,
    PermissionDenied,
    StorageFull,
    TransferAppError,
)
from transferapp.model.attachments import Attachment, AttachmentPlan
from transferapp.model.containers import Container
from transferapp.repositories.omero import ice_imports
from transferapp.repositories.omero.imports import attachments
from transferapp.repositories.omero.imports.attachments import NAMESPACE
from transferapp.repositories.omero.repository import OmeroRepository
from transferapp.sandbox.omero_sandbox.fixture import RunningSandbox
from transferapp.testing.repository_attachments import attachment_plan, whole_attachment
from transferapp.testing.repository_env import ALICE, PASSWORD, new_dataset

__all__ = ["omero", "sandbox"]

pytestmark = [
    pytest.mark.filterwarnings("ignore:isSet:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

CONTENT = b"staining protocol\n" * 5000
HELD_WITHIN_S = 25


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three blocks of a file, after the empty one that makes it."""
    monkeypatch.setattr(attachments, "_BLOCK", 1 << 15)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "protocol.txt"
    path.write_bytes(CONTENT)
    return path


async def a_dataset(repository: OmeroRepository) -> Container:
    async with repository.session(ALICE) as session:
        return await new_dataset(session)


async def attach(repository: OmeroRepository, plan: AttachmentPlan, path: Path) -> Attachment:
    async with repository.session(ALICE, plan.group_id) as session:
        return await session.attachments.attach(plan, path)


async def listed(repository: OmeroRepository, dataset: Container) -> list[Attachment]:
    async with repository.session(ALICE) as session:
        return await session.attachments.of(dataset.ref)


def ours(conn: Any) -> list[Any]:
    """All annotations of our namespace, attached or not, that a person's own client sees."""
    query = conn.getQueryService()
    hql = "select a from FileAnnotation a join fetch a.file where a.ns = :ns"
    parameters = ice_imports.omero.sys.ParametersI().addString("ns", NAMESPACE)
    return list(query.findAllByQuery(hql, parameters, conn.SERVICE_OPTS))


async def test_a_persons_own_client_sees_and_downloads_it(
    sandbox: RunningSandbox, omero: OmeroRepository, file: Path
) -> None:
    """OMERO.web lists attachments through this gateway."""
    dataset = await a_dataset(omero)
    plan = attachment_plan(CONTENT, dataset.ref, dataset.group_id, "Monday/protocol.txt")
    made = await attach(omero, plan, file)

    def scan() -> tuple[Any, ...]:
        with gateway(sandbox, password=PASSWORD) as conn:
            (note,) = conn.getObject("Dataset", dataset.ref.id).listAnnotations(ns=NAMESPACE)
            found = note.getFile()
            content = b"".join(found.getFileInChunks())
            return (
                note.getId(), note.getDescription(), found.getName(), found.getSize(),
                found.getMimetype(), found.getHash(), note.getOwnerOmeName(), content,
            )  # fmt: skip

    assert await asyncio.to_thread(scan) == (
        made.id, "Monday/protocol.txt", "protocol.txt", len(CONTENT), "text/plain",
        plan.sha1, ALICE, CONTENT,
    )  # fmt: skip


async def test_who_may_not_annotate_is_reported_so(
    sandbox: RunningSandbox, omero: OmeroRepository, file: Path
) -> None:
    sandbox.control("add_group", name="readers", permissions="rwr---")
    sandbox.control("add_user", name="carol", password=PASSWORD, groups=["readers"])
    sandbox.control("add_user", name="dan", password=PASSWORD, groups=["readers"])
    async with omero.session("carol") as session:
        dataset = await new_dataset(session, "Carol's cells")
        assert dataset.can_annotate
    plan = attachment_plan(CONTENT, dataset.ref, dataset.group_id)
    async with omero.session("dan", dataset.group_id) as session:
        assert not (await session.containers.get(dataset.ref)).can_annotate
        with pytest.raises(PermissionDenied, match="may not attach files to 'Carol's cells'"):
            await session.attachments.attach(plan, file)
        assert await session.attachments.of(dataset.ref) == []


@pytest.mark.parametrize(
    "blow",
    [
        (".saveAndReturnIds", 1, False),
        (".saveAndReturnIds", 1, True),
        ("RawFileStore.write", 2, False),
        ("RawFileStore.write", 3, True),
        ("RawFileStore.save", 1, False),
        ("RawFileStore.save", 1, True),
        (".saveAndReturnIds", 2, False),
        (".saveAndReturnIds", 2, True),
    ],
)
async def test_two_workers_at_once_leave_one_attachment(
    sandbox: RunningSandbox,
    omero: OmeroRepository,
    file: Path,
    tmp_path: Path,
    blow: tuple[str, int, bool],
) -> None:
    """One is cut off in a call, another takes over, and then the first comes back."""
    place, number, done = blow
    dataset = await a_dataset(omero)
    plan = attachment_plan(CONTENT, dataset.ref, dataset.group_id)
    sandbox.control("hold", place=place, number=number, done=done)
    frozen = asyncio.create_task(attach(omero, plan, file))
    held = await asyncio.to_thread(sandbox.control, "held", seconds=HELD_WITHIN_S)
    assert held["held"], "the blow met nothing"
    (tmp_path / "second").mkdir()
    second = adapter(settings_for(sandbox, tmp_path / "second"))
    try:
        await attach(second, plan, file)
        sandbox.control("let_go")
        # It may fail: its file is another's by now. It must not do harm.
        with contextlib.suppress(TransferAppError):
            await frozen
        again = await attach(second, plan, file)
        assert await listed(second, dataset) == [again]
        async with second.session(ALICE) as session:
            assert await whole_attachment(session, again.id) == CONTENT
    finally:
        await second.close()
    paths = [note.getFile().getPath().getValue() for note in await in_thread(sandbox)]
    assert sum(plan.key in path for path in paths) == 1, "nothing half done is left"


async def in_thread(sandbox: RunningSandbox) -> list[Any]:
    def scan() -> list[Any]:
        with gateway(sandbox, password=PASSWORD) as conn:
            return ours(conn)

    return await asyncio.to_thread(scan)


async def test_damaged_on_the_way_is_noticed_and_sent_again(
    sandbox: RunningSandbox, omero: OmeroRepository, file: Path
) -> None:
    dataset = await a_dataset(omero)
    plan = attachment_plan(CONTENT, dataset.ref, dataset.group_id)
    sandbox.control("wrong_checksum", count=1)
    with pytest.raises(ChecksumMismatch):
        await attach(omero, plan, file)
    assert await listed(omero, dataset) == []
    made = await attach(omero, plan, file)
    assert await listed(omero, dataset) == [made]


async def test_full_disk_waits(
    sandbox: RunningSandbox, omero: OmeroRepository, file: Path
) -> None:
    dataset = await a_dataset(omero)
    plan = attachment_plan(CONTENT, dataset.ref, dataset.group_id)
    sandbox.control("disk_full", on=True)
    try:
        with pytest.raises(StorageFull):
            await attach(omero, plan, file)
    finally:
        sandbox.control("disk_full", on=False)
    made = await attach(omero, plan, file)
    assert await listed(omero, dataset) == [made]
    async with omero.session(ALICE) as session:
        assert await session.attachments.discard(plan.key)


async def test_detached_by_a_person_is_attached_again_on_request_only(
    sandbox: RunningSandbox, omero: OmeroRepository, file: Path
) -> None:
    """Deleted in OMERO.web, the file is gone with its annotation; a repeat makes it anew."""
    dataset = await a_dataset(omero)
    plan = attachment_plan(CONTENT, dataset.ref, dataset.group_id)
    made = await attach(omero, plan, file)

    def delete() -> None:
        with gateway(sandbox, password=PASSWORD) as conn:
            conn.deleteObjects("FileAnnotation", [made.id], wait=True)

    await asyncio.to_thread(delete)
    assert await listed(omero, dataset) == []
    again = await attach(omero, plan, file)
    assert again.id != made.id
    assert await listed(omero, dataset) == [again]
