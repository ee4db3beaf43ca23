"""``--wait`` says "Waiting" of what goes on, and not of what has failed."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from transferapp.cli import following
from transferapp.cli.following import _Hindrance, _Patient, _Waits, follow
from transferapp.errors import GrantRefused, ServerUnreachable
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


class Server:
    """Answers with what a test says, or raises it."""

    def __init__(self, *answers: object) -> None:
        self.answers = list(answers)

    async def transfer(self, _: str) -> object:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


async def test_a_server_that_restarts_is_waited_for_and_told_of_once(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "_ASK_SERVER_AGAIN_S", 0.01)
    away = ServerUnreachable()
    server = Server(away, away, away, "here")
    patient = _Patient(cast("Any", server), None)
    assert await patient.transfer("t") == cast("Any", "here")
    assert capsys.readouterr().err == f"Waiting: {away.title}. {away.message}\n"
    with pytest.raises(GrantRefused):
        await _Patient(cast("Any", Server(GrantRefused())), None).transfer("t")


async def test_whoever_stops_waiting_hears_how_it_goes_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    transfer = SimpleNamespace(id="1234", brought_to="cluster:x")
    details = SimpleNamespace(
        transfer=transfer, items=(SimpleNamespace(state=ItemState.DOWNLOADING),)
    )
    waiting = asyncio.create_task(follow(cast("Any", Server(details)), "1234", wait=True))
    await asyncio.sleep(0.1)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    shown = capsys.readouterr().err
    assert "it goes on" in shown
    assert "transferapp transfers show 1234" in shown


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
