"""Conformance of image repositories: people, projects, datasets, permissions."""

from __future__ import annotations

import pytest

from transferapp.errors import (
    Invalid,
    PermissionDenied,
    SignInFailed,
    TargetNotFound,
)
from transferapp.model.containers import ContainerKind
from transferapp.model.identity import GroupPermissions
from transferapp.repositories.port import (
    HealthState,
)
from transferapp.testing.repository_env import (
    ALICE,
    BOB,
    LAB,
    PASSWORD,
    PRIVATE,
    RepositoryEnv,
    group_id,
    new_dataset,
)


class IdentitySuite:
    """Who people are."""

    async def test_right_password_gives_identity(self, env: RepositoryEnv) -> None:
        identity = await env.repository.sign_in(ALICE, PASSWORD)
        assert identity.experimenter.username == ALICE
        by_name = {group.name: group for group in identity.groups}
        assert by_name[LAB].permissions is GroupPermissions.READ_ANNOTATE
        assert by_name[PRIVATE].permissions is GroupPermissions.PRIVATE
        assert identity.default_group_id == by_name[LAB].id
        assert not identity.is_admin

    @pytest.mark.parametrize(("name", "password"), [(ALICE, "wrong"), ("nobody", PASSWORD)])
    async def test_wrong_password_and_unknown_name_scan_the_same(
        self, env: RepositoryEnv, name: str, password: str
    ) -> None:
        with pytest.raises(SignInFailed) as caught:
            await env.repository.sign_in(name, password)
        assert caught.value.message == SignInFailed.default_message

    async def test_identity_needs_no_password(self, env: RepositoryEnv) -> None:
        signed_in = await env.repository.sign_in(BOB, PASSWORD)
        assert await env.repository.identity(BOB) == signed_in
        with pytest.raises(PermissionDenied):
            await env.repository.identity("nobody")

    async def test_no_session_in_a_foreign_group(self, env: RepositoryEnv) -> None:
        private = await group_id(env.repository, ALICE, PRIVATE)
        with pytest.raises(PermissionDenied):
            async with env.repository.session(BOB, private):
                pass

    async def test_health_states_alive(self, env: RepositoryEnv) -> None:
        assert (await env.repository.health()).state is HealthState.PROGRESSING


class ContainerSuite:
    """Projects, datasets, and who may do what with them."""

    async def test_create_list_get_delete(self, env: RepositoryEnv) -> None:
        async with env.repository.session(ALICE) as session:
            project = await session.containers.create(
                ContainerKind.PROJECT, "Embryos", description="early"
            )
            later = await session.containers.create(
                ContainerKind.DATASET, "zebra", parent=project.ref
            )
            first = await session.containers.create(
                ContainerKind.DATASET, "Ant", parent=project.ref
            )
            children = await session.containers.children(project.ref)
            assert [child.ref for child in children] == [first.ref, later.ref]
            assert children[0].parent == project.ref
            found = await session.containers.get(project.ref)
            assert (found.name, found.description, found.owner) == ("Embryos", "early", ALICE)
            assert (found.child_count, found.can_link, found.can_edit) == (2, True, True)
            tops = await session.containers.children(None, kind=ContainerKind.PROJECT)
            assert [top.ref for top in tops] == [project.ref]
            await session.containers.delete(project.ref)
            with pytest.raises(TargetNotFound):
                await session.containers.get(project.ref)
            assert {c.ref for c in await session.containers.children(None)} >= {
                first.ref,
                later.ref,
            }

    async def test_wrong_parent_and_no_name_are_refused(self, env: RepositoryEnv) -> None:
        async with env.repository.session(ALICE) as session:
            dataset = await new_dataset(session)
            with pytest.raises(Invalid):
                await session.containers.create(
                    ContainerKind.PROJECT, "Inside out", parent=dataset.ref
                )
            with pytest.raises(Invalid):
                await session.containers.create(ContainerKind.DATASET, "  ")

    async def test_deleted_parent_is_reported(self, env: RepositoryEnv) -> None:
        async with env.repository.session(ALICE) as session:
            project = await session.containers.create(ContainerKind.PROJECT, "Short-lived")
            await session.containers.delete(project.ref)
            with pytest.raises(TargetNotFound):
                await session.containers.create(
                    ContainerKind.DATASET, "Late", parent=project.ref
                )
            with pytest.raises(TargetNotFound):
                await session.containers.children(project.ref)

    async def test_colleague_sees_but_may_neither_link_nor_delete(
        self, env: RepositoryEnv
    ) -> None:
        async with env.repository.session(ALICE) as session:
            project = await session.containers.create(ContainerKind.PROJECT, "Hers")
        async with env.repository.session(BOB) as session:
            seen = await session.containers.get(project.ref)
            assert (seen.owner, seen.can_link, seen.can_edit) == (ALICE, False, False)
            with pytest.raises(PermissionDenied):
                await session.containers.delete(project.ref)
            with pytest.raises(PermissionDenied):
                await session.containers.create(
                    ContainerKind.DATASET, "Mine in hers", parent=project.ref
                )

    async def test_private_group_hides(self, env: RepositoryEnv) -> None:
        private = await group_id(env.repository, ALICE, PRIVATE)
        async with env.repository.session(ALICE, private) as session:
            secret = await session.containers.create(ContainerKind.PROJECT, "Secret")
            assert secret.group_id == private
        async with env.repository.session(BOB) as session:
            assert secret.ref not in {c.ref for c in await session.containers.children(None)}
            with pytest.raises(TargetNotFound):
                await session.containers.get(secret.ref)

    async def test_session_in_one_group_sees_only_that(self, env: RepositoryEnv) -> None:
        lab = await group_id(env.repository, ALICE, LAB)
        private = await group_id(env.repository, ALICE, PRIVATE)
        async with env.repository.session(ALICE, lab) as session:
            mine = await session.containers.create(ContainerKind.PROJECT, "In the lab")
        async with env.repository.session(ALICE, private) as session:
            assert mine.ref not in {c.ref for c in await session.containers.children(None)}
        async with env.repository.session(ALICE) as session:
            assert mine.ref in {c.ref for c in await session.containers.children(None)}
