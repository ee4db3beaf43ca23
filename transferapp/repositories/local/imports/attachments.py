"""Files attached to containers and images of the embedded repository; each step can be
repeated.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from typing_extensions import override

from transferapp.errors import ChecksumMismatch, Invalid, NoSuchFile, StateConflict
from transferapp.host.database import reading, writing
from transferapp.model.attachments import Attachment, AttachmentPlan
from transferapp.model.containers import ContainerKind, ContainerRef
from transferapp.repositories.counting import ByteCount
from transferapp.repositories.local.accounts.permissions import Caller, demand
from transferapp.repositories.local.catalogue.container_rows import container, find_container
from transferapp.repositories.local.catalogue.image_rows import find_image
from transferapp.repositories.local.reading.contents import opened, pieces
from transferapp.repositories.local.storage.durability import sync_files
from transferapp.repositories.local.storage.schema import attachments, containers, experimenters
from transferapp.repositories.local.store import LocalRepositoryStore, in_thread
from transferapp.repositories.port import Attachments, ByteListener

Row = sa.Row[Any]


class LocalAttachments(Attachments):
    """Attachments as one experimenter sees and makes them."""

    def __init__(self, local_store: LocalRepositoryStore, caller: Caller) -> None:
        """Attach as ``caller``."""
        self._local_store, self._caller = local_store, caller

    @override
    async def attach(
        self, plan: AttachmentPlan, path: Path, stored: ByteListener | None = None
    ) -> Attachment:
        """Bring a file in and attach it; returns when it is durable. Raises TargetNotFound,
        PermissionDenied, Invalid, NameNotAllowed, ChecksumMismatch, StorageFull.
        """
        return await in_thread(self._attach, plan, path, ByteCount(stored))

    @override
    async def of(self, container: ContainerRef) -> list[Attachment]:
        """List what is attached to a container; raises TargetNotFound."""
        return await in_thread(self._of, container)

    @override
    async def of_image(self, image_id: int) -> list[Attachment]:
        """List what is attached to an image; raises ImageNotFound."""
        return await in_thread(self._of_image, image_id)

    @override
    async def get(self, attachment_id: int) -> Attachment:
        """Return an attachment whose content is in its place; raises NoSuchFile."""
        return await in_thread(self._get, attachment_id)

    @override
    async def read(
        self, attachment_id: int, offset: int = 0, length: int | None = None
    ) -> AsyncIterator[bytes]:
        """Yield pieces of 1 MiB."""
        async with aclosing(
            pieces(partial(self._open, attachment_id), offset, length)
        ) as content:
            async for piece in content:
                yield piece

    @override
    async def discard(self, key: str) -> bool:
        """Remove what was on its way in: a row is written only with all of it there."""
        return await in_thread(self._discard, key)

    def _attach(self, plan: AttachmentPlan, path: Path, count: ByteCount) -> Attachment:
        originals = self._local_store.originals
        originals.check_name(plan.client_path)
        with reading(self._local_store.engine) as connection:
            row = self._find(connection, plan)
            if row is None:
                # Before the bytes are copied, not only after it.
                self._check_target(connection, plan)
        if row is not None and originals.hash(row.sha1) == plan.sha1:
            count.add(plan.size_bytes)
            return _attachment(row)
        taken = originals.take(path, plan.key, count)
        if taken.sha1 != plan.sha1:
            originals.remove_incoming(plan.key)
            raise ChecksumMismatch(
                f"'{plan.name}' did not arrive as it was sent. It is sent again."
            )
        # What is in its place already may be damaged: this content is known to be right.
        if originals.hash(plan.sha1) not in ("", plan.sha1):
            originals.set_aside(plan.sha1)
        with writing(self._local_store.engine) as connection:
            made = self._refer(connection, plan)
        originals.place(taken)
        sync_files([originals.content(plan.sha1)], originals.folder)
        originals.remove_incoming(plan.key)
        return made

    def _refer(self, connection: sa.Connection, plan: AttachmentPlan) -> Attachment:
        """Write the row that keeps the content from being removed, unless it is there."""
        row = self._find(connection, plan)
        if row is None:
            self._check_target(connection, plan)
            values = {
                "key": plan.key,
                "container_id": plan.target.id if plan.image_id is None else None,
                "image_id": plan.image_id,
                "client_path": plan.client_path,
                "size_bytes": plan.size_bytes,
                "sha1": plan.sha1,
                "owner_id": self._caller.experimenter_id,
                "group_id": plan.group_id,
                "attached_at": self._local_store.clock.now(),
            }
            connection.execute(insert_sqlite(attachments).values(**values))
            row = self._find(connection, plan)
        if row is None:
            raise NoSuchFile
        return _attachment(row)

    def _find(self, connection: sa.Connection, plan: AttachmentPlan) -> Row | None:
        """Return the row under the plan's key, or of the same file at the target."""
        row = connection.execute(_query().where(attachments.c.key == plan.key)).one_or_none()
        if row is not None:
            if row.owner_id != self._caller.experimenter_id and not self._caller.is_admin:
                raise StateConflict("This import belongs to somebody else. Start a new one.")
            return row
        same = (
            _attached_to(plan),
            attachments.c.owner_id == self._caller.experimenter_id,
            attachments.c.client_path == plan.client_path,
            attachments.c.sha1 == plan.sha1,
        )
        return connection.execute(
            _query().where(*same).order_by(attachments.c.id).limit(1)
        ).one_or_none()

    def _check_target(self, connection: sa.Connection, plan: AttachmentPlan) -> None:
        demand(self._caller.may_write_in(plan.group_id), "attach files in this group")
        if plan.image_id is not None:
            self._check_image(connection, plan, plan.image_id)
            return
        row = find_container(connection, self._caller, plan.target)
        found = container(row, self._caller)
        demand(found.can_annotate, f"attach files to '{found.name}'")
        if found.group_id != plan.group_id:
            raise Invalid(
                f"'{found.name}' belongs to another group than this import. Choose a target in"
                " the group that you work in."
            )

    def _check_image(
        self, connection: sa.Connection, plan: AttachmentPlan, image_id: int
    ) -> None:
        found = find_image(connection, self._caller, image_id)
        rights = self._caller.rights(found.owner_id, found.group_id)
        demand(rights.can_annotate, f"attach files to '{found.name}'")
        if found.group_id != plan.group_id:
            raise Invalid(
                f"'{found.name}' belongs to another group than this import. Choose a target in"
                " the group of the image."
            )

    def _of_image(self, image_id: int) -> list[Attachment]:
        with reading(self._local_store.engine) as connection:
            find_image(connection, self._caller, image_id)
            query = _query().where(attachments.c.image_id == image_id)
            rows = connection.execute(query.order_by(attachments.c.id)).all()
        return [_attachment(row) for row in rows]

    def _of(self, ref: ContainerRef) -> list[Attachment]:
        with reading(self._local_store.engine) as connection:
            find_container(connection, self._caller, ref)
            query = _query().where(attachments.c.container_id == ref.id)
            rows = connection.execute(query.order_by(attachments.c.id)).all()
        return [_attachment(row) for row in rows]

    def _row(self, attachment_id: int) -> Row:
        with reading(self._local_store.engine) as connection:
            visible = self._caller.sees(attachments)
            query = _query().where(attachments.c.id == attachment_id, visible)
            row = connection.execute(query).one_or_none()
        if row is None:
            raise NoSuchFile
        return row

    def _get(self, attachment_id: int) -> Attachment:
        row = self._row(attachment_id)
        if not self._local_store.originals.holds(row.sha1, row.size_bytes):
            raise NoSuchFile
        return _attachment(row)

    def _open(self, attachment_id: int) -> tuple[BinaryIO, int]:
        row = self._row(attachment_id)
        return opened(self._local_store.originals.content(row.sha1), row.size_bytes)

    def _discard(self, key: str) -> bool:
        self._local_store.originals.remove_incoming(key)
        with reading(self._local_store.engine) as connection:
            found = connection.execute(_query().where(attachments.c.key == key)).one_or_none()
        return found is not None


def _query() -> sa.Select[Any]:
    return (
        sa.select(
            attachments,
            experimenters.c.username.label("owner"),
            containers.c.kind.label("container_kind"),
        )
        .join_from(attachments, experimenters, experimenters.c.id == attachments.c.owner_id)
        .join(containers, containers.c.id == attachments.c.container_id, isouter=True)
    )


def _attached_to(plan: AttachmentPlan) -> sa.ColumnElement[bool]:
    if plan.image_id is not None:
        return attachments.c.image_id == plan.image_id
    return attachments.c.container_id == plan.target.id


def _attachment(row: Row) -> Attachment:
    container = None
    if row.container_id is not None:
        container = ContainerRef(ContainerKind(row.container_kind), row.container_id)
    return Attachment(
        row.id,
        container,
        row.client_path,
        row.size_bytes,
        row.sha1,
        row.owner,
        row.image_id,
    )
