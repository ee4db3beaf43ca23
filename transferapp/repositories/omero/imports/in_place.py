"""Bring files into OMERO's managed repository by links, with OMERO's own means.

OMERO makes the folders and shows, by a marker that it writes where the file belongs, that
this computer really sees its repository. The marker is replaced by the link, and OMERO is
asked to look again: it hashes the file since its size has changed. Each step may be the last
one of a killed worker; the next one looks what is there.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from transferapp.errors import Busy, UploadLost
from transferapp.model.filesets import FilesetPlan
from transferapp.model.images import OriginalFile
from transferapp.repositories.omero.catalogue.commands import delete
from transferapp.repositories.omero.catalogue.filesets import (
    differing,
    files_of,
    places_of,
    transfer_notes,
)
from transferapp.repositories.omero.ice_imports import omero
from transferapp.repositories.omero.imports.processes import HeldProcess
from transferapp.repositories.omero.imports.uploads import Place
from transferapp.repositories.omero.links import CannotLink, Links, Source, or_cannot_link
from transferapp.repositories.omero.sessions.context import OmeroSessionContext
from transferapp.repositories.omero.sessions.pixel_stores import closing

_log = structlog.get_logger(__name__)
_MARKER = b"transferapp links a file here: "
#: Network file systems show a new file a little later (seconds).
_SCAN_FOR_S, _SCAN_EVERY_S = 3.0, 0.1


@dataclass(frozen=True, slots=True)
class _Spot:
    """One file on its way: whence, whither, and what OMERO knows of it."""

    source: Source
    place: Place
    location: Path
    held: OriginalFile

    @property
    def size_bytes(self) -> int:
        return self.source.path.stat().st_size


def bring_in_place(
    omero_session: OmeroSessionContext,
    process: HeldProcess,
    fileset_id: int,
    plan: FilesetPlan,
    paths: Sequence[Path],
) -> bool:
    """Link the files of a fileset that was begun so; False: they are to be uploaded.

    Raises UploadLost when links are there that this process may not touch, Busy when another
    worker is making them now.
    """
    if not transfer_notes(omero_session, fileset_id):
        return False
    if omero_session.links is None:
        raise UploadLost("Another worker began to link these files; they are sent again.")
    spots = _spots(omero_session, omero_session.links, process, fileset_id, plan, paths)
    try:
        _link_all(omero_session, omero_session.links, fileset_id, plan, spots)
    except CannotLink as error:
        _log.warning(
            "in place is not possible; the files are uploaded",
            fileset=fileset_id,
            error=str(error),
        )
        _give_up(omero_session, omero_session.links, fileset_id, plan, spots)
        return False
    return True


def tidy_up(omero_session: OmeroSessionContext, fileset_id: int) -> None:
    """Remove what killed workers left beside the files; blocking."""
    if omero_session.links is not None and transfer_notes(omero_session, fileset_id):
        omero_session.links.tidy(
            [
                omero_session.links.location(inside)
                for inside in places_of(omero_session, fileset_id)
            ]
        )


def _spots(
    omero_session: OmeroSessionContext,
    links: Links,
    process: HeldProcess,
    fileset_id: int,
    plan: FilesetPlan,
    paths: Sequence[Path],
) -> list[_Spot]:
    held = {one.client_path: one for one in files_of(omero_session, fileset_id)}
    inside = places_of(omero_session, fileset_id)
    return [
        _Spot(
            Source(path, plan.key, file.client_path, number),
            Place(process, number),
            links.location(inside[number]),
            held[file.client_path],
        )
        for number, (file, path) in enumerate(zip(plan.files, paths, strict=True))
    ]


def _link_all(
    omero_session: OmeroSessionContext,
    links: Links,
    fileset_id: int,
    plan: FilesetPlan,
    spots: list[_Spot],
) -> None:
    wrong = set(differing(plan, [spot.held for spot in spots]))
    for spot in spots:
        if spot.held.client_path in wrong:
            _link(omero_session, links, spot)
    seen = {one.client_path: one.size_bytes for one in files_of(omero_session, fileset_id)}
    for spot in spots:
        if seen[spot.held.client_path] != spot.size_bytes:
            raise CannotLink(f"OMERO does not see what {spot.location} leads to")


def _link(omero_session: OmeroSessionContext, links: Links, spot: _Spot) -> None:
    # Looked at only after an earlier attempt: on network file systems a file that was not
    # there when one looked stays unseen for a while.
    known = bool(spot.held.hash)
    linked = known and links.placed(spot.source, spot.location)
    # OMERO hashes only what has changed its size, so a wrong hash needs it all again.
    if not linked or spot.held.size_bytes == spot.size_bytes:
        if known:
            links.take_away(spot.source, spot.location)
        _mark(links, spot)
        links.put(spot.source, spot.location)
    _scan_again(omero_session, spot)


def _mark(links: Links, spot: _Spot) -> None:
    """Let OMERO write a marker, and find it; raises CannotLink, Busy."""
    marker = _MARKER + uuid.uuid4().hex.encode()
    if len(marker) == spot.size_bytes:
        marker += b"\n"
    uploader = spot.place.process.uploader(spot.place.number)
    uploader.truncate(0)
    uploader.write(marker, 0, len(marker))
    uploader.close()
    end = time.monotonic() + _SCAN_FOR_S
    while (found := _read(spot.location, len(marker) + 1)) != marker:
        if found.startswith(_MARKER) or links.placed(spot.source, spot.location):
            raise Busy("Another worker is linking this file now. It is tried again.")
        if time.monotonic() > end:
            raise CannotLink(f"what OMERO writes is not seen at {spot.location}")
        time.sleep(_SCAN_EVERY_S)


def _read(location: Path, count: int) -> bytes:
    with or_cannot_link():
        try:
            with location.open("rb") as file:
                return file.read(count)
        except FileNotFoundError:
            return b""


def _scan_again(omero_session: OmeroSessionContext, spot: _Spot) -> None:
    """Have OMERO hash what is there now; minutes for a large file."""
    reader = spot.place.process.uploader(spot.place.number, "r")
    patient = omero_session.gateway.patient(reader)
    try:
        # Closed in any case: OMERO gives the same reader again while it is open.
        with closing(patient):
            patient.save()
    except (omero.ResourceError, omero.InternalException) as error:
        raise CannotLink(f"OMERO cannot read {spot.location}: {error.message}") from error


def _give_up(
    omero_session: OmeroSessionContext,
    links: Links,
    fileset_id: int,
    plan: FilesetPlan,
    spots: list[_Spot],
) -> None:
    """Prepare the wrong files for uploading. Where no link is left, nothing says so."""
    wrong = set(differing(plan, files_of(omero_session, fileset_id)))
    for spot in spots:
        if spot.held.client_path in wrong:
            try:
                links.take_away(spot.source, spot.location)
            except CannotLink as error:
                # Uploading would write through the link into the staged file.
                raise UploadLost from error
    if len(wrong) == len(spots):
        notes = transfer_notes(omero_session, fileset_id)
        delete(omero_session.gateway, plan.group_id, {"CommentAnnotation": notes}, keep=[])
        links.forget(plan.key)
