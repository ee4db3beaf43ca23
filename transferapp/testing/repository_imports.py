"""Conformance of image repositories: the steps of an import, each repeated."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from transferapp.errors import (
    ChecksumMismatch,
    Invalid,
    PermissionDenied,
    TargetNotFound,
    UploadLost,
)
from transferapp.model.containers import ContainerKind
from transferapp.model.filesets import Fileset
from transferapp.model.images import Annotation, AnnotationKind
from transferapp.repositories.port import (
    Capability,
)
from transferapp.testing.repository_env import (
    ALICE,
    BOB,
    LAB,
    RepositoryEnv,
    group_id,
    import_all,
    new_dataset,
    plan_for,
    whole,
)


class ImportSuite:
    """The steps of an import, each of them repeated."""

    async def test_every_step_twice_makes_one_image(self, env: RepositoryEnv) -> None:
        lab = await group_id(env.repository, ALICE, LAB)
        async with env.repository.session(ALICE, lab) as session:
            dataset = await new_dataset(session)
            plan = plan_for(env.single, dataset.ref, lab)
            assert await session.imports.find(plan.key) is None
            made = await import_all(session, plan, env.single.paths, times=2)
            assert len(made.image_ids) == env.single.image_count
            listed = await session.images.find(dataset.ref)
            assert tuple(image.id for image in listed) == made.image_ids
            assert await session.imports.find(plan.key) == made
            assert (await session.containers.get(dataset.ref)).image_count == len(listed)

    async def test_repository_holds_the_bytes_that_were_sent(self, env: RepositoryEnv) -> None:
        lab = await group_id(env.repository, ALICE, LAB)
        async with env.repository.session(ALICE, lab) as session:
            plan = plan_for(env.several, (await new_dataset(session)).ref, lab)
            made = await import_all(session, plan, env.several.paths)
            files = await session.imports.files(made)
            held = {(f.client_path, f.size_bytes, f.hash) for f in files}
            assert held == {(f.client_path, f.size_bytes, f.sha1) for f in plan.files}
            for file, path in zip(files, env.several.paths, strict=True):
                assert await whole(session, file.id) == path.read_bytes()
            assert all(path.exists() for path in env.several.paths)

    async def test_another_session_goes_on_where_one_was_killed(
        self, env: RepositoryEnv
    ) -> None:
        lab = await group_id(env.repository, ALICE, LAB)
        async with env.repository.session(ALICE, lab) as session:
            plan = plan_for(env.several, (await new_dataset(session)).ref, lab)
            first = await session.imports.reserve(plan)
            await session.imports.store(first, plan, env.several.paths)
        async with env.repository.session(ALICE, lab) as session:
            adopted = await session.imports.find(plan.key)
            assert adopted is not None
            assert (adopted.id, adopted.image_ids) == (first.id, ())
            made = await import_all(session, plan, env.several.paths)
            assert made.id == first.id
            assert len(made.image_ids) == env.several.image_count

    async def test_wrong_bytes_are_noticed_and_can_be_sent_again(
        self, env: RepositoryEnv, tmp_path: Path
    ) -> None:
        lab = await group_id(env.repository, ALICE, LAB)
        damaged = tmp_path / "damaged"
        content = bytearray(env.single.paths[0].read_bytes())
        content[-1] ^= 0xFF
        damaged.write_bytes(content)
        async with env.repository.session(ALICE, lab) as session:
            plan = plan_for(env.single, (await new_dataset(session)).ref, lab)
            fileset = await session.imports.reserve(plan)
            await session.imports.store(fileset, plan, [damaged, *env.single.paths[1:]])
            with pytest.raises(ChecksumMismatch):
                await session.imports.verify(fileset, plan)
            made = await import_all(session, plan, env.single.paths)
            assert made.id == fileset.id
            [file] = await session.imports.files(made)
            assert file.hash == plan.files[0].sha1

    async def test_what_was_taken_away_is_asked_for_again(self, env: RepositoryEnv) -> None:
        """A failed import is discarded; the steps before are not repeated by a retry."""
        lab = await group_id(env.repository, ALICE, LAB)
        async with env.repository.session(ALICE, lab) as session:
            plan = plan_for(env.single, (await new_dataset(session)).ref, lab)
            fileset = await session.imports.reserve(plan)
            await session.imports.store(fileset, plan, env.single.paths)
            await session.imports.discard(fileset)
            again = await session.imports.reserve(plan)
            with pytest.raises(UploadLost):
                await session.imports.register(again, plan, lambda *_: None)
            made = await import_all(session, plan, env.single.paths)
            assert len(made.image_ids) == env.single.image_count

    async def test_same_content_twice_makes_two_filesets(self, env: RepositoryEnv) -> None:
        lab = await group_id(env.repository, ALICE, LAB)
        async with env.repository.session(ALICE, lab) as session:
            target = (await new_dataset(session)).ref
            plans = [plan_for(env.single, target, lab) for _ in range(2)]
            first, second = [await import_all(session, p, env.single.paths) for p in plans]
            assert first.id != second.id
            await session.images.delete(first.image_ids)
            [left] = await session.images.files(second.image_ids)
            assert await whole(session, left.id) == env.single.paths[0].read_bytes()

    async def test_progress_and_annotations(self, env: RepositoryEnv) -> None:
        lab = await group_id(env.repository, ALICE, LAB)
        sample = env.plate or env.single
        stated: list[tuple[int, int, str]] = []
        async with env.repository.session(ALICE, lab) as session:
            notes = (
                Annotation(AnnotationKind.TAG, value="fixed"),
                Annotation(AnnotationKind.KEY_VALUE, "lab", pairs=(("stain", "DAPI"),)),
            )
            plan = plan_for(sample, (await new_dataset(session)).ref, lab, *notes)
            fileset = await session.imports.reserve(plan)
            await session.imports.store(fileset, plan, sample.paths)
            made = await session.imports.register(
                fileset, plan, lambda done, total, text: stated.append((done, total, text))
            )
            found = [await session.images.get(image_id) for image_id in made.image_ids]
        assert [set(d.annotations) for d in found] == [set(notes)] * sample.image_count
        assert stated[-1][0] == stated[-1][1] > 0
        assert [done for done, _, _ in stated] == sorted(done for done, _, _ in stated)

    async def test_target_deleted_before_reserve(self, env: RepositoryEnv) -> None:
        lab = await group_id(env.repository, ALICE, LAB)
        async with env.repository.session(ALICE, lab) as session:
            dataset = await new_dataset(session)
            await session.containers.delete(dataset.ref)
            with pytest.raises(TargetNotFound):
                await session.imports.reserve(plan_for(env.single, dataset.ref, lab))

    async def test_target_deleted_before_register(self, env: RepositoryEnv) -> None:
        lab = await group_id(env.repository, ALICE, LAB)
        async with env.repository.session(ALICE, lab) as session:
            dataset = await new_dataset(session)
            plan = plan_for(env.single, dataset.ref, lab)
            fileset = await session.imports.reserve(plan)
            await session.imports.store(fileset, plan, env.single.paths)
            await session.containers.delete(dataset.ref)
            with pytest.raises(TargetNotFound):
                await session.imports.register(fileset, plan, lambda *_: None)
            assert await session.imports.find(plan.key) == fileset

    async def test_no_permission_for_a_colleagues_dataset(self, env: RepositoryEnv) -> None:
        lab = await group_id(env.repository, ALICE, LAB)
        async with env.repository.session(ALICE, lab) as session:
            dataset = await new_dataset(session)
        async with env.repository.session(BOB, lab) as session:
            with pytest.raises(PermissionDenied):
                await session.imports.reserve(plan_for(env.single, dataset.ref, lab))

    async def test_discard_spares_images(self, env: RepositoryEnv) -> None:
        lab = await group_id(env.repository, ALICE, LAB)
        async with env.repository.session(ALICE, lab) as session:
            target = (await new_dataset(session)).ref
            plan = plan_for(env.single, target, lab)
            fileset = await session.imports.reserve(plan)
            await session.imports.store(fileset, plan, env.single.paths)
            for _ in range(2):
                await session.imports.discard(fileset)
            assert await session.imports.find(plan.key) is None
            made = await import_all(session, plan, env.single.paths)
            # Also with the knowledge of before the images were made.
            await session.imports.discard(Fileset(made.id, made.key))
            assert await session.imports.find(plan.key) == made
            assert await session.images.find(target)

    async def test_what_is_no_plate_is_refused_by_a_screen(self, env: RepositoryEnv) -> None:
        if Capability.SCREENS not in env.repository.capabilities:
            return
        lab = await group_id(env.repository, ALICE, LAB)
        async with env.repository.session(ALICE, lab) as session:
            screen = await session.containers.create(ContainerKind.SCREEN, "A screen")
            plan = plan_for(env.single, screen.ref, lab)
            with pytest.raises(Invalid, match="is no plate"):
                await import_all(session, plan, env.single.paths)
            assert await session.containers.children(screen.ref) == []
            elsewhere = replace(plan, target=(await new_dataset(session)).ref)
            made = await import_all(session, elsewhere, env.single.paths)
            listed = await session.images.find(elsewhere.target)
            assert [image.id for image in listed] == list(made.image_ids)
            assert len(await session.images.duplicates(plan.files)) == 1, "one copy only"

    async def test_plate_into_screen(self, env: RepositoryEnv) -> None:
        if env.plate is None:
            assert Capability.SCREENS not in env.repository.capabilities
            return
        lab = await group_id(env.repository, ALICE, LAB)
        async with env.repository.session(ALICE, lab) as session:
            screen = await session.containers.create(ContainerKind.SCREEN, "A screen")
            plan = plan_for(env.plate, screen.ref, lab)
            made = await import_all(session, plan, env.plate.paths, times=2)
            assert len(made.image_ids) == env.plate.image_count
            [plate] = await session.containers.children(screen.ref)
            assert plate.ref.kind is ContainerKind.PLATE
            on_plate = await session.images.find(plate.ref)
            assert tuple(image.id for image in on_plate) == made.image_ids
