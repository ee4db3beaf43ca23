"""Files of an import that were replaced after they were sent: have the server forget the old.

Asked before an item is tried again. The item then waits for its files, and the submission
sends them as they are.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import structlog

from transferapp.agent.outbox import Outbox
from transferapp.agent.records import FileRecord
from transferapp.agent.services import AgentServices
from transferapp.client.source import inode_of
from transferapp.client.workstation import WorkstationClient
from transferapp.errors import NotFound, StateConflict
from transferapp.model.stages import RETRIED_STAGES, ItemStage
from transferapp.model.transfers import (
    PROBLEM_STATES,
    ItemState,
    TransferDetails,
    TransferKind,
)

_log = structlog.get_logger(__name__)


async def send_changed_anew(
    services: AgentServices, transfer_id: str, item_id: str = ""
) -> bool:
    """Find changed files of what needs a person (of one item), and have them sent anew; True
    when there are any: then the submission has not ended any more.

    Raises TransferNotFound, and what ``client`` raises: then nothing is lost, and it may be
    asked again. What the server uses already, or does not know, stays as it was sent.
    """
    outbox = services.outbox
    record = await asyncio.to_thread(outbox.submission, transfer_id)
    if record.kind is not TransferKind.IMPORT:
        return False
    grant = record.grant.get_secret_value()
    server = await asyncio.to_thread(services.connect, record.server_url, grant)
    async with server:
        details = await server.transfer(transfer_id)
        changed = await asyncio.to_thread(_changed, outbox, details, item_id)
        if changed:
            # First: after a crash the run finds what the server has forgotten.
            await asyncio.to_thread(outbox.set_state, transfer_id, ItemState.QUEUED)
        for file, now in changed:
            await _send_anew(outbox, server, file, now)
    return bool(changed)


async def send_forgotten_anew(
    outbox: Outbox, server: WorkstationClient, details: TransferDetails
) -> None:
    """Send again what the server was asked to forget when its answer was lost."""
    waiting = {item.id for item in details.items if not item.received}
    if not waiting:
        return
    sent = await asyncio.to_thread(outbox.sent_files, details.transfer.id)
    if any(file.item_id in waiting for file in sent):
        # Read after the outbox: what was sealed meanwhile is sealed here.
        full = await server.transfer(details.transfer.id, files=True)
        sealed = {file.id for file in full.files if file.sealed}
        for file in sent:
            if file.item_id in waiting and file.file_id not in sealed:
                now = await asyncio.to_thread(_Now.of, file)
                await _send_anew(outbox, server, file, now)


@dataclass(frozen=True, slots=True)
class _Now:
    """A file as it is now."""

    size_bytes: int
    modified_ns: int
    inode: int

    @classmethod
    def of(cls, file: FileRecord) -> _Now:
        """Look at a file; one that is not there looks as it was: what was sent of it is used,
        or a person is told when it is to be sent.
        """
        try:
            found = Path(file.path).stat()
        except OSError:
            return cls(file.size_bytes, file.modified_ns, file.inode)
        return cls(found.st_size, found.st_mtime_ns, inode_of(found))

    def is_another(self, sent: FileRecord) -> bool:
        """Whether it differs from what was submitted, or sent. One that was put back with its
        old time has another inode; a share that counts inodes anew has it sent once more.
        """
        differs = (self.size_bytes, self.modified_ns) != (sent.size_bytes, sent.modified_ns)
        return differs or (sent.done and sent.inode not in (0, self.inode))


async def _send_anew(
    outbox: Outbox, server: WorkstationClient, file: FileRecord, now: _Now
) -> None:
    try:
        await server.send_anew(file.transfer_id, file.file_id, now.size_bytes)
    except (StateConflict, NotFound) as error:
        # It is on its way with what was sent, or the server is older than this.
        _log.info("changed file stays as sent", transfer=file.transfer_id, code=error.code)
        return
    reset = outbox.reset_file
    await asyncio.to_thread(reset, file.file_id, now.size_bytes, now.modified_ns)
    await asyncio.to_thread(outbox.set_stages, [file.item_id], ItemStage.OPEN)


def _changed(
    outbox: Outbox, details: TransferDetails, item_id: str
) -> list[tuple[FileRecord, _Now]]:
    states = {item.id: item.state for item in details.items}
    return [
        (file, now)
        for item in outbox.items(details.transfer.id)
        if item_id in ("", item.item_id)
        if item.stage in RETRIED_STAGES or states.get(item.item_id) in PROBLEM_STATES
        for file in outbox.files(item.item_id)
        if (now := _Now.of(file)).is_another(file)
    ]
