"""``--wait`` says "Waiting" of what goes on, and not of what has failed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from transferapp.cli.following import _Hindrance
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
