"""Judge a fileset before it is imported, so that bad input is met at the microscope."""

from __future__ import annotations

import asyncio
import os
import stat
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from transferapp import errors
from transferapp.host.clock import Clock, SystemClock
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.formats import (
    COMPANION,
    KNOWN_UNREADABLE,
    OME_TIFF,
    OME_ZARR,
    ImageFormat,
    format_of_bytes,
    format_of_name,
)
from transferapp.intake.integrity import look_into
from transferapp.intake.ome_planes import doubt_about_planes
from transferapp.intake.scanning import Finding, FoundFile, name_problem, problem_of
from transferapp.intake.writers import being_written
from transferapp.intake.zarr_integrity import check_zarr, is_empty_chunk
from transferapp.protocol.messages import ServerInfo

#: Enough of a file's start to know its format.
_START_BYTES = 32
#: A file that changed within this time may be held open by a writer, and that is asked; of
#: one that has rested for longer it is asked before its upload only.
RECENTLY_S = 600.0
#: Longest wait for the server's word on what reads the files, in seconds.
_PATIENCE_S = 3.0
#: Files of one fileset above which a person is warned. OMERO keeps a row, an upload and a
#: checksum of each file and opens an import in one call: by default it allows a session
#: 10,000 open objects (omero.throttling.servants_per_session in its configuration
#: glossary), and imports with more files took hours or ran out of memory
#: (github.com/ome/ZarrReader issue 40).
MANY_FILES = 10_000


class Level(StrEnum):
    """How a verdict ends."""

    OK = "ok"
    WARNING = "warning"
    BLOCKED = "blocked"


# Nobody changes one; frozen, it would take four times as long to make.
@dataclass(slots=True, unsafe_hash=True)
class Verdict:
    """What preflight says of one fileset. ``code`` is that of an error, or empty (a doubt,
    such as very many files, is a warning without one).

    ``what`` is for people: "OME-TIFF, 3 files".
    """

    level: Level
    code: str
    sentence: str
    size_bytes: int
    file_count: int
    what: str

    @property
    def blocked(self) -> bool:
        """True when it cannot be imported as it is."""
        return self.level is Level.BLOCKED


@dataclass(frozen=True, slots=True)
class PreflightSettings:
    """What preflight may assume.

    A file modified less than ``still_writing_s`` seconds ago counts as being written.
    ``vendor_formats``: does the server have the ``readers`` extra? ``bio_formats``: does
    Bio-Formats read the files there, as in OMERO?
    """

    still_writing_s: float = 10.0
    vendor_formats: bool = True
    bio_formats: bool = False
    #: More files than this in one fileset are worth a warning.
    many_files: int = MANY_FILES


class DescribesItself(Protocol):
    """What is needed of a server here; ``client.server.ServerClient`` is one."""

    async def server_info(self) -> ServerInfo:
        """Say what answers, and which image repository is behind it."""


async def ask_settings(
    server: DescribesItself, settings: PreflightSettings | None = None
) -> PreflightSettings:
    """Ask what reads the files in the end; without an answer ``settings`` hold.

    Never raises: looking at files needs no server.
    """
    known = settings or PreflightSettings()
    with suppress(errors.TransferAppError, TimeoutError):
        async with asyncio.timeout(_PATIENCE_S):
            repository = (await server.server_info()).repository
        return replace(known, bio_formats=repository.lower() == "omero")
    return known


def preflight(
    candidate: FilesetCandidate,
    settings: PreflightSettings | None = None,
    clock: Clock | None = None,
) -> Verdict:
    """Judge a fileset. Reads files, so call it in a thread; never raises for a bad file."""
    settings = settings or PreflightSettings()
    size, doubts = 0, list[str]()
    try:
        size, doubts = _check(candidate, settings)
        now_ns = int((clock or SystemClock()).now().timestamp() * 1e9)
        _check_still(candidate, settings, now_ns)
        doubts += _doubts(candidate)
    except errors.ChangedFile as error:
        return _verdict(Level.WARNING, candidate, size, error)
    except errors.SourceProblem as error:
        return _verdict(Level.BLOCKED, candidate, size or candidate.size_bytes, error)
    if len(candidate.files) > settings.many_files:
        doubts.append(_many_files(candidate, settings.many_files))
    made = _verdict(Level.WARNING if doubts else Level.OK, candidate, size, None)
    return replace(made, sentence=" ".join(doubts))


def refused(finding: Finding) -> Verdict:
    """Put something that the scan left out into the same words."""
    return Verdict(
        Level.BLOCKED, finding.error.code, finding.error.message, 0, 1, finding.error.title
    )


def _verdict(
    level: Level,
    candidate: FilesetCandidate,
    size_bytes: int,
    error: errors.SourceProblem | None,
) -> Verdict:
    count = len(candidate.files)
    name = candidate.format.name if candidate.format else "Unknown format"
    what = f"{name}, {count} {'file' if count == 1 else 'files'}"
    code, sentence = (error.code, error.message) if error else ("", "")
    return Verdict(level, code, sentence, size_bytes, count, what)


def _check(candidate: FilesetCandidate, settings: PreflightSettings) -> tuple[int, list[str]]:
    """Return the present size in bytes, and doubts as sentences; raises SourceProblem."""
    for problem in candidate.problems:
        raise problem
    if not candidate.files:
        raise errors.EmptyFile(f"There are no files in '{candidate.name}'.")
    is_zarr = candidate.format is OME_ZARR
    look_at = _check_chunk if is_zarr else _check_file
    if candidate.format is OME_TIFF:
        look_at = _check_part
    size, doubts = 0, set[str]()
    for file in candidate.files:
        if bad_name := name_problem(file.path, file.client_path):
            raise bad_name
        try:
            size_bytes = _size(file)
            doubts.add(look_at(file, size_bytes, settings))
        except OSError as error:
            raise problem_of(error, file.path) from error
        size += size_bytes
    if is_zarr:
        doubts.update(check_zarr(candidate.files, only_by_name=settings.bio_formats))
    return size, sorted(doubts - {""})


def _size(file: FoundFile) -> int:
    found = os.stat(file.place)  # noqa: PTH116 - Path objects take longer than the look
    if not stat.S_ISREG(found.st_mode):
        raise errors.UnreadableFile(f"'{file.name}' is not a file any more.")
    return found.st_size


def _check_chunk(file: FoundFile, size_bytes: int, _: PreflightSettings) -> str:
    # Opening each of 100,000 chunks takes seconds; asking for the right is enough.
    if not os.access(file.path, os.R_OK, effective_ids=os.access in os.supports_effective_ids):
        raise errors.UnreadableFile(
            f"'{file.client_path}' cannot be read. Check that your account may read it."
        )
    if is_empty_chunk(file.name, size_bytes):
        raise errors.DamagedFile(
            f"'{file.client_path}' has no bytes. Copy the whole folder again."
        )
    return ""


def _check_part(file: FoundFile, size_bytes: int, settings: PreflightSettings) -> str:
    """Look at a file of an OME-TIFF; its OME-XML has been read by grouping."""
    start = _start(file).lstrip(b"\xef\xbb\xbf \t\r\n")
    is_document = start.startswith(b"<") or format_of_name(file.name) is COMPANION
    return "" if is_document and size_bytes else _check_file(file, size_bytes, settings)


def _start(file: FoundFile) -> bytes:
    with open(file.place, "rb", buffering=0) as opened:  # noqa: PTH123 - as above
        return opened.read(_START_BYTES)


def _check_file(file: FoundFile, size_bytes: int, settings: PreflightSettings) -> str:
    """Return a doubt, or ""; raises OSError and SourceProblem."""
    start = _start(file)
    if size_bytes == 0:
        raise errors.EmptyFile(
            f"'{file.name}' has no bytes. Save it again in the microscope software."
        )
    kind = _format(file, settings)
    if kind is COMPANION:
        return ""
    present = format_of_bytes(start)
    if present is None or not set(present.magic) & set(kind.magic):
        raise errors.DamagedFile(
            f"'{file.name}' does not begin like {_article(kind.name)} file."
            " Copy or export it again."
        )
    look = look_into(file.path, kind)
    if look.missing:
        raise errors.DamagedFile(
            f"'{file.name}' is not complete: {look.missing}. Copy or export it again."
        )
    if look.unshown:
        raise errors.UnsupportedFile(f"'{file.name}' {look.unshown}")
    return _packed(look.packed_by) if settings.bio_formats and look.packed_by else ""


def _format(file: FoundFile, settings: PreflightSettings) -> ImageFormat:
    kind = format_of_name(file.name)
    if kind is None:
        raise _unsupported(file.path)
    if kind.needs_readers and not settings.vendor_formats:
        raise errors.UnsupportedFile(
            f"This server has no reader for {kind.name}. Export it as OME-TIFF, or ask your"
            " administrator to install the readers."
        )
    return kind


def _packed(compression: str) -> str:
    return (
        f"Its pixels are compressed by {compression}, which OMERO may not be able to unpack."
        " Save it with LZW, zlib or JPEG 2000; or try with one file first."
    )


def _check_still(candidate: FilesetCandidate, settings: PreflightSettings, now_ns: int) -> None:
    """Raise ChangedFile when a file is still being written."""
    probe = candidate.format is not OME_ZARR
    for file in candidate.files:
        try:
            found = file.path.stat()
        except OSError as error:
            raise problem_of(error, file.path) from error
        age_s = (now_ns - found.st_mtime_ns) / 1e9
        moved = (found.st_size, found.st_mtime_ns) != (file.size_bytes, file.modified_ns)
        if (
            moved
            or 0 <= age_s < settings.still_writing_s
            or (probe and age_s < RECENTLY_S and being_written(file.path))
        ):
            raise errors.ChangedFile(
                f"'{file.name}' is still being written. Wait until the acquisition has"
                " finished, then check again."
            )


def _doubts(candidate: FilesetCandidate) -> list[str]:
    """Return what is worth reading before an import that is possible; raises SourceProblem."""
    found = list(candidate.doubts)
    if candidate.format is OME_TIFF:
        try:
            found.append(doubt_about_planes(candidate.files))
        except OSError as error:
            raise problem_of(error, candidate.files[0].path) from error
    return [doubt for doubt in found if doubt]


def _many_files(candidate: FilesetCandidate, limit: int) -> str:
    remedy = (
        "Write it with larger chunks or with sharding (Zarr format 3), or convert it to one"
        " OME-TIFF"
        if candidate.format is OME_ZARR
        else "Convert it to fewer files, such as one OME-TIFF"
    )
    return (
        f"'{candidate.name}' has {len(candidate.files):,} files. OMERO takes hours over more"
        f" than {limit:,}, and may fail. {remedy}; or ask your administrator for in-place"
        " import. It can be imported as it is."
    )


def _unsupported(path: Path) -> errors.UnsupportedFile:
    known = KNOWN_UNREADABLE.get(path.suffix.lower())
    if known:
        return errors.UnsupportedFile(
            f"{known} cannot be read here. Export '{path.name}' from the microscope software"
            " as OME-TIFF, then import that."
        )
    return errors.UnsupportedFile(
        f"'{path.name}' is not an image format that can be imported. Leave it out, or export"
        " it as OME-TIFF."
    )


def _article(name: str) -> str:
    return f"{'an' if name[0] in 'AEIOU' else 'a'} {name}"
