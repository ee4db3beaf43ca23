"""What an export would bring: counted page by page, before anything is queued."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field

import structlog

from transferapp.errors import SettingsInvalid
from transferapp.ledger.port import TransferLists
from transferapp.model.export_specs import ExportSpec
from transferapp.model.images import ImageSummary, OriginalsSize
from transferapp.model.transfers import TransferKind
from transferapp.operations.archives import exported_for
from transferapp.operations.export_estimate import estimated_part
from transferapp.operations.export_pace import expected_s
from transferapp.operations.export_selection import NOTHING, TOO_MANY, ExportSelection
from transferapp.operations.from_archive import Archived, OpensTiers, archived_of
from transferapp.operations.places import PlaceOffers, too_much
from transferapp.prepared.port import Prepared
from transferapp.protocol.export_requests import MAX_IMAGES, ExportRequest
from transferapp.protocol.export_summaries import (
    MOST_NAMED,
    ExportSummary,
    NamedObject,
    NamedObjects,
)
from transferapp.repositories.port import Capability, Repository, RepositorySession
from transferapp.tier_errors import ArchiveUnavailable
from transferapp.tiers.port import Tiers

_log = structlog.get_logger(__name__)

#: Seconds for which pages are read while a person waits; then it is "at least".
LONGEST_S = 5.0
#: More for the archive to answer in.
_ARCHIVE_S = 5.0
_SILENT = "The archive cannot be asked where the files are."
#: Of which the pace is told, the newest.
_LAST_EXPORTS = 50


class ExportSummaries:
    """Says what exports would bring; changes nothing."""

    def __init__(
        self,
        repository: Repository,
        prepared: Prepared,
        ledger: TransferLists,
        places: PlaceOffers,
        opened: OpensTiers,
        *,
        longest_s: float = LONGEST_S,
    ) -> None:
        """Count in ``repository`` for about ``longest_s`` seconds, then as far as it got."""
        self._repository, self._prepared = repository, prepared
        self._ledger = ledger
        self._places = places
        self._opened = opened
        self._longest_s = longest_s

    async def summarize(self, username: str, request: ExportRequest) -> ExportSummary:
        """Count what the person chose; raises RepositoryUnavailable, PermissionDenied, and
        TargetNotFound.
        """
        spec = request.spec()
        owner = await exported_for(self._repository, username, request.owner)
        room = await self._places.room_bytes(owner, request.to)
        tiers, silent = await self._tiers()
        counted = _Counted(spec, with_paths=tiers is not None)
        ends = asyncio.get_running_loop().time() + self._longest_s
        async with self._repository.session(owner) as session:
            selection = ExportSelection(session, request)
            complete = await _count(session, selection, counted, ends)
        archived = await _archived(tiers, counted.paths, ends)
        silent = silent or (tiers is not None and archived is None)
        hindrances = (await self._places.hindrance(request.to), _SILENT if silent else "")
        last = await self._ledger.transfers(
            username, kind=TransferKind.EXPORT, limit=_LAST_EXPORTS
        )
        return ExportSummary(
            form=spec.form,
            images=selection.count,
            files=counted.files,
            size_bytes=counted.size_bytes,
            estimated=spec.form.converts,
            complete=complete,
            missing=NamedObjects(
                count=len(selection.missing),
                first=[NamedObject(ref=ref) for ref, _ in selection.missing[:MOST_NAMED]],
            ),
            without_originals=counted.without_originals.shown(),
            kept_back=counted.kept_back.shown(),
            unsuitable=counted.unsuitable.shown(),
            most_images=MAX_IMAGES,
            free_bytes=await self._prepared.free_bytes() if spec.form.converts else None,
            room_bytes=room,
            hindrance=" ".join(filter(None, hindrances)),
            through_api=self._through_api(spec),
            expected_s=expected_s(last, spec.form, counted.size_bytes),
            archived_files=None if archived is None else archived.files,
            archived_s=None if archived is None else archived.eta_s,
            refused=_refused(selection, request, complete=complete)
            or too_much(room, request.to, counted.size_bytes, estimated=spec.form.converts),
        )

    async def _tiers(self) -> tuple[Tiers | None, bool]:
        """Return the tiers, and whether there are some that cannot be asked."""
        try:
            return await self._opened(), False
        except SettingsInvalid as error:
            # Workers tell whoever exports more of it; a summary does without.
            _log.warning("no archive", error=error.message)
            return None, True

    def _through_api(self, spec: ExportSpec) -> bool:
        converts = spec.form.converts
        direct = Capability.DIRECT_PIXELS if converts else Capability.DIRECT_FILES
        return direct not in self._repository.capabilities


@dataclass
class _Named:
    count: int = 0
    first: list[NamedObject] = field(default_factory=list)

    def add(self, image: ImageSummary, reason: str = "") -> None:
        self.count += 1
        if len(self.first) < MOST_NAMED:
            made = NamedObject(ref=f"Image:{image.id}", name=image.name, reason=reason)
            self.first.append(made)

    def shown(self) -> NamedObjects:
        return NamedObjects(count=self.count, first=self.first)


@dataclass
class _Counted:
    spec: ExportSpec
    with_paths: bool = False
    size_bytes: int = 0
    files: int | None = 0
    without_originals: _Named = field(default_factory=_Named)
    kept_back: _Named = field(default_factory=_Named)
    unsuitable: _Named = field(default_factory=_Named)
    #: Where original files lie, as far as this process sees them.
    paths: set[str] = field(default_factory=set)
    _filesets: set[int] = field(default_factory=set)

    def add_original(self, image: ImageSummary, size: OriginalsSize | None) -> None:
        """Count an image's files, unless another image of the fileset has brought them."""
        if size is None or not size.file_count:
            self.without_originals.add(image)
        elif not size.may_read:
            self.kept_back.add(image)
        elif size.fileset_id not in self._filesets:
            self._filesets.add(size.fileset_id)
            self._add(size.file_count, size.size_bytes)

    def add_part(self, image: ImageSummary) -> None:
        """Count what a worker would make of an image."""
        part = estimated_part(image, self.spec)
        if part.reason:
            self.unsuitable.add(image, part.reason)
        else:
            self._add(part.files, part.size_bytes)

    def _add(self, files: int | None, size_bytes: int) -> None:
        self.files = None if files is None or self.files is None else self.files + files
        self.size_bytes += size_bytes


async def _archived(
    tiers: Tiers | None, paths: Collection[str], ends: float
) -> Archived | None:
    """Count what lies in the archive; None where there is none, or no answer in time."""
    if tiers is None:
        return None
    try:
        # A moment for it in any case: it is the last question.
        async with asyncio.timeout_at(ends + _ARCHIVE_S):
            return archived_of(await tiers.status(sorted(paths)))
    except (TimeoutError, ArchiveUnavailable) as error:
        _log.warning("no answer of the archive", error=str(error))
        return None


async def _count(
    session: RepositorySession, selection: ExportSelection, counted: _Counted, ends: float
) -> bool:
    """Count page by page; returns False where it ended before the last one."""
    async for page in selection.pages():
        if counted.with_paths and page:
            found_paths = await session.images.paths([image.id for image in page])
            counted.paths.update(one.path for one in found_paths)
        if counted.spec.form.converts:
            for image in page:
                counted.add_part(image)
        elif page:
            found = await session.images.sizes([image.id for image in page])
            sizes = {size.image_id: size for size in found}
            for image in page:
                counted.add_original(image, sizes.get(image.id))
        if selection.count > MAX_IMAGES or asyncio.get_running_loop().time() > ends:
            return False
    return True


def _refused(selection: ExportSelection, request: ExportRequest, *, complete: bool) -> str:
    """Say why ``ExportRequests.submit`` would refuse it, as far as is known."""
    if selection.missing and not request.skip_missing:
        return str(selection.missing[0][1])
    if selection.count > MAX_IMAGES:
        return TOO_MANY
    nothing = complete and not (selection.count or request.owner)
    return NOTHING if nothing else ""
