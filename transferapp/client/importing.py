"""Hand over an import or export: first to the server, then to the workstation service."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from pydantic import SecretStr

from transferapp.client.agent import AgentClient
from transferapp.client.dropping import Dropped, drop_message, drop_on_disk
from transferapp.errors import ChangedFile, Internal, Invalid
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.file_names import problem_of
from transferapp.intake.scanning import FoundFile
from transferapp.model.containers import ContainerRef
from transferapp.model.export_specs import ExportSpec
from transferapp.model.image_annotations import OwnAnnotations
from transferapp.model.images import Annotation
from transferapp.model.restoring import RestoredItem
from transferapp.model.skips import Skip
from transferapp.model.transfers import TransferDetails, TransferFile, TransferKind
from transferapp.protocol.export_requests import ExportRequest, asked_cut
from transferapp.protocol.messages import (
    Accepted,
    FileOnDisk,
    ImportRequest,
    NewFile,
    NewItem,
    Submission,
    SubmissionView,
    SubmittedItem,
)


class HandOver(Protocol):
    """What is needed of a server here; ``client.server.ServerClient`` is one."""

    base_url: str

    async def submit_import(
        self, request: ImportRequest, *, request_key: str | None = None
    ) -> Accepted:
        """Ask for an import; the same key gives the first answer with a fresh grant."""

    async def submit_export(
        self, request: ExportRequest, *, request_key: str | None = None
    ) -> Accepted:
        """Ask for an export; the same key gives the first answer with a fresh grant."""

    async def transfer(self, transfer_id: str, *, files: bool = False) -> TransferDetails:
        """Return a transfer with its items, and on wish its files."""


class ChecksImports(Protocol):
    """What is needed of a server to ask whether an import is possible."""

    async def check_import(self, request: ImportRequest) -> None:
        """Raise what it would be refused for."""


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What a person decided to import. The same plan again is the same import."""

    name: str
    #: None: it is not made yet; only ``check_import`` takes that.
    target: ContainerRef | None
    candidates: tuple[FilesetCandidate, ...]
    annotations: tuple[Annotation, ...] = ()
    #: Whose data it becomes; empty: the signed-in person's.
    owner: str = ""
    #: Work that the repository is not asked to do.
    skip: frozenset[Skip] = frozenset()
    #: Of single filesets, by the file to open.
    own_annotations: Mapping[Path, OwnAnnotations] = field(default_factory=dict)
    #: What an archive says of single filesets, by the file to open.
    restored: Mapping[Path, RestoredItem] = field(default_factory=dict)
    #: What was dropped, with all that is neither in ``candidates`` nor in ``attachments``;
    #: None where nobody knows.
    dropped: Dropped | None = None
    #: Files that are no images and are attached to the target.
    attachments: tuple[FoundFile, ...] = ()
    request_key: str = field(default_factory=lambda: uuid4().hex)

    def or_same(self, before: ImportPlan | None) -> ImportPlan:
        """Return the plan ``before`` where it is this one: that is not imported twice."""
        if before and replace(self, request_key=before.request_key) == before:
            return before
        return self


@dataclass(frozen=True, slots=True)
class ExportPlan:
    """What a person decided to export. The same plan again is the same export."""

    name: str
    image_ids: tuple[int, ...]
    destination: Path
    request_key: str = field(default_factory=lambda: uuid4().hex)
    #: All images in these.
    containers: tuple[ContainerRef, ...] = ()
    #: All images of these wells, and all with one of these tags.
    wells: tuple[int, ...] = ()
    tags: tuple[str, ...] = ()
    #: Of containers, wells and tags (without any: of all images) those named like this.
    text: str = ""
    #: Leave out what is gone, or not to be seen, instead of exporting nothing.
    skip_missing: bool = False
    #: The place that a worker brings it to ("cluster:a/b"), where no agent fetches it into
    #: ``destination``.
    to: str = ""
    spec: ExportSpec = ExportSpec()  # noqa: RUF009 - frozen
    #: All that this person owns, with its description; then nothing else is chosen.
    archive_of: str = ""

    def or_same(self, before: ExportPlan | None) -> ExportPlan:
        """Return the plan ``before`` where it is this one: that is not exported twice."""
        if before and replace(self, request_key=before.request_key) == before:
            return before
        return self


def owner_key(username: str, server_url: str) -> str:
    """Return ``user@server``, by which the agent tells people on one account apart."""
    return f"{username}@{server_url.rstrip('/')}"


async def check_import(server: ChecksImports, agent: AgentClient, plan: ImportPlan) -> None:
    """Raise what ``hand_over_import`` would, but for a target that is not made yet: it is made
    only for an import that is possible.
    """
    await agent.info()
    plan = await asyncio.to_thread(_as_it_is_now, plan)
    await server.check_import(await asyncio.to_thread(_import_request, plan))


async def hand_over_import(
    server: HandOver, agent: AgentClient, plan: ImportPlan, *, owner: str = ""
) -> SubmissionView:
    """Register an import and give its files to the agent; then it is safe to log off.

    ``owner`` is the user name (the server's answer has it too). Nothing is registered when
    the agent is not there. Raises AgentUnreachable, ServerUnreachable, Denied, Invalid,
    SourceProblem when a file has gone since it was scanned. Repeating the same plan after
    any of these is safe.
    """
    if not plan.candidates:
        raise Invalid("There is nothing to import.")
    if plan.target is None:
        raise Invalid("Choose where to import to.")
    await agent.info()
    plan = await asyncio.to_thread(_as_it_is_now, plan)
    request = await asyncio.to_thread(_import_request, plan)
    accepted = await server.submit_import(request, request_key=plan.request_key)
    details = accepted.details
    if not details.files:
        details = await server.transfer(details.transfer.id, files=True)
    items = await asyncio.to_thread(_submitted_items, details, _planned_files(plan))
    submission = _submission(server, accepted, items=items, owner=owner)
    if plan.dropped is not None:
        drop = await asyncio.to_thread(drop_on_disk, plan.dropped)
        submission = submission.model_copy(update={"drop": drop})
    return await agent.submit(submission)


async def hand_over_export(
    server: HandOver, agent: AgentClient, plan: ExportPlan, *, owner: str = ""
) -> SubmissionView:
    """Register an export and let the agent fetch it into ``plan.destination``.

    Raises AgentUnreachable, ServerUnreachable, Denied, Invalid.
    """
    request = export_request(plan)
    await agent.info()
    accepted = await server.submit_export(request, request_key=plan.request_key)
    destination = await asyncio.to_thread(plan.destination.absolute)
    return await agent.submit(
        _submission(server, accepted, owner=owner, destination=str(destination))
    )


async def ask_for_place(server: HandOver, plan: ExportPlan) -> TransferDetails:
    """Register an export that a worker brings to the place ``plan.to``; nothing of it is on
    this computer. Raises ServerUnreachable, Denied, Invalid, TargetNotFound.
    """
    request = export_request(plan)
    return (await server.submit_export(request, request_key=plan.request_key)).details


def export_request(plan: ExportPlan) -> ExportRequest:
    """Return what the server is asked; raises Invalid where nothing is chosen."""
    chosen = plan.image_ids, plan.containers, plan.wells, plan.tags, plan.text
    if not (any(chosen) or plan.archive_of):
        raise Invalid("Select at least one image.")
    return ExportRequest(
        name=plan.name,
        image_ids=list(plan.image_ids),
        containers=[str(one) for one in plan.containers],
        wells=list(plan.wells),
        tags=list(plan.tags),
        text=plan.text,
        skip_missing=plan.skip_missing,
        form=plan.spec.form,
        cut=asked_cut(plan.spec.cut),
        with_annotations=plan.spec.with_annotations,
        layout=plan.spec.layout,
        to=plan.to,
        owner=plan.archive_of,
    )


def _submission(
    server: HandOver,
    accepted: Accepted,
    *,
    owner: str,
    items: Sequence[SubmittedItem] = (),
    destination: str = "",
) -> Submission:
    transfer = accepted.details.transfer
    return Submission(
        kind=TransferKind.EXPORT if destination else TransferKind.IMPORT,
        transfer_id=transfer.id,
        name=transfer.name,
        owner=owner_key(owner or transfer.owner, server.base_url),
        server_url=server.base_url,
        grant=SecretStr(accepted.grant),
        items=list(items),
        destination=destination,
    )


def _as_it_is_now(plan: ImportPlan) -> ImportPlan:
    """Look at every file again: sizes may have grown since the scan."""
    candidates = (replace(c, files=_scanned_at(c.files)) for c in plan.candidates)
    attachments = _scanned_at(plan.attachments)
    return replace(plan, candidates=tuple(candidates), attachments=attachments)


def _scanned_at(files: Iterable[FoundFile]) -> tuple[FoundFile, ...]:
    return tuple(_file_now(file) for file in files)


def _file_now(file: FoundFile) -> FoundFile:
    try:
        found = file.path.stat()
    except OSError as error:
        raise problem_of(error, file.path) from error
    return FoundFile(file.place, file.client_path, found.st_size, found.st_mtime_ns)


def _import_request(plan: ImportPlan) -> ImportRequest:
    return ImportRequest(
        name=plan.name,
        target="" if plan.target is None else str(plan.target),
        items=[
            _new_item(
                one,
                plan.own_annotations.get(one.files[0].path, OwnAnnotations()),
                plan.restored.get(one.files[0].path),
            )
            for one in plan.candidates
        ],
        attachments=_new_files(plan.attachments),
        annotations=list(plan.annotations),
        owner=plan.owner,
        skip=sorted(plan.skip),
        drop=drop_message(plan.dropped) if plan.dropped is not None else None,
    )


def _new_item(
    candidate: FilesetCandidate, own: OwnAnnotations, restored: RestoredItem | None
) -> NewItem:
    return NewItem(
        name=candidate.name,
        files=_new_files(candidate.files),
        annotations=list(own.every),
        image_annotations=list(own.single),
        restored=restored,
    )


def _new_files(files: Iterable[FoundFile]) -> list[NewFile]:
    return [NewFile(client_path=one.client_path, size_bytes=one.size_bytes) for one in files]


def _planned_files(plan: ImportPlan) -> list[tuple[FoundFile, ...]]:
    """Return the files of each item, in the order of the server's items."""
    filesets = [candidate.files for candidate in plan.candidates]
    return [*filesets, plan.attachments] if plan.attachments else filesets


def _submitted_items(
    details: TransferDetails, planned: Sequence[Sequence[FoundFile]]
) -> list[SubmittedItem]:
    """Pair the server's items, which keep the order of the request, with files on disk."""
    known: dict[str, dict[str, TransferFile]] = {item.id: {} for item in details.items}
    for file in details.files:
        known[file.item_id][file.client_path] = file
    items = []
    for item, found in zip(details.items, planned, strict=False):
        by_path = known[item.id]
        if set(by_path) != {file.client_path for file in found}:
            raise Internal(f"The server's answer does not list the files of '{item.name}'.")
        files = [_on_disk(file, by_path[file.client_path]) for file in found]
        items.append(SubmittedItem(item_id=item.id, name=item.name, files=files))
    if len(details.items) != len(planned):
        raise Internal("The server's answer does not list every item of the import.")
    return items


def _on_disk(file: FoundFile, registered: TransferFile) -> FileOnDisk:
    if registered.size_bytes != file.size_bytes:
        # The same plan was handed over before, when the file had another size.
        raise ChangedFile(f"'{file.path.name}' has changed meanwhile. Start the import anew.")
    return FileOnDisk(
        file_id=registered.id,
        client_path=file.client_path,
        path=str(file.path),
        size_bytes=file.size_bytes,
        modified_ns=file.modified_ns,
    )
