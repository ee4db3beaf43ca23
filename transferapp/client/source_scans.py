"""Have the source of an import looked at before anybody is told that it can be deleted."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from transferapp.errors import AgentUnreachable, NotFound
from transferapp.model.transfers import Transfer, TransferKind

if TYPE_CHECKING:
    from transferapp.client.agent import AgentClient

#: Seconds that a look is waited for; the service asks the server first what is imported.
WITHIN_S = 10.0
_ASK_EVERY_S = 0.2


async def scan_source(
    agent: AgentClient, transfer: Transfer, *, within_s: float = WITHIN_S
) -> bool:
    """Return when this workstation's service has looked at all that is imported, and has
    told the server; at once where the import is another workstation's, or nothing is.

    False: it could not be looked at, as the service does not answer (in time). What the
    server last heard says nothing of the files as they are now.
    """
    if transfer.kind is not TransferKind.IMPORT or not transfer.files_verified:
        return True
    try:
        async with asyncio.timeout(within_s):
            view = await agent.submission(transfer.id)
            while view.look is None or not view.look.covers(transfer.files_verified):
                await asyncio.sleep(_ASK_EVERY_S)
                view = await agent.submission(transfer.id)
    except NotFound:
        return True
    except (AgentUnreachable, TimeoutError):
        return False
    return True


def not_scanned_at(transfer: Transfer) -> Transfer:
    """Return a transfer of whose source nothing is promised, as nobody could look."""
    return replace(transfer, promises=transfer.promises.of_unseen_source())
