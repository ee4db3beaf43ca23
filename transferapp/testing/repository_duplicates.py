"""Conformance of image repositories: what is known of files that are imported once more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from transferapp.model.containers import ContainerRef
from transferapp.model.duplicates import Duplicate, Likeness
from transferapp.model.filesets import Fileset, FilesetPlan, PlannedFile
from transferapp.repositories.port import RepositorySession
from transferapp.testing.repository_env import (
    ALICE,
    BOB,
    PRIVATE,
    RepositoryEnv,
    Sample,
    group_id,
    import_all,
    new_dataset,
    plan_for,
    sha1_of,
    whole,
)

_UNKNOWN = "0" * 40


class DuplicateSuite:
    """Finding files by their bytes, and by client path and size."""

    async def test_same_bytes_under_another_name(self, env: RepositoryEnv) -> None:
        async with env.repository.session(ALICE) as session:
            dataset = await new_dataset(session, "Where they are")
            plan, made = await self.imported(session, env.several, dataset.ref)
            asked = [replace(f, client_path=f"else/{n}") for n, f in enumerate(plan.files)]
            found = await session.images.duplicates(asked)
        assert [one.file for one in found] == asked
        assert {one.likeness for one in found} == {Likeness.BYTES}
        [fileset] = {one.fileset for one in found}
        assert (fileset.id, fileset.image_ids) == (made.id, made.image_ids)
        assert (fileset.owner, fileset.places) == (ALICE, ("Where they are",))
        assert fileset.file_count == len(plan.files) > 1
        assert not any(one.is_in_place for one in found)

    async def test_same_bytes_at_the_same_paths(self, env: RepositoryEnv) -> None:
        async with env.repository.session(ALICE) as session:
            plan, _ = await self.imported(session, env.several)
            found = await session.images.duplicates(plan.files)
            assert all(one.is_in_place for one in found)
            # Two files with each other's bytes.
            first, second, *_ = plan.files
            exchanged = [replace(first, sha1=second.sha1), replace(second, sha1=first.sha1)]
            found = await session.images.duplicates(exchanged)
        assert {one.likeness for one in found} == {Likeness.BYTES}
        assert not any(one.is_in_place for one in found)

    async def test_same_path_and_size_without_a_hash(self, env: RepositoryEnv) -> None:
        async with env.repository.session(ALICE) as session:
            plan, made = await self.imported(session, env.single)
            [file] = plan.files
            unhashed = replace(file, sha1="")
            [same] = await session.images.duplicates([unhashed])
            assert (same.likeness, same.fileset.id) == (Likeness.PATH, made.id)
            assert same.fileset.places == ()
            # What is there can be read, to compare it further.
            assert same.original is not None
            assert sha1_of(await whole(session, same.original.id)) == file.sha1
            larger = replace(unhashed, size_bytes=file.size_bytes + 1)
            assert await session.images.duplicates([larger]) == []

    async def test_other_bytes_at_the_same_path_are_only_alike(
        self, env: RepositoryEnv
    ) -> None:
        async with env.repository.session(ALICE) as session:
            plan, _ = await self.imported(session, env.single)
            [file] = plan.files
            [same] = await session.images.duplicates([file])
            assert same.likeness is Likeness.BYTES
            [alike] = await session.images.duplicates([replace(file, sha1=_UNKNOWN)])
            assert alike.likeness is Likeness.PATH
            assert alike.original is not None
            assert alike.original.sha1 == file.sha1, "so they are other bytes for sure"

    async def test_every_fileset_is_reported_until_it_is_deleted(
        self, env: RepositoryEnv
    ) -> None:
        async with env.repository.session(ALICE) as session:
            plan, first = await self.imported(session, env.single)
            _, second = await self.imported(session, env.single)
            found = await session.images.duplicates(plan.files)
            assert [one.fileset.id for one in found] == sorted((first.id, second.id))
            await session.images.delete(first.image_ids)
            [left] = await session.images.duplicates(plan.files)
            assert left.fileset.id == second.id

    async def test_unfinished_imports_do_not_count(self, env: RepositoryEnv) -> None:
        async with env.repository.session(ALICE) as session:
            plan = plan_for(env.single, None, session.identity.default_group_id)
            fileset = await session.imports.reserve(plan)
            await session.imports.store(fileset, plan, env.single.paths)
            assert await session.images.duplicates(plan.files) == []

    async def test_scans_across_groups_but_not_into_private_ones(
        self, env: RepositoryEnv
    ) -> None:
        private = await group_id(env.repository, ALICE, PRIVATE)
        async with env.repository.session(ALICE, private) as session:
            plan = plan_for(env.single, None, private)
            made = await import_all(session, plan, env.single.paths)
        async with env.repository.session(ALICE) as session:
            assert _filesets(await session.images.duplicates(plan.files)) == {made.id}
        async with env.repository.session(BOB) as session:
            assert await session.images.duplicates(plan.files) == []

    async def test_many_files_and_none(self, env: RepositoryEnv) -> None:
        async with env.repository.session(ALICE) as session:
            plan, made = await self.imported(session, env.single)
            many = [PlannedFile(f"no/{n}.tif", n, f"{n:040x}") for n in range(1200)]
            found = await session.images.duplicates([*many, *plan.files])
            assert _filesets(found) == {made.id}
            assert await session.images.duplicates([]) == []

    async def imported(
        self, session: RepositorySession, sample: Sample, target: ContainerRef | None = None
    ) -> tuple[FilesetPlan, Fileset]:
        """Import a sample into the session's default group."""
        plan = plan_for(sample, target, session.identity.default_group_id)
        return plan, await import_all(session, plan, sample.paths)


def _filesets(found: Sequence[Duplicate]) -> set[int]:
    return {one.fileset.id for one in found}
