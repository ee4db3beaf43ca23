"""Bring files into OMERO's managed repository, from the byte where an upload stopped."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from transferapp.repositories.counting import ByteCount
from transferapp.repositories.omero.imports.processes import HeldProcess
from transferapp.repositories.omero.sessions.context import OmeroSessionContext

_BLOCK = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file goes: its number in an import process."""

    process: HeldProcess
    number: int


def upload(
    omero_session: OmeroSessionContext,
    place: Place,
    path: Path,
    count: ByteCount,
    *,
    again: bool,
) -> None:
    """Send one file; ``again`` sends it from the beginning. Blocking, resumable."""
    gateway = omero_session.gateway
    # Asked first: OMERO knows it only while the uploader is open, and any write moves it.
    offset = 0 if again else place.process.offset(place.number)
    uploader = place.process.uploader(place.number)
    if again or offset > path.stat().st_size:
        uploader.truncate(0)
        offset = 0
    if not offset:
        # Without any write OMERO makes no file, so that empty ones would fail.
        uploader.write(b"", 0, 0)
    count.add(offset)
    with path.open("rb") as source:
        source.seek(offset)
        while block := source.read(_BLOCK):
            uploader.write(block, offset, len(block))
            offset += len(block)
            count.add(len(block))
    # OMERO hashes the file now. Only a whole file is closed: half of one would be hashed
    # for nothing.
    gateway.patient(uploader).close()
