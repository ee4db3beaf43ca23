"""What the workstation service does at the end of an import, with a receipt or none."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from joserfc.jwk import OKPKey
from pydantic import SecretStr
from typing_extensions import override

from transferapp.agent.receipts import keep_receipt
from transferapp.agent.records import SubmissionRecord
from transferapp.agent.settings import AgentSettings
from transferapp.client.receipts import ReceiptClient
from transferapp.errors import (
    GrantRefused,
    NotFound,
    ServerUnreachable,
    StateConflict,
    TransferAppError,
)
from transferapp.model.origins import Origin
from transferapp.model.transfers import ItemState, TransferKind
from transferapp.receipts.known_keys import KnownKeys
from transferapp.receipts.signing import new_key

AT = datetime(2026, 12, 1, tzinfo=UTC)
KEY = new_key()
RECORD = SubmissionRecord(
    transfer_id="a" * 32,
    kind=TransferKind.IMPORT,
    name="day 3",
    owner="ada@https://a",
    server_url="https://a",
    grant=SecretStr("ta1_x"),
    destination="",
    state=ItemState.IMPORTED,
    trouble_code="",
    trouble="",
    ended=False,
    created_at=AT,
    updated_at=AT,
    roots=("/data/day 3", "/data/caf\udce9"),
)


class Server(ReceiptClient):
    """Answers as a test says, without a connection."""

    def __init__(self, error: TransferAppError | None = None) -> None:
        super().__init__("https://a", "ta1_x")
        self.error = error
        self.origins: list[Origin] = []
        self.content = b"a.b.c\n"

    @override
    async def origin(self, transfer_id: str, origin: Origin) -> None:
        self.origins.append(origin)

    @override
    async def receipt(self, transfer_id: str) -> bytes:
        if self.error:
            raise self.error
        return self.content

    @override
    async def receipt_keys(self) -> list[OKPKey]:
        return [KEY]


@pytest.fixture
def settings(tmp_path: Path) -> AgentSettings:
    return AgentSettings(outbox=tmp_path / "agent" / "outbox.db")


async def test_it_is_kept_with_the_keys_and_again_when_there_is_more(
    settings: AgentSettings,
) -> None:
    async with Server() as server:
        await keep_receipt(settings, RECORD, server)
        (kept,) = settings.receipts.iterdir()
        assert (kept.name, kept.read_bytes()) == (f"receipt-{'a' * 32}.jws", b"a.b.c\n")
        assert kept.stat().st_mode & 0o777 == 0o600
        server.content = b"a.longer.one\n"
        await keep_receipt(settings, RECORD, server)
        assert kept.read_bytes() == b"a.longer.one\n"
        assert {one.id for one in KnownKeys(settings.receipt_keys).all()} == {KEY.kid}
        assert server.origins[0].folders == ("/data/day 3", r"/data/caf\xe9")
        assert server.origins[0].workstation


@pytest.mark.parametrize(
    "error", [NotFound(), GrantRefused(), StateConflict("Nothing is verified.")]
)
async def test_an_import_ends_without_one(
    settings: AgentSettings, error: TransferAppError
) -> None:
    """Of a server that is older, a grant that is over, and when nothing was verified."""
    async with Server(error) as server:
        await keep_receipt(settings, RECORD, server)
    assert not settings.receipts.exists()


async def test_what_passes_is_tried_again(settings: AgentSettings) -> None:
    async with Server(ServerUnreachable()) as server:
        with pytest.raises(ServerUnreachable):
            await keep_receipt(settings, RECORD, server)


async def test_a_file_where_the_folder_should_be(settings: AgentSettings) -> None:
    """The import ends all the same."""
    settings.receipts.parent.mkdir(parents=True)
    settings.receipts.touch()
    async with Server() as server:
        await keep_receipt(settings, replace(RECORD, roots=None), server)
    assert server.origins[0].folders == ()
