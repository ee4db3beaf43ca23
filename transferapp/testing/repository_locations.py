"""Conformance of image repositories: where images lie."""

from __future__ import annotations

import asyncio
from pathlib import Path

from transferapp.model.containers import ContainerKind
from transferapp.repositories.port import Capability
from transferapp.testing.repository_env import (
    ALICE,
    BOB,
    PRIVATE,
    RepositoryEnv,
    group_id,
    import_all,
    plan_for,
    sha1_of,
)


class LocationSuite:
    """Where images lie, asked for many at once."""

    async def test_datasets_with_and_without_a_project(self, env: RepositoryEnv) -> None:
        async with env.repository.session(ALICE) as session:
            group = session.identity.default_group_id
            make = session.containers.create
            project = await make(ContainerKind.PROJECT, "Embryos")
            inner = await make(ContainerKind.DATASET, "Day 1", parent=project.ref)
            lone = await make(ContainerKind.DATASET, "Loose")
            ids: list[int] = []
            for target in (inner.ref, lone.ref, None):
                plan = plan_for(env.single, target, group)
                made = await import_all(session, plan, env.single.paths)
                ids += made.image_ids
            found = await session.containers.locate([*ids, ids[0], 987654321])
            assert await session.containers.locate([]) == []
            inside = await session.images.find(project.ref)
            assert [image.id for image in inside] == ids[:1]
        assert {
            (one.image_id, tuple((box.ref, box.name) for box in one.containers))
            for one in found
        } == {
            (ids[0], ((project.ref, "Embryos"), (inner.ref, "Day 1"))),
            (ids[1], ((lone.ref, "Loose"),)),
        }
        assert all(one.well is None for one in found)

    async def test_wells_of_a_plate(self, env: RepositoryEnv) -> None:
        if env.plate is None:
            return
        async with env.repository.session(ALICE) as session:
            screen = await session.containers.create(ContainerKind.SCREEN, "Screen")
            group = session.identity.default_group_id
            plan = plan_for(env.plate, screen.ref, group)
            made = await import_all(session, plan, env.plate.paths)
            found = await session.containers.locate(made.image_ids)
        assert sorted(one.image_id for one in found) == sorted(made.image_ids)
        for one in found:
            outer, inner = one.containers
            assert (outer.ref, outer.name) == (screen.ref, "Screen")
            assert inner.ref.kind is ContainerKind.PLATE
        fields = [(one.well.row, one.well.column, one.well.field) for one in found if one.well]
        assert len(set(fields)) == len(made.image_ids), fields
        assert min(field for _, _, field in fields) == 0

    async def test_where_others_images_lie_is_not_told(self, env: RepositoryEnv) -> None:
        private = await group_id(env.repository, ALICE, PRIVATE)
        async with env.repository.session(ALICE, private) as session:
            dataset = await session.containers.create(ContainerKind.DATASET, "Mine")
            plan = plan_for(env.single, dataset.ref, private)
            made = await import_all(session, plan, env.single.paths)
        async with env.repository.session(BOB) as session:
            assert await session.containers.locate(made.image_ids) == []

    async def test_where_originals_lie(self, env: RepositoryEnv) -> None:
        """On a disk that this process sees; elsewhere nothing is said."""
        async with env.repository.session(ALICE) as session:
            plan = plan_for(env.several, None, session.identity.default_group_id)
            made = await import_all(session, plan, env.several.paths)
            files = await session.images.files(made.image_ids)
            found = await session.images.paths([*made.image_ids, *made.image_ids, 987654321])
            assert await session.images.paths([]) == []
        if Capability.DIRECT_FILES not in env.repository.capabilities:
            assert found == []
            return
        contents = await asyncio.to_thread(
            lambda: {one.file_id: Path(one.path).read_bytes() for one in found}
        )
        assert len(contents) == len(found)
        assert {file.id: file.hash for file in files} == {
            file_id: sha1_of(content) for file_id, content in contents.items()
        }
        assert {one.fileset_id for one in found} == {made.id}
        await asyncio.to_thread(Path(found[0].path).unlink)
        async with env.repository.session(ALICE) as session:
            assert sorted(await session.images.paths(made.image_ids), key=str) == sorted(
                found[1:], key=str
            )
