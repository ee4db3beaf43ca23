"""In-place imports: links instead of copies, through crashes; uploads where none can be."""

from __future__ import annotations

import asyncio
import gc
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

from tests.support.in_place_env import (
    CELLS,
    adopted,
    check,
    counts,
    forget_key,
    go_on,
    in_place_settings,
    inodes,
    planned,
    staged,
    stored,
    transfers,
)
from tests.support.in_place_fixtures import cells, kind, omero
from tests.support.omero_env import (
    adapter,
    settings_for,
)
from tests.support.omero_fixtures import sandbox
from tests.support.small_disks import small_disk
from transferapp.errors import ChecksumMismatch, TransferAppError, UploadLost
from transferapp.model.skips import Skip
from transferapp.repositories.omero.imports import in_place
from transferapp.repositories.omero.repository import OmeroRepository
from transferapp.repositories.port import Capability
from transferapp.sandbox.omero_sandbox.fixture import RunningSandbox
from transferapp.testing.repository_env import (
    ALICE,
    Sample,
    sha1_of,
    whole,
)

__all__ = ["cells", "kind", "omero", "sandbox"]


async def test_bytes_stay_when_the_staging_forgets_them(
    sandbox: RunningSandbox, omero: OmeroRepository, cells: Sample, kind: str
) -> None:
    assert Capability.IN_PLACE_IMPORT in omero.capabilities
    content, before = cells.paths[0].read_bytes(), set(stored(sandbox))
    async with omero.session(ALICE) as session:
        plan = await planned(session, cells)
        made = await go_on(session, plan, cells)
        [new] = set(stored(sandbox)) - before
        assert inodes([new]) == inodes(cells.paths)
        assert new.is_symlink() == (kind == "symlink")
        cells.paths[0].unlink()
        await check(sandbox, session, made)
        [file] = await session.imports.files(made)
        assert await whole(session, file.id) == content
        assert await session.images.thumbnail(made.image_ids[0], 96)
        reported = {"hardlink": "Hardlink", "symlink": "Symlink"}[kind]
        stated = await asyncio.to_thread(transfers, sandbox, made)
        assert stated == f"ome.formats.importer.transfers.{reported}FileTransfer"
        await session.images.delete(made.image_ids)
    assert not new.exists()


async def test_sizes_are_enough_where_checksums_are_skipped(
    sandbox: RunningSandbox, omero: OmeroRepository, cells: Sample
) -> None:
    before = set(stored(sandbox))
    async with omero.session(ALICE) as session:
        plan = await planned(session, cells)
        plan = replace(plan, skip=frozenset({Skip.CHECKSUM}))
        made = await go_on(session, plan, cells)
        [new] = set(stored(sandbox)) - before
        assert inodes([new]) == inodes(cells.paths)
        [file] = await session.imports.files(made)
        assert file.hasher == "File-Size-64"
        await session.images.delete(made.image_ids)


async def test_a_name_that_omero_changes_is_linked_where_omero_has_it(
    sandbox: RunningSandbox, omero: OmeroRepository, cells: Sample, kind: str
) -> None:
    odd = "at 12:30/con.tif"
    (cells.folder / odd).parent.mkdir()
    cells.paths[0].rename(cells.folder / odd)
    sample = Sample(cells.folder, (odd,), 1)
    before = set(stored(sandbox))
    async with omero.session(ALICE) as session:
        plan = await planned(session, sample)
        made = await go_on(session, plan, sample)
        [new] = set(stored(sandbox)) - before
        assert new.parts[-2:] == ("at 12;30", "_con.tif")
        assert inodes([new]) == inodes(sample.paths)
        assert new.is_symlink() == (kind == "symlink")
        await check(sandbox, session, made)


async def test_no_key_in_omero_is_no_proof_that_nothing_needs_the_files(
    sandbox: RunningSandbox, omero: OmeroRepository, cells: Sample
) -> None:
    """People may delete a comment on their fileset: why the vault is not swept by keys."""
    async with omero.session(ALICE) as session:
        plan = await planned(session, cells)
        made = await go_on(session, plan, cells)
        cells.paths[0].unlink()
        await asyncio.to_thread(forget_key, sandbox, made)
        assert await session.imports.find(plan.key) is None
        # As a cancel does that asked for the key a moment before.
        await session.imports.discard(made)
        await check(sandbox, session, made)
        await session.images.delete(made.image_ids)


async def test_nested_paths_and_empty_files(
    sandbox: RunningSandbox, omero: OmeroRepository, tmp_path: Path
) -> None:
    folder = tmp_path / "made"
    (folder / "a b" / "deep").mkdir(parents=True)
    first = "a b/cells.tif"
    (folder / first).write_bytes(CELLS.paths[0].read_bytes())
    # The marker must not be as long as the file.
    marker_like = "x" * len(in_place._MARKER + b"0" * 32)
    (folder / "a b/deep/notes.txt").write_text(marker_like)
    (folder / "a b/deep/empty.txt").touch()
    paths = (first, "a b/deep/notes.txt", "a b/deep/empty.txt")
    sample = staged(Sample(folder, paths, 1), tmp_path / "staging")
    before = set(stored(sandbox))
    async with omero.session(ALICE) as session:
        plan = await planned(session, sample)
        made = await go_on(session, plan, sample)
        new = set(stored(sandbox)) - before
        assert inodes(list(new)) == inodes(sample.paths)
        held = {
            (f.client_path, f.size_bytes, f.hash) for f in await session.imports.files(made)
        }
        assert held == {(f.client_path, f.size_bytes, f.sha1) for f in plan.files}
        await check(sandbox, session, made)


async def test_every_step_twice(
    sandbox: RunningSandbox, omero: OmeroRepository, cells: Sample
) -> None:
    before = counts(sandbox)
    async with omero.session(ALICE) as session:
        plan = await planned(session, cells)
        for _ in range(2):
            await session.imports.store(await adopted(session.imports, plan), plan, cells.paths)
        made = await go_on(session, plan, cells)
        assert await go_on(session, plan, cells) == made
        await check(sandbox, session, made)
    assert counts(sandbox) == (before[0] + 1, before[1] + 1)


async def test_another_disk_is_uploaded_to(
    sandbox: RunningSandbox, omero: OmeroRepository, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk") as disk:
        cells, before = staged(CELLS, disk / "staging"), set(stored(sandbox))
        async with omero.session(ALICE) as session:
            plan = await planned(session, cells)
            made = await go_on(session, plan, cells)
            assert (await adopted(session.imports, plan)).id == made.id
            await check(sandbox, session, made)
        [new] = set(stored(sandbox)) - before
        assert not new.is_symlink()
        assert new.read_bytes() == cells.paths[0].read_bytes()
        assert new.stat().st_nlink == 1
        assert await asyncio.to_thread(transfers, sandbox, made) is None
        assert not list((tmp_path / "vault").rglob("*"))
        # The small disk can go only when nothing refers to it any more.
        gc.collect()


async def test_one_file_of_two_cannot_be_linked(
    sandbox: RunningSandbox, omero: OmeroRepository, tmp_path: Path
) -> None:
    folder = tmp_path / "made"
    folder.mkdir()
    (folder / "cells.tif").write_bytes(CELLS.paths[0].read_bytes())
    (folder / "notes.txt").write_text("notes")
    both = staged(Sample(folder, ("cells.tif", "notes.txt"), 1), tmp_path / "staging")
    both.paths[1].chmod(0o644)  # Somebody could still write to it.
    before = set(stored(sandbox))
    async with omero.session(ALICE) as session:
        plan = await planned(session, both)
        made = await go_on(session, plan, both)
        new = sorted(set(stored(sandbox)) - before)
        assert [path.name for path in new] == ["cells.tif", "notes.txt"]
        assert inodes(new[:1]) == inodes(both.paths[:1])
        assert inodes(new[1:]) != inodes(both.paths[1:])
        for path in both.paths:
            path.unlink()
        await check(sandbox, session, made)
    assert await asyncio.to_thread(transfers, sandbox, made) is not None


async def test_another_repository_is_noticed(
    sandbox: RunningSandbox, cells: Sample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(in_place, "_SCAN_FOR_S", 0.2)
    wrong = tmp_path / "another repository"
    wrong.mkdir()
    settings = in_place_settings(sandbox, tmp_path, "hardlink")
    repository = adapter(settings.model_copy(update={"managed_repository": wrong}))
    async with repository.session(ALICE) as session:
        plan = await planned(session, cells)
        made = await go_on(session, plan, cells)
        await check(sandbox, session, made)
    await repository.close()
    assert not list(wrong.iterdir())
    assert cells.paths[0].stat().st_nlink == 1
    assert await asyncio.to_thread(transfers, sandbox, made) is None


async def test_wrong_checksum_is_linked_again(
    sandbox: RunningSandbox, omero: OmeroRepository, cells: Sample
) -> None:
    async with omero.session(ALICE) as session:
        plan = await planned(session, cells)
        fileset = await session.imports.reserve(plan)
        # One for the marker, one for the link.
        sandbox.control("wrong_checksum", count=2)
        await session.imports.store(fileset, plan, cells.paths)
        with pytest.raises(ChecksumMismatch):
            await session.imports.verify(fileset, plan)
        before = sha1_of(cells.paths[0].read_bytes())
        made = await go_on(session, plan, cells)
        assert made.id == fileset.id
        assert sha1_of(cells.paths[0].read_bytes()) == before
        assert cells.paths[0].stat().st_nlink > 1
        await check(sandbox, session, made)


async def test_failed_import_leaves_nothing(
    sandbox: RunningSandbox, omero: OmeroRepository, tmp_path: Path
) -> None:
    strange = tmp_path / "made" / "notes.xyz"
    strange.parent.mkdir()
    strange.write_bytes(b"not an image at all")
    sample = staged(Sample(strange.parent, ("notes.xyz",), 0), tmp_path / "staging")
    before, files = counts(sandbox), stored(sandbox)
    async with omero.session(ALICE) as session:
        plan = await planned(session, sample)
        with pytest.raises(TransferAppError, match="OMERO says"):
            await go_on(session, plan, sample)
    assert counts(sandbox) == before
    assert stored(sandbox) == files
    assert not list((tmp_path / "vault").rglob("*"))
    assert sample.paths[0].read_bytes() == b"not an image at all"


@pytest.mark.parametrize("kind", ["hardlink"], indirect=True)
async def test_links_are_never_written_through(
    sandbox: RunningSandbox, omero: OmeroRepository, cells: Sample, tmp_path: Path
) -> None:
    """A worker without the repository takes over a fileset whose link is wrong."""
    content = cells.paths[0].read_bytes()
    async with omero.session(ALICE) as session:
        plan = await planned(session, cells)
        fileset = await session.imports.reserve(plan)
        sandbox.control("wrong_checksum", count=2)
        await session.imports.store(fileset, plan, cells.paths)
    plain = adapter(settings_for(sandbox, tmp_path))
    async with plain.session(ALICE) as session:
        with pytest.raises((ChecksumMismatch, UploadLost)):
            await session.imports.verify(fileset, plan)
        made = await go_on(session, plan, cells)
        assert made.id != fileset.id
        await check(sandbox, session, made)
    await plain.close()
    assert cells.paths[0].read_bytes() == content
    assert cells.paths[0].stat().st_nlink == 1
