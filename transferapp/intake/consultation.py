"""What the Bio-Formats of this computer says in one look at dropped files.

Our families and readers come first. It is asked about files that no family took, of a format
that the target reads, not with a reader of ours, and that nothing here looks into:
which files belong to an index that no family knows, and whether the others can be opened.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from transferapp.bioformats.grouping import together
from transferapp.bioformats.port import UsedFiles
from transferapp.errors import ChangedFile
from transferapp.formats.embedded import COMPANION, FORMATS_OF_OURS, OME_ZARR
from transferapp.formats.image_format import ImageFormat
from transferapp.formats.read_formats import RepositoryFormats
from transferapp.formats.side_files import is_side_name
from transferapp.intake.asking import Asking, BioFormatsAnswer, Opens
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.folder_sets import Folder
from transferapp.intake.integrity import is_scanned_into
from transferapp.intake.neighbours import Neighbours
from transferapp.intake.preflight import PreflightResult, Severity
from transferapp.intake.scanning import FoundFile

_NAMED = 3
#: Grouping reads the one, preflight the other.
_SCANNED_INTO_ELSEWHERE = (COMPANION, OME_ZARR)
#: Formats that readers of ours open.
_OURS = frozenset(kind.name for kind in FORMATS_OF_OURS)


def is_left_to_bio_formats(kind: ImageFormat | None) -> bool:
    """Say whether nothing here looks into files of a format; None: one that is not ours."""
    return kind is None or not (is_scanned_into(kind) or kind in _SCANNED_INTO_ELSEWHERE)


class Consultation:
    """One look's questions and what became of them; used by one thread."""

    def __init__(
        self, opens: Opens, target: RepositoryFormats, cancel: threading.Event | None = None
    ) -> None:
        """Ask nothing yet. ``target``: where the files go."""
        self._asking, self._target = Asking(opens, cancel), target
        #: Places of files that no family took.
        self._alone: set[str] = set()

    # For grouping ---------------------------------------------------------------------

    def sets(
        self, folders: Iterable[Folder], taken: Collection[str], neighbours: Neighbours
    ) -> Iterator[FilesetCandidate]:
        """Make the sets of indexes that no family knows; reads files. Raises Cancelled."""
        files = {
            file.path: file
            for folder in folders
            for file, kind in folder.files
            if file.place not in taken and kind.format is None and self._may_be_index(file.name)
        }
        answers: dict[FoundFile, UsedFiles] = {}
        for file in files.values():
            answer = self._asking.answer(file)
            if answer is not None and answer.used is not None:
                answers[file] = answer.used
        opened = together({file.path: used for file, used in answers.items()})
        for path, used in opened.items():
            members = [neighbours.find(files[path], one) for one in used.files]
            found = [one for one in members if one is not None and one.place not in taken]
            if 1 < len(found) == len(members):
                yield self._set(files[path], used, found)

    def note(self, candidates: Iterable[FilesetCandidate]) -> None:
        """Remember which files no family took."""
        self._alone.update(
            one.files[0].place
            for one in candidates
            if len(one.files) == 1 and is_left_to_bio_formats(one.format)
        )

    def _may_be_index(self, name: str) -> bool:
        """Say whether the target reads files of a name that no table of ours knows, and may
        read others with it.
        """
        reads = () if is_side_name(name) else self._target.of_name(name)
        return any(one.several_files for one in reads)

    def _set(
        self, opener: FoundFile, used: UsedFiles, files: Sequence[FoundFile]
    ) -> FilesetCandidate:
        suffix = opener.name.lower()[opener.name.rfind(".") :]
        return FilesetCandidate(
            opener.name,
            tuple(files),
            ImageFormat(used.format, (suffix,), ()),
            plate=used.is_plate,
            grouped_by=self._asking.whom,
        )

    # For judging ----------------------------------------------------------------------

    def wants(self, candidate: FilesetCandidate, result: PreflightResult) -> bool:
        """Say whether to ask about a fileset that was judged: nothing here is against it."""
        if result.blocked or result.code == ChangedFile.code or not self._alone:
            return False
        if len(candidate.files) != 1 or candidate.files[0].place not in self._alone:
            return False
        # Where a reader of ours opens it, what another one says is beside the point.
        reads = (
            self._target.of_name(candidate.files[0].name) if self._target.is_embedded else ()
        )
        return not any(one.name in _OURS for one in reads)

    def judged(self, candidate: FilesetCandidate, result: PreflightResult) -> PreflightResult:
        """Add its word to our verdict; reads the file. Raises Cancelled."""
        answer = self._asking.answer(candidate.files[0])
        if answer is None:
            return result
        whom = self._asking.whom or "Bio-Formats"
        if answer.problem is not None:
            return self._refused(result, answer, whom)
        name = candidate.name.rpartition("/")[2]
        if answer.used is None:
            doubt = (
                f"'{name}' could not be checked by {whom}: {answer.unasked}. It can be"
                " imported as it is."
            )
            return _doubted(result, doubt)
        here = candidate.files[0].path
        others = [path.name for path in answer.used.files if path != here]
        if not others:
            return result
        return _doubted(
            result,
            f"{whom} uses more files with '{name}' ({_few(others)}), which are not in its set"
            " here: some lie outside of what you dropped, or are in another set. Drop the"
            " whole folder that holds them, or import it without them.",
        )

    def _refused(
        self, result: PreflightResult, answer: BioFormatsAnswer, whom: str
    ) -> PreflightResult:
        """Block what the very Bio-Formats of the target cannot open; another one might."""
        assert answer.problem is not None  # noqa: S101 - for mypy
        stated = f"{answer.problem.message} Asked of {whom}."
        if self._target.runs == whom:
            return replace(
                result, level=Severity.BLOCKED, code=answer.problem.code, sentence=stated
            )
        doubted = _doubted(
            result,
            f"{stated} {self._target.repository_name} may have another version, so that you can"
            " try it all the same.",
        )
        return replace(doubted, code=answer.problem.code)


def _doubted(result: PreflightResult, doubt: str) -> PreflightResult:
    sentence = " ".join(part for part in (result.sentence, doubt) if part)
    return replace(result, level=Severity.WARNING, sentence=sentence)


def _few(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_NAMED])
    more = len(names) - _NAMED
    return f"{shown} and {more:,} more" if more > 0 else shown
