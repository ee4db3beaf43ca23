"""Look at what the command line was given, and keep account of all of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import partial
from pathlib import Path

from transferapp.cli.alike import ListedFileset, together
from transferapp.client.attaching import attachable, attaching_text
from transferapp.client.dropping import (
    NO_IMAGE,
    Dropped,
    LeftOutPath,
    Why,
    client_path,
    left_out_fileset,
    left_out_finding,
    others_text,
)
from transferapp.errors import ChangedFile, Invalid
from transferapp.host.collecting import seldom_collecting
from transferapp.intake import scanning, target
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.file_names import shown_text
from transferapp.intake.judging import apart, in_order, judge
from transferapp.intake.preflight import PreflightResult, PreflightSettings
from transferapp.intake.scanning import FoundFile
from transferapp.model.drops import LeftOutReason

_IGNORED = Why(LeftOutReason.IGNORED)
_IGNORED_IN_PART = (
    "--ignore fits some of its files only, and a set is imported whole. Ignore all of them to"
    " leave it out."
)


@dataclass(frozen=True, slots=True)
class ScannedDrop:
    """What can be imported, and what stays out; sentences for the person."""

    ready: tuple[FilesetCandidate, ...]
    dropped: Dropped
    #: Why each thing that is missed is left out.
    refused: tuple[str, ...]
    #: What is worth knowing of what is imported.
    notes: tuple[str, ...]
    #: Files that are no images, as far as anybody knows; they are left out as well.
    others: int = 0
    #: Of such files those that are attached, where that is wished.
    attachments: tuple[FoundFile, ...] = ()
    #: Some of it may become importable by waiting.
    unsettled: bool = False

    def others_reported(self, link_to: str = "") -> tuple[str, ...]:
        """Say in a line each what becomes of files that are no images; attached files go to
        the image ``link_to`` where there is one.
        """
        attached = attaching_text(len(self.attachments), link_to or "the target")
        reported = (others_text(self.others), attached)
        return tuple(text for text in reported if text)

    def check_ready(self) -> None:
        """Raise Invalid, with all the reasons, when nothing can be imported."""
        if self.ready:
            return
        others = others_text(self.others + len(self.attachments))
        nothing = "No file in it is an image, or all are ignored. Check the path."
        whys = [one for one in (*self.refused, others) if one] or [nothing]
        raise Invalid(f"There is nothing to import. {' '.join(whys)}")


def scan_at(
    paths: Sequence[Path],
    ignore: Sequence[str],
    settings: PreflightSettings,
    echo: Callable[[str], None],
    *,
    attach_others: bool = False,
) -> ScannedDrop:
    """Scan, group and judge; raises Invalid for a path that is not there.

    ``ignore``: patterns of names (or paths from the dropped folder on) that do not matter.
    ``attach_others``: what is no image is not left out but attached.
    What was written just now is waited for once: a script imports what it has just made.
    """
    for path in paths:
        if not path.exists():
            raise Invalid(f"{shown_text(str(path))} does not exist. Check the path.")
    roots = [path.absolute() for path in paths]
    scanning_now = partial(_scan, roots, ignore, settings, attach_others=attach_others)
    scanned = scanning_now()
    if scanned.unsettled:
        # Longer than a file must rest before it counts as written completely.
        pause_s = settings.still_writing_s + 1
        echo(f"Some files were written just now. Looking again in {pause_s:.0f} seconds.")
        time.sleep(pause_s)
        scanned = scanning_now()
    return scanned


def _scan(
    roots: Sequence[Path],
    ignore: Sequence[str],
    settings: PreflightSettings,
    *,
    attach_others: bool,
) -> ScannedDrop:
    scanning_now = _Scanning(roots, ignore, settings, attach_others=attach_others)
    found = scanning.scan(roots)
    for finding in found.findings:
        scanning_now.finding(finding)
    with seldom_collecting():
        judged = [one for some in judge(found, settings) for one in some]
    sorted_out = apart(in_order(judged))
    for candidate, result in sorted_out.filesets:
        scanning_now.candidate(candidate, result)
    for other, result in sorted_out.others:
        scanning_now.other(other, result)
    dropped = Dropped(tuple(roots), tuple(scanning_now.left_out), found.ignored_count)
    return ScannedDrop(
        tuple(scanning_now.ready),
        dropped,
        tuple(scanning_now.refused),
        tuple(f"{one.name}: {one.sentence}" for one in together(scanning_now.notes)),
        scanning_now.others,
        tuple(scanning_now.attachments),
        unsettled=scanning_now.unsettled,
    )


class _Scanning:
    """What has been judged so far."""

    def __init__(
        self,
        roots: Sequence[Path],
        ignore: Sequence[str],
        settings: PreflightSettings,
        *,
        attach_others: bool,
    ) -> None:
        self._roots, self._ignore, self._settings = roots, ignore, settings
        self._attach_others = attach_others
        self.ready: list[FilesetCandidate] = []
        self.left_out: list[LeftOutPath] = []
        self.refused: list[str] = []
        self.notes: list[ListedFileset] = []
        self.others = 0
        self.attachments: list[FoundFile] = []
        self.unsettled = False

    def finding(self, finding: scanning.Finding) -> None:
        """Account for what the scan could not list."""
        if self._is_ignored(client_path(finding.path, self._roots)):
            self.left_out.append(left_out_finding(finding, self._roots, LeftOutReason.IGNORED))
            return
        self.left_out.append(left_out_finding(finding, self._roots))
        self.refused.append(f"{shown_text(str(finding.path))}: {finding.error.message}")

    def candidate(self, candidate: FilesetCandidate, result: PreflightResult) -> None:
        """Account for a fileset. One that is still being written is not sent."""
        if all(self._is_ignored(path) for path in _paths(candidate)):
            self.left_out.extend(left_out_fileset(candidate, _IGNORED))
            return
        if result.blocked or result.code == ChangedFile.code:
            self.left_out.extend(left_out_fileset(candidate, _why(result)))
            self.refused.append(
                f"{shown_text(candidate.name)}: {result.sentence}{self._hint(result)}"
            )
            self.unsettled |= result.code == ChangedFile.code
            return
        self.ready.append(candidate)
        if any(self._is_ignored(path) for path in _paths(candidate)):
            self.notes.append(ListedFileset(candidate.name, _IGNORED_IN_PART))
        if result.sentence:
            self.notes.append(ListedFileset(candidate.name, result.sentence))

    def other(self, candidate: FilesetCandidate, result: PreflightResult) -> None:
        """Account for a file that is no image; who names it by itself means it."""
        if candidate.files[0].path in self._roots:
            self.candidate(candidate, result)
        elif self._is_ignored(candidate.files[0].client_path):
            self.left_out.extend(left_out_fileset(candidate, _IGNORED))
        elif self._attach_others and (files := attachable(candidate.files)):
            self.attachments.extend(files)
        else:
            self.left_out.extend(left_out_fileset(candidate, NO_IMAGE))
            self.others += 1

    def _is_ignored(self, path: str) -> bool:
        name = path.rpartition("/")[2]
        # A name as it stands counts also where it looks like a pattern: 'notes [1].txt'.
        return any(
            one in (name, path) or fnmatch(name, one) or fnmatch(path, one)
            for one in self._ignore
        )

    def _hint(self, result: PreflightResult) -> str:
        if not result.unknown:
            return ""
        if not self._settings.target.unknown_allowed:
            return f" {target.ONLY_KNOWN}"
        return "" if self._settings.anyway else " To import it all the same, add --anyway."


def _paths(candidate: FilesetCandidate) -> Iterator[str]:
    for file in candidate.files:
        yield file.client_path
    if not candidate.files:
        yield candidate.name


def _why(result: PreflightResult) -> Why:
    return Why(LeftOutReason.REFUSED, result.code, result.sentence)
