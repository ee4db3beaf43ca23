"""Ask the Bio-Formats of this computer about files that no table of ours groups or checks.

It is a guest at the workstation (docs/adr/0018): it is not started before there is something
to ask, one file costs ``FILE_S`` at most, all files of a look ``BUDGET_S``, and what it could
not be asked is told and imported all the same.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from transferapp.bioformats.port import BioFormats, UsedFiles
from transferapp.errors import (
    Cancelled,
    SettingsInvalid,
    SourceProblem,
    Unavailable,
    UnreadableFile,
)
from transferapp.intake.scanning import FoundFile

T = TypeVar("T")

#: Longest time for one file and for all files of one look, in seconds.
FILE_S, BUDGET_S = 30.0, 120.0
#: Java is looked for and started with the first question; it compiles a program then.
#: Its own patience is shorter (``TRANSFERAPP_BIOFORMATS_START_S``, twice).
_START_S = 90.0
#: Between two looks at the cancel event.
_POLL_S = 0.1
#: What was interrupted ends within this time, or is at something that cannot be.
_ENDING_S = 5.0

#: Gives the Bio-Formats of this computer, None where there is none. Blocks; may raise
#: SettingsInvalid.
Opens = Callable[[], BioFormats | None]


@dataclass(frozen=True, slots=True)
class BioFormatsAnswer:
    """What Bio-Formats says of a file: the files it uses, or what is wrong with it; or why it
    could not be asked, as the end of a sentence.
    """

    used: UsedFiles | None = None
    problem: SourceProblem | None = None
    unasked: str = ""


class _TooLong(Exception):
    """An answer took too long."""


class Asking:
    """The questions of one look; used by one thread."""

    def __init__(
        self,
        opens: Opens,
        cancel: threading.Event | None = None,
        *,
        file_s: float = FILE_S,
        budget_s: float = BUDGET_S,
    ) -> None:
        """Ask nothing yet; ``cancel`` ends a question under way."""
        self._opens, self._cancel = opens, cancel
        self._file_s, self._left_s = file_s, budget_s
        self._bio_formats: BioFormats | None = None
        self._is_begun = False
        #: Why nothing more is asked, as the end of a sentence.
        self._over = ""
        self._answers: dict[str, BioFormatsAnswer] = {}
        #: "Bio-Formats 7.3.1", once it was asked something; empty where there is none.
        self.whom = ""

    def answer(self, file: FoundFile) -> BioFormatsAnswer | None:
        """Return what it says of a file, which is asked once; None where it is not on this
        computer. Raises Cancelled.
        """
        if not self._is_begun:
            self._begin()
        if self._bio_formats is None and not self._over:
            return None
        if file.place not in self._answers:
            self._answers[file.place] = self._ask(self._bio_formats, file)
        return self._answers[file.place]

    def _begin(self) -> None:
        self._is_begun = True
        try:
            self._bio_formats, self.whom = self._bounded(self._open, _START_S)
        except _TooLong:
            self._over = f"it did not start in {_START_S:.0f} s"
        except Unavailable as error:
            self._over = _why(error)
        except SettingsInvalid as error:
            self._over = f"it cannot be used on this computer ({error.message})"

    def _open(self) -> tuple[BioFormats | None, str]:
        found = self._opens()
        return found, "" if found is None else f"Bio-Formats {found.reads().version}"

    def _ask(self, bio_formats: BioFormats | None, file: FoundFile) -> BioFormatsAnswer:
        if not self._over and self._left_s <= 0:
            self._over = "there were too many files to ask about each"
        if bio_formats is None or self._over:
            return BioFormatsAnswer(unasked=self._over)
        limit_s = min(self._file_s, self._left_s)
        try:
            return BioFormatsAnswer(self._bounded(lambda: _used(bio_formats, file), limit_s))
        except _TooLong:
            unasked = f"it did not answer in {limit_s:.0f} s"
        except UnreadableFile:
            # It hung by its own measure, broke down, or had not enough memory.
            unasked = "it broke down or ran out of memory over this file"
        except SourceProblem as problem:
            return BioFormatsAnswer(problem=problem)
        except Unavailable as error:
            unasked = self._over = _why(error)
        return BioFormatsAnswer(unasked=unasked)

    def _bounded(self, call: Callable[[], T], limit_s: float) -> T:
        """Call in a thread and return its answer; raises _TooLong, Cancelled, and what it
        raises. Its time is taken off the budget.
        """
        answers: queue.SimpleQueue[Callable[[], T]] = queue.SimpleQueue()
        threading.Thread(
            target=_answer, args=(call, answers), name="asking", daemon=True
        ).start()
        began_s = time.monotonic()
        try:
            while True:
                try:
                    return answers.get(timeout=_POLL_S)()
                except queue.Empty:
                    self._check_the_clock(time.monotonic() - began_s, limit_s, answers)
        finally:
            self._left_s -= time.monotonic() - began_s

    def _check_the_clock(
        self, waited_s: float, limit_s: float, answers: queue.SimpleQueue[Callable[[], T]]
    ) -> None:
        is_cancelled = self._cancel is not None and self._cancel.is_set()
        if not is_cancelled and waited_s < limit_s:
            return
        if self._bio_formats is not None:
            self._bio_formats.interrupt()
        if is_cancelled:
            raise Cancelled
        try:
            answers.get(timeout=_ENDING_S)
        except queue.Empty:
            self._over = "it hangs on this computer"
        raise _TooLong


def _why(error: Unavailable) -> str:
    """Return why it did not start as the end of a sentence."""
    name, _, why = error.message.partition(". ")[0].partition(" ")
    return f"it {why}" if name == "Bio-Formats" else "it does not start on this computer"


def _answer(call: Callable[[], T], answers: queue.SimpleQueue[Callable[[], T]]) -> None:
    try:
        made = call()
    except Exception as error:  # noqa: BLE001 - raised again by who asked
        failed = error

        def again() -> T:
            raise failed

        answers.put(again)
    else:
        answers.put(lambda: made)


def _used(bio_formats: BioFormats, file: FoundFile) -> UsedFiles:
    try:
        return bio_formats.used(file.path)
    finally:
        bio_formats.forget(file.path)
