"""Questions to the workstation's Bio-Formats are bounded, whatever it does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from typing_extensions import override

from tests.support.asked_bio_formats import AskedBioFormats
from transferapp.bioformats.port import BioFormats, Reads, UsedFiles
from transferapp.errors import Cancelled, DamagedFile, SettingsInvalid, Unavailable
from transferapp.intake.asking import Asking
from transferapp.intake.scanning import FoundFile


class Slow(AskedBioFormats):
    """Answers after a while, or when it is interrupted; ``heeds`` that or not."""

    def __init__(self, takes_s: float, *, heeds: bool = True) -> None:
        super().__init__()
        self._takes_s, self._heeds = takes_s, heeds
        self._interrupted = threading.Event()

    @override
    def reads(self) -> Reads:
        return Reads("9.9", ())

    @override
    def answer(self, file: Path) -> UsedFiles:
        if self._heeds:
            self._interrupted.wait(self._takes_s)
            self._interrupted.clear()
        else:
            time.sleep(self._takes_s)
        return UsedFiles("OneReader", "One", False, (file,))

    @override
    def interrupt(self) -> None:
        self._interrupted.set()


def files(count: int) -> list[FoundFile]:
    return [FoundFile(f"/d/{n}.oib", f"d/{n}.oib", 1, 1) for n in range(count)]


def test_an_answer_is_asked_for_once_and_states_whose_it_is() -> None:
    slow = Slow(0)
    asking = Asking(lambda: slow)
    [file] = files(1)
    first = asking.answer(file)
    assert first is not None
    assert first.used is not None
    assert asking.answer(file) is first
    assert asking.whom == "Bio-Formats 9.9"
    assert slow.forgotten == slow.asked == [file.path]


def test_many_files_take_no_longer_than_the_budget() -> None:
    slow = Slow(0.2)
    asking = Asking(lambda: slow, budget_s=1.0)
    began_s = time.monotonic()
    answers = [asking.answer(file) for file in files(200)]
    assert time.monotonic() - began_s < 5.0
    asked = [answer for answer in answers if answer is not None and answer.used is not None]
    assert 1 <= len(asked) <= 5
    last = answers[-1]
    assert last is not None
    assert last.unasked == "there were too many files to ask about each"


def test_one_that_hangs_costs_one_file_its_own_time() -> None:
    slow = Slow(3600)
    asking = Asking(lambda: slow, file_s=0.3)
    for answer in map(asking.answer, files(2)):
        assert answer is not None
        assert answer.unasked == "it did not answer in 0 s"
    assert len(slow.asked) == 2


def test_one_that_does_not_heed_is_asked_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transferapp.intake.asking._ENDING_S", 0.2)
    slow = Slow(30, heeds=False)
    asking = Asking(lambda: slow, file_s=0.3)
    began_s = time.monotonic()
    answers = [asking.answer(file) for file in files(50)]
    assert time.monotonic() - began_s < 5.0
    assert len(slow.asked) == 1
    assert answers[-1] is not None
    assert answers[-1].unasked == "it hangs on this computer"


def test_a_cancelled_scan_does_not_wait() -> None:
    cancel = threading.Event()
    asking = Asking(lambda: Slow(3600), cancel)
    threading.Timer(0.2, cancel.set).start()
    began_s = time.monotonic()
    with pytest.raises(Cancelled):
        asking.answer(files(1)[0])
    assert time.monotonic() - began_s < 5.0


def raising(error: Exception) -> Callable[[], BioFormats]:
    def opens() -> BioFormats:
        raise error

    return opens


@pytest.mark.parametrize(
    ("error", "answers"),
    [
        (Unavailable(), "it does not start on this computer"),
        (
            SettingsInvalid("IDLE_S is no number."),
            "it cannot be used on this computer (IDLE_S is no number.)",
        ),
    ],
)
def test_one_that_does_not_start_is_reported_for_each_file(
    error: Exception, answers: str
) -> None:
    asking = Asking(raising(error))
    for file in files(2):
        answer = asking.answer(file)
        assert answer is not None
        assert answer.unasked == answers


def test_where_there_is_none_nothing_is_stated() -> None:
    asking = Asking(lambda: None)
    assert asking.answer(files(1)[0]) is None


def test_a_problem_of_the_file_is_passed_on() -> None:
    class Refusing(Slow):
        @override
        def answer(self, file: Path) -> UsedFiles:
            raise DamagedFile(file.name)

    refusing = Refusing(0)
    answer = Asking(lambda: refusing).answer(files(1)[0])
    assert answer is not None
    assert isinstance(answer.problem, DamagedFile)
    assert refusing.forgotten
