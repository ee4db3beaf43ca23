"""Wait for a transfer on the command line, and say why it does not go on meanwhile."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from transferapp.cli import wiring
from transferapp.cli.event_lines import TransferLines, show_event
from transferapp.cli.output import echo, warn
from transferapp.client.source_scans import not_scanned_at, scan_source
from transferapp.errors import AgentUnreachable, TransferAppError, Unavailable
from transferapp.model.transfers import (
    ENDED_STATES,
    PROBLEM_STATES,
    ItemState,
    TransferDetails,
)

if TYPE_CHECKING:
    from transferapp.client.agent import AgentClient
    from transferapp.client.server import ServerClient

#: Seconds between two looks at the server, and between two at the workstation service.
POLL_EVERY_S = 0.5
_ASK_AGENT_EVERY_S = 3.0
#: Seconds between two questions to a server that is away.
_ASK_SERVER_AGAIN_S = 2.0
#: Seconds that a command waits for a manifest.
_LONGEST_FOR_MANIFEST_S = 60.0
#: An item has ended or waits for a person.
_RESTING = ENDED_STATES | PROBLEM_STATES


async def follow(
    server: ServerClient,
    transfer_id: str,
    *,
    wait: bool,
    as_lines: bool = False,
    left: str = "",
) -> TransferDetails:
    """Return a transfer as it is now, or (``wait``) once nothing of it moves any more.

    While it waits, ``as_lines`` prints what changes, as lines. ``left``: what is said where a
    person waits no longer, by default how to go on with this transfer.
    """
    details = await server.transfer(transfer_id)
    if not wait:
        return details
    try:
        return await _ended(server, details, TransferLines() if as_lines else None)
    except asyncio.CancelledError:
        warn(left or _goes_on(details))
        raise


def _goes_on(details: TransferDetails) -> str:
    """Say what becomes of a transfer when nobody waits for it any more."""
    transfer = details.transfer
    who = "the facility" if transfer.brought_to else "this computer's service"
    return (
        f"Nobody waits for it here any more, but it goes on: {who} sees to that. Look at it"
        f" with 'transferapp transfers show {transfer.id}', stop it with 'transferapp transfers"
        f" cancel {transfer.id}'."
    )


async def _ended(
    server: ServerClient, details: TransferDetails, lines: TransferLines | None
) -> TransferDetails:
    """Wait until nothing of a transfer moves, also while the server is away."""
    transfer_id = details.transfer.id
    # What a worker brings to a place waits for no workstation.
    here = not details.transfer.brought_to
    waits = _Waits()
    async with wiring.agent_client() as agent:
        hindrance = _Hindrance(agent, transfer_id)
        patient = _Patient(server, lines)
        while True:
            if lines:
                lines.show(details)
            if not here:
                waits.report(details)
            if at_rest(details):
                break
            await asyncio.sleep(POLL_EVERY_S)
            sentence = await hindrance.check() if here else ""
            details = await patient.transfer(transfer_id)
            if hindrance.report(sentence, details) and lines:
                show_event("waiting", transfer_id=transfer_id, message=sentence)
        await patient.transfer(transfer_id)
    return await scanned_at(server, transfer_id)


class _Patient:
    """Asks a server until it answers: it may be restarted while somebody waits."""

    def __init__(self, server: ServerClient, lines: TransferLines | None) -> None:
        self._server, self._lines = server, lines

    async def transfer(self, transfer_id: str) -> TransferDetails:
        """Return a transfer. That the server is away is said once each time; raises what the
        client raises, but for that.
        """
        is_away = False
        while True:
            try:
                return await self._server.transfer(transfer_id)
            except Unavailable as error:
                if not is_away:
                    sentence = f"{error.title}. {error.message}"
                    echo(f"Waiting: {sentence}")
                    if self._lines:
                        show_event("waiting", transfer_id=transfer_id, message=sentence)
                is_away = True
                await asyncio.sleep(_ASK_SERVER_AGAIN_S)


async def manifest_written(details: TransferDetails) -> None:
    """Wait until this computer's agent has written down what an export brought, so that what
    runs next finds it; not for long where its folder is gone.
    """
    until_s = time.monotonic() + _LONGEST_FOR_MANIFEST_S
    async with wiring.agent_client() as agent:
        with suppress(TransferAppError):
            # Each question lets the agent look at once.
            while (await agent.submission(details.transfer.id)).manifest is None:
                if time.monotonic() > until_s:
                    return
                await asyncio.sleep(POLL_EVERY_S)


async def scanned_at(server: ServerClient, transfer_id: str) -> TransferDetails:
    """Return a transfer after its source was looked at, where that is on this computer."""
    details = await server.transfer(transfer_id)
    async with wiring.agent_client() as agent:
        scanned = await scan_source(agent, details.transfer)
    details = await server.transfer(transfer_id)
    return details if scanned else replace(details, transfer=not_scanned_at(details.transfer))


def at_rest(details: TransferDetails) -> bool:
    """Say whether each item has ended or waits for a person."""
    return all(item.state in _RESTING for item in details.items)


class _Waits:
    """What the server says of why items wait; each reason once. Of what goes by a workstation
    its service says the same.
    """

    def __init__(self) -> None:
        self._stated: set[tuple[str, str]] = set()

    def report(self, details: TransferDetails) -> None:
        """Say what is new; of many items that wait for the same, what the first one says."""
        first: dict[str, str] = {}
        for item in details.items:
            if item.state is ItemState.WAITING and item.trouble:
                first.setdefault(item.trouble.code, item.trouble.message)
        for code, message in first.items():
            # Numbers beyond the first sentence change from item to item.
            reason = code, message.partition(". ")[0]
            if reason not in self._stated:
                self._stated.add(reason)
                echo(f"Waiting: {message}")


class _Hindrance:
    """What this computer's service says of why a transfer does not go on; each once."""

    def __init__(self, agent: AgentClient, transfer_id: str) -> None:
        self._agent, self._transfer_id = agent, transfer_id
        self._stated = ""
        self._next_s = 0.0

    async def check(self) -> str:
        """Return what it says now; the same as before where it is not asked again yet."""
        now_s = asyncio.get_running_loop().time()
        if now_s < self._next_s:
            return self._stated
        self._next_s = now_s + _ASK_AGENT_EVERY_S
        try:
            return (await self._agent.submission(self._transfer_id)).trouble
        except AgentUnreachable as error:
            return f"{error.title}. {error.message}"
        except TransferAppError:
            return self._stated  # Another workstation's.

    def report(self, sentence: str, details: TransferDetails) -> bool:
        """Say it, if it is new; returns whether the transfer waits for what is new.
        ``details`` are younger: the service asks the server.
        """
        is_new, self._stated = bool(sentence) and sentence != self._stated, sentence
        if not is_new:
            return False
        stopped = (item for item in details.items if item.state in _RESTING)
        over = [i.name for i in stopped if i.trouble and i.trouble.message == sentence]
        # Nobody waits for what has failed.
        echo(f"{over[0]}: {sentence}" if over else f"Waiting: {sentence}")
        return not over
