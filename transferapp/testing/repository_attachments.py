"""Conformance of image repositories: files attached to containers and images, each once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from transferapp.errors import (
    ChecksumMismatch,
    ImageNotFound,
    Invalid,
    NoSuchFile,
    TargetNotFound,
)
from transferapp.model.attachments import AttachmentPlan
from transferapp.model.containers import ContainerKind, ContainerRef
from transferapp.repositories.port import Capability, RepositorySession
from transferapp.testing.repository_env import (
    ALICE,
    BOB,
    LAB,
    PRIVATE,
    RepositoryEnv,
    group_id,
    import_all,
    new_dataset,
    plan_for,
    sha1_of,
)

PROTOCOL = b"%PDF-1.4\n" + b"stained with DAPI, washed twice\n" * 100_000


def attachment_plan(
    content: bytes, target: ContainerRef, group: int, client_path: str = "Monday/protocol.pdf"
) -> AttachmentPlan:
    """Plan to attach some bytes under a fresh key."""
    return AttachmentPlan(
        uuid4().hex, client_path, len(content), sha1_of(content), target, group
    )


def whole_on_disk(path: Path) -> bytes:
    """Read a file."""
    return path.read_bytes()


async def whole_attachment(session: RepositorySession, attachment_id: int) -> bytes:
    """Read an attachment."""
    return b"".join([piece async for piece in session.attachments.read(attachment_id)])


class AttachmentSuite:
    """Attach, list, read, and what happens twice or not to the end."""

    @pytest.fixture
    def protocol(self, tmp_path: Path) -> Path:
        """A file on disk."""
        path = tmp_path / "protocol.pdf"
        path.write_bytes(PROTOCOL)
        return path

    async def test_attached_twice_is_there_once(
        self, env: RepositoryEnv, protocol: Path
    ) -> None:
        assert Capability.ATTACHMENTS in env.repository.capabilities
        lab = await group_id(env.repository, ALICE, LAB)
        async with env.repository.session(ALICE, lab) as session:
            dataset = await new_dataset(session)
            plan = attachment_plan(PROTOCOL, dataset.ref, lab)
            counted: list[int] = []
            first = await session.attachments.attach(plan, protocol, counted.append)
            assert counted[-1] == len(PROTOCOL)
        async with env.repository.session(ALICE, lab) as session:
            again = await session.attachments.attach(plan, protocol)
            assert again == first == await session.attachments.get(first.id)
            assert await session.attachments.of(dataset.ref) == [first]
            assert (first.name, first.client_path) == ("protocol.pdf", "Monday/protocol.pdf")
            assert (first.sha1, first.size_bytes) == (plan.sha1, len(PROTOCOL))
            assert (first.owner, first.container) == (ALICE, dataset.ref)
            assert await whole_attachment(session, first.id) == PROTOCOL
            part = [p async for p in session.attachments.read(first.id, 9, 12)]
            assert b"".join(part) == PROTOCOL[9:21]
        assert whole_on_disk(protocol) == PROTOCOL, "the source stays"

    async def test_a_second_import_of_the_same_file_attaches_no_second_copy(
        self, env: RepositoryEnv, protocol: Path
    ) -> None:
        lab = await group_id(env.repository, ALICE, LAB)
        async with env.repository.session(ALICE, lab) as session:
            dataset = await new_dataset(session)
            made = [
                await session.attachments.attach(plan, protocol)
                for plan in (
                    attachment_plan(PROTOCOL, dataset.ref, lab),
                    attachment_plan(PROTOCOL, dataset.ref, lab),
                    attachment_plan(PROTOCOL, dataset.ref, lab, "Tuesday/protocol.pdf"),
                )
            ]
            assert made[0] == made[1] != made[2]
            changed = protocol.with_name("changed.pdf")
            changed.write_bytes(PROTOCOL + b"one more line")
            plan = attachment_plan(changed.read_bytes(), dataset.ref, lab)
            other = await session.attachments.attach(plan, changed)
            listed = await session.attachments.of(dataset.ref)
            assert [one.id for one in listed] == [made[0].id, made[2].id, other.id]

    async def test_each_kind_of_container_has_attachments(
        self, env: RepositoryEnv, protocol: Path
    ) -> None:
        lab = await group_id(env.repository, ALICE, LAB)
        async with env.repository.session(ALICE, lab) as session:
            for kind in (ContainerKind.PROJECT, ContainerKind.DATASET, ContainerKind.SCREEN):
                made = await session.containers.create(kind, "With notes")
                plan = attachment_plan(PROTOCOL, made.ref, lab)
                attached = await session.attachments.attach(plan, protocol)
                assert await session.attachments.of(made.ref) == [attached]
                assert attached.container == made.ref

    async def test_an_image_has_attachments(self, env: RepositoryEnv, protocol: Path) -> None:
        lab = await group_id(env.repository, ALICE, LAB)
        private = await group_id(env.repository, ALICE, PRIVATE)
        async with env.repository.session(ALICE, lab) as session:
            dataset = await new_dataset(session)
            plan = plan_for(env.single, dataset.ref, lab)
            [image_id] = (await import_all(session, plan, env.single.paths)).image_ids
            table = replace(attachment_plan(PROTOCOL, dataset.ref, lab), image_id=image_id)
            made = await session.attachments.attach(table, protocol)
            assert (made.container, made.image_id) == (None, image_id)
            # Neither a crash nor a second import makes another one.
            for again in (table, replace(table, key=uuid4().hex)):
                assert await session.attachments.attach(again, protocol) == made
            assert await session.attachments.get(made.id) == made
            assert await session.attachments.of_image(image_id) == [made]
            assert await session.attachments.of(dataset.ref) == []
            assert await whole_attachment(session, made.id) == PROTOCOL
            beside = await session.attachments.attach(
                attachment_plan(PROTOCOL, dataset.ref, lab), protocol
            )
            assert (beside.container, beside.image_id) == (dataset.ref, None)
        async with env.repository.session(ALICE) as session:
            elsewhere = replace(table, key=uuid4().hex, client_path="x", group_id=private)
            with pytest.raises(Invalid, match="belongs to another group"):
                await session.attachments.attach(elsewhere, protocol)
        async with env.repository.session(BOB, lab) as session:
            assert await session.attachments.of_image(image_id) == [made]
        async with env.repository.session(ALICE, lab) as session:
            await session.images.delete([image_id])
            with pytest.raises(NoSuchFile):
                await session.attachments.get(made.id)
            with pytest.raises(ImageNotFound):
                await session.attachments.of_image(image_id)
            with pytest.raises(ImageNotFound):
                await session.attachments.attach(
                    replace(table, key=uuid4().hex, client_path="y"), protocol
                )
            assert await session.attachments.of(dataset.ref) == [beside]
            assert await whole_attachment(session, beside.id) == PROTOCOL

    async def test_empty_and_odd_names(self, env: RepositoryEnv, tmp_path: Path) -> None:
        empty = tmp_path / "empty"
        empty.write_bytes(b"")
        lab = await group_id(env.repository, ALICE, LAB)
        async with env.repository.session(ALICE, lab) as session:
            dataset = await new_dataset(session)
            odd = "Größe (µm) 🔬/no suffix"
            plan = attachment_plan(b"", dataset.ref, lab, odd)
            made = await session.attachments.attach(plan, empty)
            assert (made.client_path, made.size_bytes, made.sha1) == (odd, 0, sha1_of(b""))
            assert await whole_attachment(session, made.id) == b""

    async def test_other_bytes_than_were_sent_are_not_attached(
        self, env: RepositoryEnv, protocol: Path
    ) -> None:
        lab = await group_id(env.repository, ALICE, LAB)
        async with env.repository.session(ALICE, lab) as session:
            dataset = await new_dataset(session)
            plan = attachment_plan(PROTOCOL, dataset.ref, lab)
            damaged = protocol.with_name("damaged")
            damaged.write_bytes(PROTOCOL[:-1] + b"?")
            with pytest.raises(ChecksumMismatch):
                await session.attachments.attach(plan, damaged)
            assert await session.attachments.of(dataset.ref) == []
            made = await session.attachments.attach(plan, protocol)
            assert await session.attachments.of(dataset.ref) == [made]
            assert await whole_attachment(session, made.id) == PROTOCOL

    async def test_what_was_begun_is_discarded_and_what_is_attached_stays(
        self, env: RepositoryEnv, protocol: Path
    ) -> None:
        lab = await group_id(env.repository, ALICE, LAB)
        async with env.repository.session(ALICE, lab) as session:
            dataset = await new_dataset(session)
            plan = attachment_plan(PROTOCOL, dataset.ref, lab)
            damaged = protocol.with_name("damaged")
            damaged.write_bytes(b"x")
            with pytest.raises(ChecksumMismatch):
                await session.attachments.attach(plan, damaged)
            for _ in range(2):
                assert not await session.attachments.discard(plan.key)
            made = await session.attachments.attach(plan, protocol)
            assert await session.attachments.discard(plan.key)
            assert await session.attachments.of(dataset.ref) == [made]

    async def test_container_gone(self, env: RepositoryEnv, protocol: Path) -> None:
        lab = await group_id(env.repository, ALICE, LAB)
        async with env.repository.session(ALICE, lab) as session:
            gone, other = await new_dataset(session), await new_dataset(session)
            plan = attachment_plan(PROTOCOL, gone.ref, lab)
            first = await session.attachments.attach(plan, protocol)
            await session.containers.delete(gone.ref)
            with pytest.raises(NoSuchFile):
                await session.attachments.get(first.id)
            with pytest.raises(TargetNotFound):
                await session.attachments.attach(plan, protocol)
            with pytest.raises(TargetNotFound):
                await session.attachments.of(gone.ref)
            elsewhere = replace(plan, target=other.ref)
            made = await session.attachments.attach(elsewhere, protocol)
            assert await session.attachments.of(other.ref) == [made]
            assert await whole_attachment(session, made.id) == PROTOCOL

    async def test_retargeted_after_it_was_attached_stays_where_it_is(
        self, env: RepositoryEnv, protocol: Path
    ) -> None:
        lab = await group_id(env.repository, ALICE, LAB)
        async with env.repository.session(ALICE, lab) as session:
            first, second = await new_dataset(session), await new_dataset(session)
            plan = attachment_plan(PROTOCOL, first.ref, lab)
            made = await session.attachments.attach(plan, protocol)
            again = await session.attachments.attach(replace(plan, target=second.ref), protocol)
            assert again == made
            assert await session.attachments.of(second.ref) == []

    async def test_others_see_what_the_group_lets_them_see(
        self, env: RepositoryEnv, protocol: Path
    ) -> None:
        lab = await group_id(env.repository, ALICE, LAB)
        private = await group_id(env.repository, ALICE, PRIVATE)
        async with env.repository.session(ALICE, lab) as session:
            shared = await new_dataset(session)
            plan = attachment_plan(PROTOCOL, shared.ref, lab)
            made = await session.attachments.attach(plan, protocol)
        async with env.repository.session(ALICE) as session:
            elsewhere = replace(plan, key=uuid4().hex, client_path="x", group_id=private)
            with pytest.raises(Invalid, match="belongs to another group"):
                await session.attachments.attach(elsewhere, protocol)
        async with env.repository.session(ALICE, private) as session:
            own = await new_dataset(session)
            hidden = await session.attachments.attach(
                attachment_plan(PROTOCOL, own.ref, private), protocol
            )
        async with env.repository.session(BOB, lab) as session:
            # The group lets its members annotate each other's data.
            mine = await session.attachments.attach(
                attachment_plan(PROTOCOL, shared.ref, lab), protocol
            )
            assert mine.owner == BOB
            assert await session.attachments.of(shared.ref) == [made, mine]
            assert await whole_attachment(session, made.id) == PROTOCOL
        async with env.repository.session(BOB) as session:
            with pytest.raises(NoSuchFile):
                await session.attachments.get(hidden.id)
            with pytest.raises(NoSuchFile):
                await whole_attachment(session, hidden.id)
