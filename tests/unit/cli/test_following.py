"""``--wait`` says "Waiting" of what goes on, and not of what has failed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from transferapp.cli.following import _Hindrance, _Waits
from transferapp.model.transfers import ItemProblem, ItemState

SENTENCE = "Bio-Formats did not answer in 15 s while it read 'a.mrc'. Retry."


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (ItemState.FAILED, "a.mrc: "),
        (ItemState.NEEDS_ATTENTION, "a.mrc: "),
        (ItemState.IMPORTING, "Waiting: "),
    ],
)
async def test_what_has_failed_is_not_waited_for(
    capsys: pytest.CaptureFixture[str], state: ItemState, text: str
) -> None:
    class Agent:
        async def submission(self, _: str) -> object:
            return SimpleNamespace(trouble=SENTENCE)

    problem = ItemProblem("unreadable-file", "The file cannot be read", SENTENCE)
    item = SimpleNamespace(name="a.mrc", state=state, trouble=problem)
    hindrance = _Hindrance(cast("Any", Agent()), "t")
    for _ in range(2):
        hindrance.report(await hindrance.check(), cast("Any", SimpleNamespace(items=(item,))))
    assert capsys.readouterr().err == f"{text}{SENTENCE}\n"


def test_what_the_server_waits_for_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    def waits(*messages: str, code: str = "in-archive") -> Any:
        problems = (ItemProblem(code, "From the archive", one) for one in messages)
        items = [SimpleNamespace(state=ItemState.WAITING, trouble=one) for one in problems]
        return SimpleNamespace(items=items)

    waiting = _Waits()
    waiting.report(waits("From the archive, about 5 hours. 2 files.", "Never. Said."))
    waiting.report(waits("From the archive, about 5 hours. 1 file."))
    waiting.report(waits("From the archive, about 4 hours. 1 file."))
    waiting.report(waits("The place is away.", code="place-unavailable"))
    ended = SimpleNamespace(state=ItemState.FAILED, trouble=ItemProblem("x", "X", "Gone."))
    waiting.report(cast("Any", SimpleNamespace(items=[ended])))
    assert capsys.readouterr().err == (
        "Waiting: From the archive, about 5 hours. 2 files.\n"
        "Waiting: From the archive, about 4 hours. 1 file.\n"
        "Waiting: The place is away.\n"
    )
