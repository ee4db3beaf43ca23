"""Say of a fileset whether the repository that it goes to reads it, and whose word that is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from transferapp.formats import omero
from transferapp.formats.content_rules import (
    START_BYTES,
    begins_like,
    is_blank,
    lacks_its_header,
)
from transferapp.formats.embedded import IMARIS, MRC
from transferapp.formats.image_format import ImageFormat
from transferapp.formats.read_formats import ReadFormat, RepositoryFormats
from transferapp.formats.side_files import OPTIONS_ENDING, is_side_name
from transferapp.intake.bio_formats_only import BIO_FORMATS_ONLY, ICS
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.formats import KNOWN_UNREADABLE, TIFF, format_of_bytes
from transferapp.intake.zarr_notes import NOTES

#: Indexes of sets: with Bio-Formats 7.3.1 their readers have companion files, and without
#: these nothing to show. A set that a family of ours puts together does not come here.
_INDEXES = (
    ".afi", ".apl", ".htd", ".l2d", ".lei", ".mvd2", ".nd", ".ndpis", ".oif",
    ".pattern", ".pnl", ".scan", ".vms", ".vsi", ".vws", ".wpi", ".xdce", ".xlef", ".xys",
)  # fmt: skip
#: Those of families of ours: one comes here when its files are in another's set already.
_OF_FAMILIES = (
    ".afi", ".htd", ".nd", ".ndpis", ".oif", ".pattern", ".vms", ".xlef",
)  # fmt: skip
#: Formats that grouping tells by the ending, and preflight by no mark of theirs.
_UNMARKED = frozenset(
    one
    for one in (*BIO_FORMATS_ONLY, IMARIS, MRC)
    if not (one.magic and one.mark_needed) and one is not ICS
)
_OMERO = omero.omero_formats()
#: Why nobody may import a format that is not known.
ONLY_KNOWN = "Your facility imports only formats that the repository reads."


@dataclass(frozen=True, slots=True)
class Claim:
    """What is known of a fileset's format. ``refused`` is why the target does not read it,
    empty when it does. ``unknown``: no format of the target nor any known one has such
    images. ``doubt`` is worth reading before an import that is possible.
    """

    name: str
    refused: str = ""
    unknown: bool = False
    doubt: str = ""


def may_be_other(candidate: FilesetCandidate) -> bool:
    """Say whether it is one file that grouping found neither an image nor a fault of."""
    whole = len(candidate.files) == 1 and not candidate.problems
    return whole and (candidate.format is None or bool(candidate.no_image))


def claim_of(candidate: FilesetCandidate, target: RepositoryFormats) -> Claim:
    """Say what a fileset is, and whether the target reads it. Never raises."""
    kind = candidate.format
    if kind is not None and candidate.no_image:
        return Claim(kind.name, candidate.no_image, unknown=True)
    if kind is not None and kind.suffixes:
        if refused := _refusal(candidate, kind, target):
            return Claim(kind.name, refused)
        if kind in _UNMARKED and len(candidate.files) == 1:
            path = candidate.files[0].path
            return _claim_by_name(path, kind.name, target.of_name(path.name), target)
        return Claim(kind.name)
    return _claim_of_file(candidate, target)


def _refusal(candidate: FilesetCandidate, kind: ImageFormat, target: RepositoryFormats) -> str:
    if not _reads(candidate, kind, target):
        return _not_read(candidate, kind.name, target)
    if _reads_only_one(candidate, kind, target):
        return _torn(candidate, target)
    return ""


def _reads(candidate: FilesetCandidate, kind: ImageFormat, target: RepositoryFormats) -> bool:
    is_set = len(candidate.files) > 1
    if is_set and target.is_embedded and not target.read_by and kind.name not in target.names:
        return False  # A vendor's set: that its first file is a TIFF does not help.
    return any(suffix.lower().endswith(target.endings) for suffix in kind.suffixes)


def _reads_only_one(
    candidate: FilesetCandidate, kind: ImageFormat, target: RepositoryFormats
) -> bool:
    """Say whether it is a set (a CZI in parts) that a reader of one file would tear."""
    if not target.is_embedded or target.read_by:
        return False
    of_kind = [one for one in target.formats if one.name == kind.name]
    return _parts(candidate) > 1 and not any(one.several_files for one in of_kind)


def _parts(candidate: FilesetCandidate) -> int:
    return sum(not file.name.endswith(OPTIONS_ENDING) for file in candidate.files)


def _claim_of_file(candidate: FilesetCandidate, target: RepositoryFormats) -> Claim:
    path = candidate.files[0].path
    if candidate.format is None and path.name == NOTES:
        return Claim("Unknown format", _notes(path), unknown=True)
    known = candidate.format.name if candidate.format else _well_known(path.name)
    if not is_side_name(path.name):
        if by_name := list(target.of_name(path.name)):
            return _claim_by_name(path, known or by_name[0].name, by_name, target)
        if known := known or next((one.name for one in _OMERO.of_name(path.name)), ""):
            return Claim(known, _not_read(candidate, known, target))
    return _claim_by_content(path, known, target)


def _claim_by_content(path: Path, known: str, target: RepositoryFormats) -> Claim:
    start = _start(path)
    begins = _of_bytes(start)
    for read in target.of_bytes(start):
        return Claim(known or begins or read.name)
    if begins:
        return Claim(begins, _renamed(path, begins, target))
    return Claim(
        "Unknown format",
        f"'{path.name}' is not an image format that {_within(target)} reads. Leave it out,"
        " or export it as OME-TIFF.",
        unknown=True,
    )


def _claim_by_name(
    path: Path, name: str, read: Iterable[ReadFormat], target: RepositoryFormats
) -> Claim:
    """Say of a file that the target knows by its ending whether it may be one of that."""
    start = _start(path)
    if not start:
        return Claim(name, doubt=_alone(path, target))  # Preflight says it.
    may_be = any(begins_like(one.reader, start) for one in read)
    if is_blank(start) or not (may_be or any(target.of_bytes(start))):
        return Claim(name, _other_content(path, name, target))
    if lacks_its_header(path, start):
        return Claim(name, _headless(path, target))
    return Claim(name, doubt=_alone(path, target))


def _notes(path: Path) -> str:
    return (
        f"'{path.name}' tells of the OME-Zarr beside it and holds no pixels. Leave it out: the"
        " OME-Zarr is imported without it."
    )


def _other_content(path: Path, name: str, target: RepositoryFormats) -> str:
    return (
        f"'{path.name}' ends like {_article(name)} file and does not begin like one, so"
        f" {_within(target)} would not read it. Leave it out if it is another program's;"
        " else copy or export it again."
    )


def _headless(path: Path, target: RepositoryFormats) -> str:
    return (
        f"'{path.name}' holds only numbers, and the file that describes them is not beside it"
        f" under the same name, so {_within(target)} would not read it. Put both into one"
        " folder, then drop that; or leave it out."
    )


def _not_read(candidate: FilesetCandidate, name: str, target: RepositoryFormats) -> str:
    kind = candidate.format
    if kind is not None and kind.needs_readers and target.is_embedded:
        return (
            f"{target.subject} of this server has no reader for {name}. Ask your"
            " administrator to install it there (pip install 'transferapp[readers]'), or"
            " export it as OME-TIFF."
        )
    return (
        f"{target.subject} does not read {name}. Export it from the microscope's software as"
        f" OME-TIFF, then import that{_or_with_bio_formats(candidate, target)}."
    )


def _torn(candidate: FilesetCandidate, target: RepositoryFormats) -> str:
    return (
        f"'{candidate.name}' is a set of {_parts(candidate)} files, of which"
        f" {_within(target)} would read only the first. Save it as one file in the"
        f" microscope's software, or as OME-TIFF{_or_with_bio_formats(candidate, target)}."
    )


def _or_with_bio_formats(candidate: FilesetCandidate, target: RepositoryFormats) -> str:
    """Say what an administrator can do; nothing where Bio-Formats is, or would not help."""
    lacks_it = target.is_embedded and not target.read_by
    if not (lacks_it and any(_OMERO.of_name(candidate.files[0].path.name))):
        return ""
    return (
        "; or ask your administrator to add Bio-Formats to the server, which reads it"
        " (docs/formats.md)"
    )


def _alone(path: Path, target: RepositoryFormats) -> str:
    """Warn of an index without its set: nothing is torn in silence."""
    if not path.name.lower().endswith(_INDEXES):
        return ""
    if path.name.lower().endswith(_OF_FAMILIES):
        return (
            f"The files that '{path.name}' names are in another set here. Leave it out; or"
            " import it apart, in a folder with its own copy of them."
        )
    return (
        f"'{path.name}' names other files that belong to it, and this program does not know"
        f" which. {target.whose} would read it without them. Export the set as OME-TIFF, or"
        " import the whole folder with a client that knows it."
    )


def _renamed(path: Path, begins: str, target: RepositoryFormats) -> str:
    return (
        f"'{path.name}' begins like {_article(begins)} file, and {_within(target)} knows"
        f" {begins} by the end of the name. Rename it, so that its name says what it is."
    )


def _of_bytes(start: bytes) -> str:
    """Return the format that a file begins like, whatever it is called."""
    if start.lstrip(b"\xef\xbb\xbf").startswith(b"<?xml"):
        return ""  # So begin many files that are no images.
    kind = format_of_bytes(start)
    if kind is None:
        return next((one.name for one in _OMERO.of_bytes(start)), "")
    return TIFF.name if set(kind.magic) & set(TIFF.magic) else kind.name


def _well_known(name: str) -> str:
    return KNOWN_UNREADABLE.get(PurePosixPath(name).suffix.lower(), "")


def _start(path: Path) -> bytes:
    try:
        with path.open("rb") as opened:
            return opened.read(START_BYTES)
    except OSError:
        return b""  # Preflight says it.


def _within(target: RepositoryFormats) -> str:
    """The subject in the middle of a sentence."""
    return (
        target.subject[0].lower() + target.subject[1:] if target.is_embedded else target.subject
    )


def _article(name: str) -> str:
    return f"{'an' if name[0] in 'AEIOU' else 'a'} {name}"
