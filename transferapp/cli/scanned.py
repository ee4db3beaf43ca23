"""Look at files without sending anything: filesets with verdicts, and what is no image."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from transferapp.errors import Invalid, UnsupportedFile
from transferapp.host.collecting import seldom_collecting
from transferapp.intake import scanning
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.file_names import is_litter, shown_text
from transferapp.intake.judging import apart, in_order, judge
from transferapp.intake.preflight import PreflightResult, PreflightSettings, Severity
from transferapp.intake.scanning import FoundFile


@dataclass(frozen=True, slots=True)
class ScannedFileset:
    """One fileset as ``transferapp scan --json`` prints it.

    ``files``: from the dropped folder on, '/'-separated, in the order in which the target
    lists them; the one to open comes first.
    """

    name: str
    format: str
    files: tuple[str, ...]
    plate: bool
    verdict: Severity
    code: str
    sentence: str


@dataclass(slots=True)
class Scanned:
    """All of it. ``others`` are paths of files that are no images."""

    filesets: list[ScannedFileset] = field(default_factory=list)
    others: list[str] = field(default_factory=list)


def scan(paths: Sequence[Path], settings: PreflightSettings) -> Scanned:
    """Scan, group and judge; raises Invalid for a path that is not there."""
    for path in paths:
        if not path.exists():
            raise Invalid(f"{shown_text(str(path))} does not exist. Check the path.")
    roots = _Roots([scanning.root_path(path) for path in paths])
    found = scanning.scan(paths)
    done = Scanned()
    for finding in found.findings:
        _finding(finding, roots, done)
    with seldom_collecting():
        judged = [one for some in judge(found, settings) for one in some]
    sorted_out = apart(in_order(judged))
    done.filesets += (_fileset(*one, roots) for one in sorted_out.filesets)
    for one, verdict in sorted_out.others:
        # Who names a file by itself means it: import refuses it, too.
        if roots.has(one.files[0].path):
            done.filesets.append(_fileset(one, verdict, roots))
        else:
            done.others.append(roots.relative(one.files[0]))
    done.others += roots.litter()
    done.others.sort()
    return done


def _fileset(
    candidate: FilesetCandidate, verdict: PreflightResult, roots: _Roots
) -> ScannedFileset:
    return ScannedFileset(
        candidate.name,
        verdict.format,
        tuple(map(roots.relative, candidate.files)),
        candidate.plate,
        verdict.level,
        verdict.code,
        verdict.sentence,
    )


def _finding(finding: scanning.Finding, roots: _Roots, done: Scanned) -> None:
    """Hidden files in a folder are no images; what cannot be read may be one."""
    path = roots.of_path(finding.path)
    if isinstance(finding.error, UnsupportedFile) and not roots.has(finding.path):
        done.others.append(path)
        return
    name, error = path.rpartition("/")[2], finding.error
    done.filesets.append(
        ScannedFileset(name, "", (path,), False, Severity.BLOCKED, error.code, error.message)  # noqa: FBT003 - it is a row
    )


class _Roots:
    """What was dropped; paths are told from there on."""

    def __init__(self, roots: Sequence[Path]) -> None:
        self._roots = roots
        self._folders = [root for root in roots if root.is_dir()]

    def has(self, path: Path) -> bool:
        """Say whether a file was given by itself."""
        return path in self._roots

    def relative(self, file: FoundFile) -> str:
        """Return a file's path from the dropped folder on; of a dropped file its name."""
        for folder in self._folders:
            below = file.client_path.removeprefix(f"{folder.name or 'root'}/")
            if below != file.client_path and folder / below == file.path:
                return below
        return file.client_path

    def of_path(self, path: Path) -> str:
        """Return the path of something that is no fileset's."""
        for folder in self._folders:
            if path.is_relative_to(folder) and path != folder:
                return path.relative_to(folder).as_posix()
        return path.name

    def litter(self) -> Iterator[str]:
        """Yield the files that operating systems put beside others."""
        for root in self._roots:
            if not root.is_dir() and is_litter(str(root), is_folder=False):
                yield root.name
        for folder in self._folders:
            for here, _, names in os.walk(folder):
                below = Path(here).relative_to(folder)
                is_inside = any(is_litter(part, is_folder=True) for part in below.parts)
                for name in names:
                    if is_inside or is_litter(str(Path(here) / name), is_folder=False):
                        yield (below / name).as_posix()
