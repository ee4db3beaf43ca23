"""Conformance of image repositories: what archives state of all that a person owns."""

from __future__ import annotations

from transferapp.model.containers import ContainerKind, ContainerRef
from transferapp.model.images import Annotation, AnnotationKind, ImageFilter
from transferapp.repositories.port import Capability
from transferapp.testing.repository_env import (
    ALICE,
    BOB,
    PRIVATE,
    RepositoryEnv,
    group_id,
    import_all,
    new_dataset,
    plan_for,
)

_TAG = Annotation(AnnotationKind.TAG, value="red")
_PAIRS = Annotation(AnnotationKind.KEY_VALUE, "ns", pairs=(("stain", "DAPI"),))


class DescriptionSuite:
    """Describing containers and images, many at once."""

    async def test_owned_containers_of_all_groups(self, env: RepositoryEnv) -> None:
        if Capability.DESCRIPTIONS not in env.repository.capabilities:
            return
        private = await group_id(env.repository, ALICE, PRIVATE)
        async with env.repository.session(BOB) as session:
            others = await new_dataset(session)
        async with env.repository.session(ALICE, private) as session:
            secret = await new_dataset(session, "Secret")
        async with env.repository.session(ALICE) as session:
            project = await session.containers.create(
                ContainerKind.PROJECT, "Embryos", description="early"
            )
            inner = await session.containers.create(
                ContainerKind.DATASET, "Day 1", parent=project.ref
            )
            owned = await session.descriptions.owned()
            assert {secret.ref, project.ref, inner.ref} <= set(owned)
            assert others.ref not in owned
            gone = ContainerRef(ContainerKind.DATASET, 987654321)
            found = await session.descriptions.containers(
                [project.ref, inner.ref, secret.ref, gone]
            )
            assert await session.descriptions.containers([]) == []
        by_ref = {one.ref: one for one in found}
        assert by_ref.keys() == {project.ref, inner.ref, secret.ref}
        assert by_ref[project.ref].description == "early"
        assert by_ref[inner.ref].parents == (project.ref,)
        assert (by_ref[inner.ref].name, by_ref[inner.ref].owner) == ("Day 1", ALICE)
        assert by_ref[secret.ref].group_id == private
        async with env.repository.session(BOB) as session:
            assert await session.descriptions.containers([secret.ref]) == []

    async def test_images_as_their_details_show_them(self, env: RepositoryEnv) -> None:
        if Capability.DESCRIPTIONS not in env.repository.capabilities:
            return
        async with env.repository.session(ALICE) as session:
            group = session.identity.default_group_id
            plan = plan_for(env.single, None, group)
            [image_id] = (await import_all(session, plan, env.single.paths)).image_ids
            await session.images.annotate({image_id: [_TAG, _PAIRS]})
            details = await session.images.get(image_id)
            [found] = await session.descriptions.images([image_id, image_id, 987654321])
            assert await session.descriptions.images([]) == []
            assert found.summary == details.summary
            assert found.annotations == details.annotations
            assert found.pixel_size_um == details.pixels.pixel_size_um
            assert found.series == 0
            assert [(one.name, one.color) for one in found.channels] == [
                (one.name, one.color) for one in details.pixels.channels
            ]
            if env.draw_rois is not None:
                assert not found.may_have_rois
                env.draw_rois(image_id)
                [drawn] = await session.descriptions.images([image_id])
                assert drawn.may_have_rois

    async def test_images_of_one_fileset_have_their_places(self, env: RepositoryEnv) -> None:
        if env.plate is None or Capability.DESCRIPTIONS not in env.repository.capabilities:
            return
        async with env.repository.session(ALICE) as session:
            screen = await session.containers.create(ContainerKind.SCREEN, "Screen")
            plan = plan_for(env.plate, screen.ref, session.identity.default_group_id)
            made = await import_all(session, plan, env.plate.paths)
            found = await session.descriptions.images(made.image_ids)
            [plate] = await session.containers.children(screen.ref)
            [described] = await session.descriptions.containers([plate.ref])
        assert sorted(one.series or 0 for one in found) == list(range(len(made.image_ids)))
        assert [one.summary.id for one in found] == sorted(made.image_ids)
        assert described.parents == (screen.ref,)

    async def test_images_by_their_owner(self, env: RepositoryEnv) -> None:
        made = {}
        for person in (ALICE, BOB):
            async with env.repository.session(person) as session:
                plan = plan_for(env.single, None, session.identity.default_group_id)
                [made[person]] = (await import_all(session, plan, env.single.paths)).image_ids
        async with env.repository.session(ALICE) as session:
            first = min(made.values()) - 1
            found = await session.images.find_by(ImageFilter(owner=ALICE), after=first)
        assert [one.id for one in found] == [made[ALICE]]

    async def test_what_is_private_is_not_described_to_others(self, env: RepositoryEnv) -> None:
        if Capability.DESCRIPTIONS not in env.repository.capabilities:
            return
        private = await group_id(env.repository, ALICE, PRIVATE)
        async with env.repository.session(ALICE, private) as session:
            plan = plan_for(env.single, None, private)
            made = await import_all(session, plan, env.single.paths)
        async with env.repository.session(BOB) as session:
            assert await session.descriptions.images(made.image_ids) == []
