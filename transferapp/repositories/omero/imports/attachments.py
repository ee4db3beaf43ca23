"""Files attached to OMERO's containers and images, as OMERO.web shows and downloads them.

An attachment is an OriginalFile in OMERO's own ``Files`` folder (no ``repo``), a
FileAnnotation of our namespace, and a link to the container or image: what omero-py's
``createFileAnnfromLocalFile`` makes (omero-py 5.19, ``omero/gateway/__init__.py``). File and
annotation are saved in one transaction, with our key as the file's path; the bytes follow,
and the link comes last. So what is linked is whole, and what a crash left is found again.
"""

from __future__ import annotations

import mimetypes
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from typing_extensions import override

from transferapp.errors import ChecksumMismatch, Invalid, NoSuchFile, PermissionDenied
from transferapp.model.attachments import Attachment, AttachmentPlan
from transferapp.model.containers import ContainerKind, ContainerRef
from transferapp.repositories.counting import ByteCount
from transferapp.repositories.omero.catalogue.commands import delete
from transferapp.repositories.omero.catalogue.containers import find_container
from transferapp.repositories.omero.catalogue.mapping import unloaded
from transferapp.repositories.omero.ice_imports import omero
from transferapp.repositories.omero.reading.files import read_file
from transferapp.repositories.omero.reading.image_queries import image_objects
from transferapp.repositories.omero.sessions.context import OmeroSessionContext
from transferapp.repositories.omero.sessions.pixel_stores import closing
from transferapp.repositories.port import Attachments, ByteListener

#: The namespace of our attachments; people filter by it in OMERO.web.
NAMESPACE = "transferapp/attachment"
_BLOCK = 2 * 1024 * 1024
_IMAGE = "Image"
_FOUND = (
    "select a.id, f.id, a.description, f.size, f.hash, a.details.owner.omeName,"
    " a.details.group.id from"
)


@dataclass(frozen=True, slots=True)
class _Parent:
    """What files are attached to: ``kind`` is OMERO's class."""

    kind: str
    id: int

    @classmethod
    def of(cls, plan: AttachmentPlan) -> _Parent:
        if plan.image_id is not None:
            return cls(_IMAGE, plan.image_id)
        return cls(str(plan.target.kind), plan.target.id)

    @property
    def container(self) -> ContainerRef | None:
        return None if self.kind == _IMAGE else ContainerRef(ContainerKind(self.kind), self.id)


@dataclass(frozen=True, slots=True)
class _StoredAttachment:
    """An annotation of ours and its file, attached or not."""

    id: int
    file_id: int
    client_path: str
    size_bytes: int
    sha1: str
    owner: str
    group_id: int

    def holds(self, plan: AttachmentPlan) -> bool:
        """Whether OMERO has hashed the planned bytes."""
        return (self.size_bytes, self.sha1) == (plan.size_bytes, plan.sha1)

    def at(self, where: _Parent) -> Attachment:
        """Return it as an attachment of a container or image."""
        container = where.container
        return Attachment(
            self.id,
            container,
            self.client_path,
            self.size_bytes,
            self.sha1,
            self.owner,
            None if container else where.id,
        )


class OmeroAttachments(Attachments):
    """Attachments as OMERO shows them to one experimenter."""

    def __init__(self, omero_session: OmeroSessionContext) -> None:
        """Attach as this person."""
        self._omero_session = omero_session

    @override
    async def attach(
        self, plan: AttachmentPlan, path: Path, stored: ByteListener | None = None
    ) -> Attachment:
        """Upload a file and attach it; adopts what an earlier attempt left."""
        return await self._omero_session.run(self._attach, plan, path, ByteCount(stored))

    @override
    async def of(self, container: ContainerRef) -> list[Attachment]:
        """List our attachments of a container; raises TargetNotFound."""
        return await self._omero_session.run(self._of, container)

    @override
    async def of_image(self, image_id: int) -> list[Attachment]:
        """List our attachments of an image; raises ImageNotFound."""
        return await self._omero_session.run(self._of_image, image_id)

    @override
    async def get(self, attachment_id: int) -> Attachment:
        """Return an attachment with OMERO's own checksum; raises NoSuchFile."""
        return await self._omero_session.run(self._get, attachment_id)

    @override
    async def read(
        self, attachment_id: int, offset: int = 0, length: int | None = None
    ) -> AsyncIterator[bytes]:
        """Yield pieces of 1 MiB; read as a whole it is checked."""
        stored = await self._omero_session.run(self._by_id, attachment_id)
        async for piece in read_file(self._omero_session, stored.file_id, offset, length):
            yield piece

    @override
    async def discard(self, key: str) -> bool:
        """Remove what was begun under this key and not attached."""
        return await self._omero_session.run(self._discard, key)

    def _attach(self, plan: AttachmentPlan, path: Path, count: ByteCount) -> Attachment:
        stored = self._best(plan.key)
        where = self._container_of(stored.id) if stored else None
        if stored is not None and where is not None and stored.holds(plan):
            count.add(plan.size_bytes)
            return stored.at(where)
        if stored is None and (same := self._same(plan)) is not None:
            count.add(plan.size_bytes)
            return same.at(_Parent.of(plan))
        self._check_target(plan)
        stored = stored or self._begin(plan)
        if stored.holds(plan):
            count.add(plan.size_bytes)
        else:
            self._upload(stored, plan, path, count)
            stored = self._checked(stored.id, plan)
        if where is None:
            self._link(stored, plan)
        return self._only_one(plan)

    def _begin(self, plan: AttachmentPlan) -> _StoredAttachment:
        """Save file and annotation; OMERO writes size and checksum once the bytes are there."""
        text = omero.rtypes.rstring
        file = omero.model.OriginalFileI()
        file.setName(text(plan.name))
        file.setPath(text(_path(plan.key)))
        media_type = mimetypes.guess_type(plan.name)[0] or "application/octet-stream"
        file.setMimetype(text(media_type))
        file.setSize(omero.rtypes.rlong(0))
        algorithm = omero.model.ChecksumAlgorithmI()
        algorithm.setValue(text(omero.model.enums.ChecksumAlgorithmSHA1160))
        file.setHasher(algorithm)
        made = omero.model.FileAnnotationI()
        made.setNs(text(NAMESPACE))
        made.setDescription(text(plan.client_path))
        made.setFile(file)
        [made_id] = self._omero_session.save([made], plan.group_id)
        return self._by_id(made_id)

    def _upload(
        self, stored: _StoredAttachment, plan: AttachmentPlan, path: Path, count: ByteCount
    ) -> None:
        gateway = self._omero_session.gateway
        with closing(gateway.file_store(plan.group_id)) as store:
            store.setFileId(stored.file_id)
            # Without any write OMERO makes no file, so that empty ones would fail.
            store.write(b"", 0, 0)
            store.truncate(0)
            offset = 0
            with path.open("rb") as source:
                while block := source.read(_BLOCK):
                    store.write(block, offset, len(block))
                    offset += len(block)
                    count.add(len(block))
            # OMERO hashes the file now.
            gateway.patient(store).save()

    def _checked(self, annotation_id: int, plan: AttachmentPlan) -> _StoredAttachment:
        stored = self._by_id(annotation_id)
        if not stored.holds(plan):
            raise ChecksumMismatch(
                f"OMERO holds other bytes of '{plan.name}' than were sent; they are sent again."
            )
        return stored

    def _link(self, stored: _StoredAttachment, plan: AttachmentPlan) -> None:
        """Attach it, unless a worker that was cut off has done so meanwhile: OMERO takes the
        same link of the same person once.
        """
        parent = _Parent.of(plan)
        made = getattr(omero.model, f"{parent.kind}AnnotationLinkI")()
        made.setParent(unloaded(parent.kind, parent.id))
        made.setChild(unloaded("FileAnnotation", stored.id))
        try:
            self._omero_session.save([made], plan.group_id)
        except omero.ValidationException:
            if self._container_of(stored.id) is None:
                raise

    def _only_one(self, plan: AttachmentPlan) -> Attachment:
        """A worker that was cut off may have attached the same file meanwhile, as the one
        that took over did: the first stays, and whichever comes last removes the others.
        """
        found = self._keyed(plan.key)
        attached = [one for one in found if self._container_of(one.id) is not None]
        if not attached:
            raise NoSuchFile(f"'{plan.name}' was removed from OMERO while it was attached.")
        kept = attached[0]
        self._remove([one for one in found if one.id != kept.id])
        where = self._container_of(kept.id)
        return kept.at(where or _Parent.of(plan))

    def _best(self, key: str) -> _StoredAttachment | None:
        """Choose the one that is attached, else the first."""
        found = self._keyed(key)
        attached = (one for one in found if self._container_of(one.id) is not None)
        return next(attached, found[0] if found else None)

    def _keyed(self, key: str) -> list[_StoredAttachment]:
        return self._rows(
            "FileAnnotation a join a.file f where a.ns = :ns and f.path = :path order by a.id",
            path=_path(key),
        )

    def _same(self, plan: AttachmentPlan) -> _StoredAttachment | None:
        """Return the person's own attachment of the same file at the target."""
        target = _Parent.of(plan)
        found = self._rows(
            f"{target.kind}AnnotationLink l, FileAnnotation a join a.file f"
            " where a.id = l.child.id and l.parent.id = :parent and a.ns = :ns"
            " and a.details.owner.id = :owner and f.hash = :sha1 order by a.id",
            parent=target.id,
            owner=self._omero_session.identity.experimenter.id,
            sha1=plan.sha1,
        )
        same = (one for one in found if one.holds(plan) and one.client_path == plan.client_path)
        return next(same, None)

    def _by_id(self, annotation_id: int) -> _StoredAttachment:
        found = self._rows(
            "FileAnnotation a join a.file f where a.ns = :ns and a.id = :id", id=annotation_id
        )
        if not found:
            raise NoSuchFile(f"OMERO has no attachment {annotation_id}, or you may not see it.")
        return found[0]

    def _rows(self, source: str, **values: int | str | list[int]) -> list[_StoredAttachment]:
        rows = self._omero_session.rows(f"{_FOUND} {source}", ns=NAMESPACE, **values)
        return [
            _StoredAttachment(
                a, f, reported or "", size or 0, (sha1 or "").lower(), owner, group
            )
            for a, f, reported, size, sha1, owner, group in rows
        ]

    def _container_of(self, annotation_id: int) -> _Parent | None:
        for kind in (*map(str, ContainerKind), _IMAGE):
            found = self._omero_session.rows(
                f"select l.parent.id from {kind}AnnotationLink l"  # noqa: S608
                " where l.child.id = :id order by l.id",
                id=annotation_id,
            )
            if found:
                return _Parent(kind, found[0][0])
        return None

    def _check_target(self, plan: AttachmentPlan) -> None:
        if plan.image_id is not None:
            self._check_image(plan, plan.image_id)
            return
        target = find_container(self._omero_session, plan.target)
        if not target.can_annotate:
            raise PermissionDenied(
                f"You may not attach files to '{target.name}'. Choose a target of your own, or"
                f" ask {target.owner}."
            )
        if target.group_id != plan.group_id:
            raise Invalid(
                f"'{target.name}' belongs to another group than this import. Choose a target"
                " in the group of the import."
            )

    def _check_image(self, plan: AttachmentPlan, image_id: int) -> None:
        [image] = image_objects(self._omero_session, [image_id])
        details, name = image.getDetails(), image.getName().getValue()
        if not details.getPermissions().canAnnotate():
            raise PermissionDenied(
                f"You may not attach files to '{name}'. Import without attaching them, or ask"
                " its owner."
            )
        if details.getGroup().getId().getValue() != plan.group_id:
            raise Invalid(
                f"'{name}' belongs to another group than this import. Choose a target in the"
                " group of the image."
            )

    def _of_image(self, image_id: int) -> list[Attachment]:
        image_objects(self._omero_session, [image_id])
        return self._of_parent(_Parent(_IMAGE, image_id))

    def _of(self, ref: ContainerRef) -> list[Attachment]:
        find_container(self._omero_session, ref)
        return self._of_parent(_Parent(str(ref.kind), ref.id))

    def _of_parent(self, parent: _Parent) -> list[Attachment]:
        found = self._rows(
            f"{parent.kind}AnnotationLink l, FileAnnotation a join a.file f"
            " where a.id = l.child.id and l.parent.id = :parent and a.ns = :ns order by a.id",
            parent=parent.id,
        )
        return [one.at(parent) for one in found]

    def _get(self, attachment_id: int) -> Attachment:
        stored = self._by_id(attachment_id)
        where = self._container_of(stored.id)
        if where is None:
            raise NoSuchFile(f"'{stored.client_path}' is attached to nothing in OMERO.")
        return stored.at(where)

    def _discard(self, key: str) -> bool:
        found = self._keyed(key)
        loose = [one for one in found if self._container_of(one.id) is None]
        self._remove(loose)
        return len(loose) < len(found)

    def _remove(self, found: list[_StoredAttachment]) -> None:
        for one in found:
            targets = {"FileAnnotation": [one.id]}
            delete(self._omero_session.gateway, one.group_id, targets, keep=[])


def _path(key: str) -> str:
    """Return the path that a file of ours has in OMERO; nobody but us makes such a one."""
    return f"{NAMESPACE}/{key}/"
