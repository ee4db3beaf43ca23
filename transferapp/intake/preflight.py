"""Judge a fileset before it is imported, so that bad input is met at the microscope."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from transferapp import errors
from transferapp.formats.embedded import embedded_formats, is_read_by_ours
from transferapp.formats.image_format import ImageFormat
from transferapp.formats.read_formats import RepositoryFormats
from transferapp.host.clock import Clock, SystemClock
from transferapp.intake import traps
from transferapp.intake.asking import Opens
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.contents import HEAD_BYTES
from transferapp.intake.file_names import name_problem, problem_of
from transferapp.intake.formats import (
    COMPANION,
    CZI,
    JPEG,
    ND2,
    OME_TIFF,
    OME_XML,
    OME_ZARR,
    TIFF,
    format_of_bytes,
    format_of_name,
)
from transferapp.intake.integrity import read_heads
from transferapp.intake.ome_planes import doubt_about_planes
from transferapp.intake.scanning import Finding, FoundFile
from transferapp.intake.target import Claim, claim_of
from transferapp.intake.writers import being_written
from transferapp.intake.zarr_integrity import check_zarr, is_empty_chunk

#: Formats whose files Bio-Formats 7.3.1 reads as what they are when their name is wrong (not
#: so PNG, BMP and others, whose suffix is enough for it).
_READ_BY_CONTENT = (CZI, JPEG, ND2, TIFF)
#: A file that changed within this time may be held open by a writer, and that is asked; of
#: one that has rested for longer it is asked before its upload only.
RECENTLY_S = 600.0
#: Files of one fileset above which a person is warned. OMERO keeps a row, an upload and a
#: checksum of each file and opens an import in one call: by default it allows a session
#: 10,000 open objects (omero.throttling.servants_per_session in its configuration
#: glossary), and imports with more files took hours or ran out of memory
#: (github.com/ome/ZarrReader issue 40).
MANY_FILES = 10_000


class Severity(StrEnum):
    """How a verdict ends."""

    OK = "ok"
    WARNING = "warning"
    BLOCKED = "blocked"


# Nobody changes one; frozen, it would take four times as long to make.
@dataclass(slots=True, unsafe_hash=True)
class PreflightResult:
    """What preflight says of one fileset. ``code`` is that of an error, or empty (a doubt,
    such as very many files, is a warning without one).

    ``what`` is for people: "OME-TIFF, 3 files", "Plate (OME-Zarr), 97 files". ``unknown``:
    nobody knows the format, so that a person may import it anyway.
    """

    level: Severity
    code: str
    sentence: str
    size_bytes: int
    file_count: int
    what: str
    format: str = ""
    unknown: bool = False

    @property
    def blocked(self) -> bool:
        """True when it cannot be imported as it is."""
        return self.level is Severity.BLOCKED


@dataclass(frozen=True, slots=True)
class PreflightSettings:
    """What preflight may assume.

    A file modified less than ``still_writing_s`` seconds ago counts as being written.
    ``target``: what the repository reads that the files go to. ``anyway``: take files of
    formats that nobody knows, where the facility allows it.
    """

    still_writing_s: float = 10.0
    target: RepositoryFormats = field(default_factory=embedded_formats)
    anyway: bool = False
    #: More files than this in one fileset are worth a warning.
    many_files: int = MANY_FILES
    #: Gives the Bio-Formats of this computer, which ``judging`` asks about what is left to it.
    opens: Opens | None = None

    @property
    def bio_formats(self) -> bool:
        """Bio-Formats reads the files there, as in OMERO."""
        return not self.target.is_embedded


def preflight(
    candidate: FilesetCandidate,
    settings: PreflightSettings | None = None,
    clock: Clock | None = None,
) -> PreflightResult:
    """Judge a fileset. Reads files, so call it in a thread; never raises for a bad file."""
    settings = settings or PreflightSettings()
    claim = Claim(candidate.format.name if candidate.format else "Unknown format")
    if candidate.files:
        claim = claim_of(candidate, settings.target)
    size, doubts = 0, list[str]()
    try:
        size, doubts = _check(candidate, settings, claim)
        now_ns = int((clock or SystemClock()).now().timestamp() * 1e9)
        _check_still(candidate, settings, now_ns)
        doubts += _doubts(candidate, settings)
    except errors.ChangedFile as error:
        made = _result(Severity.WARNING, candidate, size, error, claim)
        return replace(made, sentence=" ".join((made.sentence, *candidate.doubts)))
    except errors.SourceProblem as error:
        size = size or candidate.size_bytes
        return _result(Severity.BLOCKED, candidate, size, error, claim)
    if len(candidate.files) > settings.many_files:
        doubts.append(_many_files(candidate, settings.many_files))
    made = _result(Severity.WARNING if doubts else Severity.OK, candidate, size, None, claim)
    return replace(made, sentence=" ".join(doubts))


def refused(finding: Finding) -> PreflightResult:
    """Put something that the scan left out into the same words."""
    return PreflightResult(
        Severity.BLOCKED,
        finding.error.code,
        finding.error.message,
        0,
        finding.file_count,
        finding.error.title,
    )


def _result(
    level: Severity,
    candidate: FilesetCandidate,
    size_bytes: int,
    error: errors.SourceProblem | None,
    claim: Claim,
) -> PreflightResult:
    count = len(candidate.files)
    kind = f"Plate ({claim.name})" if candidate.plate else claim.name
    what = f"{kind}, {count} {'file' if count == 1 else 'files'}"
    code, sentence = (error.code, error.message) if error else ("", "")
    return PreflightResult(
        level, code, sentence, size_bytes, count, what, claim.name, unknown=claim.unknown
    )


def _check(
    candidate: FilesetCandidate, settings: PreflightSettings, claim: Claim
) -> tuple[int, list[str]]:
    """Return the present size in bytes, and doubts as sentences; raises SourceProblem."""
    for problem in candidate.problems:
        raise problem
    if not candidate.files:
        raise errors.EmptyFile(f"There are no files in '{candidate.name}'.")
    doubts = {_admit(candidate, settings, claim)}
    # A sound file was looked into; ``_check_still`` sees whether it has changed since.
    scan_at = _check_there if candidate.sound else _looker(candidate)
    size = 0
    for file in candidate.files:
        if bad_name := name_problem(file.place, file.client_path):
            raise bad_name
        try:
            size_bytes = _size(file)
            doubts.add(scan_at(file, size_bytes, settings))
        except OSError as error:
            raise problem_of(error, file.path) from error
        size += size_bytes
    if nowhere := settings.target.no_place([file.client_path for file in candidate.files]):
        raise errors.NameNotAllowed(nowhere)
    if candidate.format is OME_ZARR:
        doubts.update(check_zarr(candidate.files))
    return size, sorted(doubts - {""})


def _admit(candidate: FilesetCandidate, settings: PreflightSettings, claim: Claim) -> str:
    """Return a doubt, or ""; raises UnsupportedFile when the target does not read it."""
    target, name = settings.target, candidate.files[0].name
    by_name = not (claim.refused or target.unknown_allowed or candidate.format is OME_ZARR)
    # The server, which has only names then, refuses all of an import for one of these.
    if by_name and not target.may_know(name):
        raise errors.UnsupportedFile(target.only_known_names(name))
    if not claim.refused:
        return claim.doubt
    if claim.unknown and settings.anyway and settings.target.unknown_allowed:
        known = candidate.no_image or f"Nobody here knows what '{candidate.name}' is."
        return (
            f"{known} It is imported because you wish"
            f" it; {settings.target.whose} may refuse it then."
        )
    raise errors.UnsupportedFile(claim.refused)


def _looker(candidate: FilesetCandidate) -> Callable[[FoundFile, int, PreflightSettings], str]:
    """Return what looks at each file."""
    if candidate.format is OME_ZARR:
        return _check_chunk
    if candidate.format is OME_TIFF:
        return _check_part
    if candidate.grouped_by:
        return _check_there  # It was opened; names of its files may be those of other formats.
    if len(candidate.files) > 1:
        return _check_member
    return lambda file, size, settings: _check_file(file, size, settings, candidate.format)


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


def _check_there(file: FoundFile, _: int, __: PreflightSettings) -> str:
    """See that a file can be read."""
    _start(file)
    return ""


def _check_part(file: FoundFile, size_bytes: int, settings: PreflightSettings) -> str:
    """Look at a file of an OME-TIFF; its OME-XML has been read by grouping."""
    start = _start(file).lstrip(b"\xef\xbb\xbf \t\r\n")
    is_document = start.startswith(b"<") or format_of_name(file.name) is COMPANION
    return "" if is_document and size_bytes else _check_file(file, size_bytes, settings)


def _check_member(file: FoundFile, size_bytes: int, settings: PreflightSettings) -> str:
    """Look at a file of a set: an image, or else an index, a log or pixels without a form of
    their own, which the set's family has looked at.
    """
    # What a set tells of itself may be called like OME-XML, and has no pixels then.
    if format_of_name(file.name) not in (None, OME_XML):
        return _check_file(file, size_bytes, settings)
    if not _start(file) and file.name.lower().endswith(OME_XML.suffixes):
        raise _empty(file)
    return ""


def _start(file: FoundFile) -> bytes:
    with open(file.place, "rb", buffering=0) as opened:  # noqa: PTH123 - as above
        return opened.read(HEAD_BYTES)


def _check_file(
    file: FoundFile,
    size_bytes: int,
    settings: PreflightSettings,
    by_content: ImageFormat | None = None,
) -> str:
    """Return a doubt, or ""; raises OSError and SourceProblem.

    ``by_content`` is the format of a file whose name tells none.
    """
    start = _start(file)
    if size_bytes == 0:
        raise _empty(file)
    kind = format_of_name(file.name) or by_content
    if kind is None or kind is COMPANION:
        return ""  # Of a format, or a part of a set, that is not looked into.
    if kind.magic and kind.mark_needed and not kind.begins(start):
        return _otherwise(file, kind, start, settings)
    scan = read_heads(file.path, kind)
    if scan.missing:
        raise errors.DamagedFile(
            f"'{file.name}' is not complete: {scan.missing}. Copy or export it again."
        )
    unshown = scan.unshown or ("" if settings.bio_formats else scan.unshown_here)
    if unshown:
        raise errors.UnsupportedFile(f"'{file.name}' {unshown}")
    if settings.bio_formats:
        return _packed(scan.packed_by) if scan.packed_by else ""
    return _animated(file.path, scan.frames) if scan.frames > 1 else ""


def _empty(file: FoundFile) -> errors.EmptyFile:
    return errors.EmptyFile(
        f"'{file.name}' has no bytes. Save it again in the microscope software."
    )


def _otherwise(
    file: FoundFile, kind: ImageFormat, start: bytes, settings: PreflightSettings
) -> str:
    """Return the doubt about a file that begins like one of another format, where
    Bio-Formats goes by the content; raises DamagedFile.
    """
    present = format_of_bytes(start)
    if present is None or not settings.bio_formats or kind not in _READ_BY_CONTENT:
        raise errors.DamagedFile(
            f"'{file.name}' does not begin like {_article(kind.name)} file."
            " Copy or export it again."
        )
    return (
        f"'{file.name}' is {_article(present.name)} file by its content, and will be"
        " imported as that. Rename it, so that other programs can open it."
    )


def _packed(compression: str) -> str:
    return (
        f"Its pixels are compressed by {compression}, which OMERO may not be able to unpack."
        " Save it with LZW, zlib or JPEG 2000; or try with one file first."
    )


def _animated(path: Path, frames: int) -> str:
    return (
        f"'{path.name}' is an animation of {frames} frames, of which only the first is shown."
        " Save them as a TIFF of several pages, if all are wanted."
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


def _doubts(candidate: FilesetCandidate, settings: PreflightSettings) -> list[str]:
    """Return what is worth reading before an import that is possible; raises SourceProblem."""
    found = list(candidate.doubts)
    if candidate.sound:
        return found
    try:
        if candidate.format is OME_TIFF:
            found.append(doubt_about_planes(candidate.files, by_name=settings.bio_formats))
        if settings.bio_formats and candidate.format is not OME_ZARR:
            found += traps.warnings(candidate.files)
        elif settings.target.read_by and not is_read_by_ours(candidate.format, settings.target):
            found += traps.warnings(candidate.files, settings.target.subject)
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


def _article(name: str) -> str:
    return f"{'an' if name[0] in 'AEIOU' else 'a'} {name}"
