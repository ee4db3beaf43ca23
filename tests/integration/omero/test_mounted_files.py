"""Original files are read where OMERO keeps them, if OMERO lets the person read them."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

import omero as omero_py
from omero import rtypes

from tests.support.omero_env import adapter, settings_for
from tests.support.omero_fixtures import sandbox
from tests.support.omero_sandbox_env import gateway
from transferapp.errors import ChecksumMismatch, PermissionDenied
from transferapp.repositories.omero.repository import OmeroRepository
from transferapp.repositories.port import Capability
from transferapp.sandbox.omero_sandbox.fixture import RunningSandbox
from transferapp.testing.repository_env import (
    ALICE,
    BOB,
    PASSWORD,
    Sample,
    import_all,
    new_dataset,
    plan_for,
)

__all__ = ["sandbox"]

POLICY = "omero.policy.binary_access"
#: Three reads of our adapter.
CONTENT = bytes(range(256)) * 8192 + b"end"


@contextlib.asynccontextmanager
async def mounted(
    sandbox: RunningSandbox, folder: Path, mount: Path
) -> AsyncIterator[OmeroRepository]:
    settings = settings_for(sandbox, folder)
    repository = adapter(settings.model_copy(update={"managed_repository": mount}))
    try:
        yield repository
    finally:
        await repository.close()


async def imported(repository: OmeroRepository, folder: Path, content: bytes = CONTENT) -> Any:
    """Import a file as alice; return it as OMERO has it."""
    path = folder / "big.fake"
    path.write_bytes(content)
    async with repository.session(ALICE) as session:
        dataset = await new_dataset(session)
        plan = plan_for(Sample(folder, ("big.fake",), 1), dataset.ref, dataset.group_id)
        made = await import_all(session, plan, [path])
        (file,) = await session.images.files(made.image_ids)
    return file


async def read(
    repository: OmeroRepository,
    file_id: int,
    offset: int = 0,
    length: int | None = None,
    who: str = ALICE,
) -> bytes:
    async with repository.session(who) as session:
        pieces = session.images.read(file_id, offset, length)
        return b"".join([piece async for piece in pieces])


def on_disk(mount: Path) -> Path:
    """Return the newest file of that name below the mount."""
    return max(mount.rglob("big.fake"), key=lambda path: path.stat().st_mtime_ns)


def bytes_of_omero(sandbox: RunningSandbox) -> int:
    """Return how many reads OMERO has answered since this was asked last."""
    return int(sandbox.control("calls")["calls"].get("RawFileStore.read", 0))


async def test_only_the_ends_come_from_omero(sandbox: RunningSandbox, tmp_path: Path) -> None:
    async with mounted(sandbox, tmp_path, sandbox.repository_folder) as repository:
        assert Capability.DIRECT_FILES in repository.capabilities
        assert Capability.DIRECT_PIXELS not in repository.capabilities
        file = await imported(repository, tmp_path)
        sandbox.control("calls")
        assert await read(repository, file.id) == CONTENT
        assert bytes_of_omero(sandbox) == 2
        assert await read(repository, file.id, 1000, 5) == CONTENT[1000:1005]
        assert await read(repository, file.id, len(CONTENT) - 2, 10) == CONTENT[-2:]
        assert bytes_of_omero(sandbox) == 4


async def test_a_copy_that_is_damaged_is_found(sandbox: RunningSandbox, tmp_path: Path) -> None:
    """OMERO's own checksum is compared here too."""
    mount = tmp_path / "mount"
    mount.mkdir()
    async with mounted(sandbox, tmp_path, mount) as repository:
        file = await imported(repository, tmp_path)
        shutil.copytree(sandbox.repository_folder, mount, dirs_exist_ok=True)
        damaged = bytearray(CONTENT)
        damaged[100_000] ^= 1
        on_disk(mount).write_bytes(damaged)
        with pytest.raises(ChecksumMismatch):
            await read(repository, file.id)


@pytest.mark.parametrize("other", ["shorter", "end", "gone", "folder", "empty mount"])
async def test_another_file_there_is_not_read(
    sandbox: RunningSandbox, tmp_path: Path, other: str
) -> None:
    mount = tmp_path / "mount"
    mount.mkdir()
    async with mounted(sandbox, tmp_path, mount) as repository:
        file = await imported(repository, tmp_path)
        if other != "empty mount":
            shutil.copytree(sandbox.repository_folder, mount, dirs_exist_ok=True)
            place = on_disk(mount)
            place.unlink()
            if other == "folder":
                place.mkdir()
            elif other != "gone":
                changed = {"shorter": CONTENT[:-1], "end": CONTENT[:-1] + b"?"}[other]
                place.write_bytes(changed)
        assert await read(repository, file.id) == CONTENT


async def test_what_omero_keeps_back_stays_there(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    async with mounted(sandbox, tmp_path, sandbox.repository_folder) as repository:
        file = await imported(repository, tmp_path)
        before = "+read,+write,+image"
        sandbox.control("set", key=POLICY, value="+write,+image")
        try:
            with pytest.raises(PermissionDenied, match=POLICY):
                await read(repository, file.id, who=BOB)
        finally:
            sandbox.control("set", key=POLICY, value=before)


async def test_a_path_that_somebody_made_up_opens_nothing(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    """Whoever makes an OriginalFile chooses its path; only OMERO knows what is in there."""
    async with mounted(sandbox, tmp_path, sandbox.repository_folder) as repository:
        await imported(repository, tmp_path)
        inside = on_disk(sandbox.repository_folder).relative_to(sandbox.repository_folder)
        own = CONTENT[:5000] + b"own".ljust(len(CONTENT) - 10_000) + CONTENT[-5000:]
        with gateway(sandbox, BOB, password=PASSWORD) as conn:
            made = omero_py.model.OriginalFileI()
            made.setPath(rtypes.rstring(f"{inside.parent}/"))
            made.setName(rtypes.rstring(inside.name))
            made.setSize(rtypes.rlong(len(own)))
            made.setHash(rtypes.rstring(""))
            file_id = conn.getUpdateService().saveAndReturnIds([made])[0]
            store = conn.createRawFileStore()
            store.setFileId(file_id)
            store.write(own, 0, len(own))
            store.save()
            store.close()
        assert await read(repository, file_id, who=BOB) == own
