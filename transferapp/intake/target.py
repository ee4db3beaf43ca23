"""Say of a fileset whether the repository that it goes to reads it, and whose word that is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from transferapp.formats import omero
from transferapp.formats.image_format import ImageFormat
from transferapp.formats.read_formats import RepositoryFormats
from transferapp.formats.side_files import is_side_name
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.formats import KNOWN_UNREADABLE, TIFF, format_of_bytes

#: Enough of a file's start for every rule of ours: NIfTI's is the last, at 344.
_START_BYTES = 352
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
_OMERO = omero.omero_formats()
#: Why nobody may import a format that is not known.
ONLY_KNOWN = "Your facility imports only formats that the repository reads."


@dataclass(frozen=True, slots=True)
class Claim:
    """What is known of a fileset's format. ``refused`` is why the target does not read it,
    empty when it does. ``unknown``: no format of the target nor any known one has such
    files. ``doubt`` is worth reading before an import that is possible.
    """

    name: str
    refused: str = ""
    unknown: bool = False
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Apart:
    """Filesets, and files that are no images as far as anybody knows."""

    filesets: tuple[FilesetCandidate, ...]
    others: tuple[FilesetCandidate, ...]


def apart(candidates: Iterable[FilesetCandidate], target: RepositoryFormats) -> Apart:
    """Put apart the files that are no images, such as notes and logs.

    Looks into files whose name says nothing, so call it in a thread.
    """
    filesets, others = list[FilesetCandidate](), list[FilesetCandidate]()
    for candidate in candidates:
        (others if is_other(candidate, target) else filesets).append(candidate)
    return Apart(tuple(filesets), tuple(others))


def is_other(candidate: FilesetCandidate, target: RepositoryFormats) -> bool:
    """Say whether it is one file that is no image as far as anybody knows."""
    return may_be_other(candidate) and claim_of(candidate, target).unknown


def may_be_other(candidate: FilesetCandidate) -> bool:
    """Say whether it is one file that grouping found neither a format nor a fault of."""
    whole = len(candidate.files) == 1 and not candidate.problems
    return whole and candidate.format is None


def claim_of(candidate: FilesetCandidate, target: RepositoryFormats) -> Claim:
    """Say what a fileset is, and whether the target reads it. Never raises."""
    kind = candidate.format
    if kind is not None and kind.suffixes:
        reads = _reads(candidate, kind, target)
        return Claim(kind.name, "" if reads else _not_read(kind.name, kind, target))
    return _claim_of_file(candidate, target)


def _reads(candidate: FilesetCandidate, kind: ImageFormat, target: RepositoryFormats) -> bool:
    is_set = len(candidate.files) > 1
    if is_set and target.is_embedded and not target.read_by and kind.name not in target.names:
        return False  # A vendor's set: that its first file is a TIFF does not help.
    return any(suffix.lower().endswith(target.endings) for suffix in kind.suffixes)


def _claim_of_file(candidate: FilesetCandidate, target: RepositoryFormats) -> Claim:
    path = candidate.files[0].path
    known = candidate.format.name if candidate.format else _well_known(path.name)
    if not is_side_name(path.name):
        for read in target.of_name(path.name):
            return Claim(known or read.name, doubt=_alone(path, target))
        if known := known or next((one.name for one in _OMERO.of_name(path.name)), ""):
            return Claim(known, _not_read(known, None, target))
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


def _not_read(name: str, kind: ImageFormat | None, target: RepositoryFormats) -> str:
    if kind is not None and kind.needs_readers and target.is_embedded:
        return (
            f"{target.subject} of this server has no reader for {name}. Ask your"
            " administrator to install it there (pip install 'transferapp[readers]'), or"
            " export it as OME-TIFF."
        )
    return (
        f"{target.subject} does not read {name}. Export it from the microscope's software as"
        " OME-TIFF, then import that."
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
            return opened.read(_START_BYTES)
    except OSError:
        return b""  # Preflight says it.


def _within(target: RepositoryFormats) -> str:
    """The subject in the middle of a sentence."""
    return (
        target.subject[0].lower() + target.subject[1:] if target.is_embedded else target.subject
    )


def _article(name: str) -> str:
    return f"{'an' if name[0] in 'AEIOU' else 'a'} {name}"
