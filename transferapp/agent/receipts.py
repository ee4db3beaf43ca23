"""Keep the receipt of each import that has ended here: later it says what may go."""

from __future__ import annotations

import asyncio
import platform

import structlog

from transferapp import errors
from transferapp.agent.records import SubmissionRecord
from transferapp.agent.settings import AgentSettings
from transferapp.client.receipt_saving import receipt_name
from transferapp.client.receipts import ReceiptClient, keep_keys
from transferapp.host.private_file import write_private_text
from transferapp.intake.file_names import shown_text
from transferapp.model.origins import Origin
from transferapp.receipts.known_keys import KnownKeys

_log = structlog.get_logger(__name__)


async def keep_receipt(
    settings: AgentSettings, record: SubmissionRecord, server: ReceiptClient
) -> None:
    """Tell where the files lay, ask for the receipt, and keep it with the server's keys.

    May be repeated. Raises what is worth to be tried again; else an import ends without one,
    and its person may still save it.
    """
    try:
        await server.origin(record.transfer_id, _origin(record))
        content = await server.receipt(record.transfer_id)
        await keep_keys(server, KnownKeys(settings.receipt_keys))
        await asyncio.to_thread(
            write_private_text,
            settings.receipts / receipt_name(record.transfer_id),
            content.decode("ascii"),
        )
    except errors.TransferAppError as error:
        if error.retryable:
            raise
        _log.info("no receipt kept", transfer=record.transfer_id, code=error.code)
    except (OSError, ValueError) as error:
        _log.warning("receipt not written", transfer=record.transfer_id, error=str(error))


def _origin(record: SubmissionRecord) -> Origin:
    # A name that is no text would be none on the wire, either.
    places = tuple(shown_text(root)[:4096] for root in (record.roots or ())[:1000])
    return Origin(shown_text(platform.node())[:255] or "unknown", places)
