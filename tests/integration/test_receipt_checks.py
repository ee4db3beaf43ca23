"""Checks of receipts over REST: what the repository still holds, and how such a check ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import cast

import httpx
import pytest

from tests.support.receipt_env import (
    FIELDS,
    check_lines,
    checked,
    held_by_path,
    imported_fields,
    opened,
)
from tests.support.receipt_files import change_one_byte
from tests.support.rest_server import (
    RestServer,
    http,
    server,
)
from tests.support.rest_uploads import bearer, problem_of
from transferapp.errors import (
    Busy,
    ChecksumMismatch,
    DamagedReceipt,
    Internal,
    NoSuchFile,
    PermissionDenied,
    ReceiptKeyUnknown,
    RepositoryUnavailable,
    ServerUnreachable,
    TransferAppError,
    TransferNotFound,
)
from transferapp.operations.receipt_check import ReceiptChecks
from transferapp.protocol import routes
from transferapp.protocol.receipts import Holding
from transferapp.receipts.key_file import read_keys
from transferapp.receipts.signing import new_key, sign
from transferapp.repositories.local.reading.images import LocalImages

__all__ = ["http", "server"]


async def test_a_check_by_records_and_by_bytes(server: RestServer) -> None:
    """One byte of a stored original is another: reading finds it and names the file."""
    done = await imported_fields(server)
    content = await done.ada.receipt(done.transfer_id)
    for deep in (False, True):
        found = await checked(done.ada, content, deep=deep)
        assert held_by_path(found) == dict.fromkeys(FIELDS, Holding.HELD)
    change_one_byte(done.original(FIELDS[1]))
    by_records = await checked(done.ada, content)
    assert held_by_path(by_records) == dict.fromkeys(FIELDS, Holding.HELD)
    by_bytes = await checked(done.ada, content, deep=True)
    assert held_by_path(by_bytes) == {FIELDS[0]: Holding.HELD, FIELDS[1]: Holding.DIFFERS}
    assert FIELDS[1] in by_bytes[FIELDS[1]].sentence


async def test_what_was_deleted_is_gone(server: RestServer) -> None:
    done = await imported_fields(server)
    content = await done.ada.receipt(done.transfer_id)
    details = await done.ada.transfer(done.transfer_id)
    async with server.parts.repository.session("ada") as session:
        await session.images.delete(details.items[0].image_ids)
    for deep in (False, True):
        found = await checked(done.ada, content, deep=deep)
        assert held_by_path(found) == {FIELDS[0]: Holding.GONE, FIELDS[1]: Holding.HELD}
        assert FIELDS[0] in found[FIELDS[0]].sentence


async def test_a_receipt_outlives_the_ledger(server: RestServer) -> None:
    """What was saved can be checked when the server has forgotten the transfer."""
    done = await imported_fields(server)
    content = await done.ada.receipt(done.transfer_id)
    gone = await server.parts.ledger.forget_transfers(datetime.now(UTC) + timedelta(days=1))
    assert gone == 1
    with pytest.raises(TransferNotFound):
        await done.ada.receipt(done.transfer_id)
    found = await checked(done.ada, content, deep=True)
    assert held_by_path(found) == dict.fromkeys(FIELDS, Holding.HELD)


async def test_only_this_servers_own_unchanged_receipts_are_checked(server: RestServer) -> None:
    done = await imported_fields(server)
    content = await done.ada.receipt(done.transfer_id)
    middle = len(content) // 2
    other = b"A" if content[middle : middle + 1] != b"A" else b"B"
    with pytest.raises(DamagedReceipt):
        await checked(done.ada, content[:middle] + other + content[middle + 1 :])
    with pytest.raises(DamagedReceipt):
        await checked(done.ada, b"")
    foreign = sign((await opened(server, content)).receipt, new_key())
    with pytest.raises(ReceiptKeyUnknown):
        await checked(done.ada, foreign)


async def test_a_huge_body_is_not_taken(
    server: RestServer, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transferapp.server.routes.receipts.LARGEST", 1 << 20)
    ada = await server.signed_in()
    answer = await http.post(
        routes.RECEIPT_CHECK, content=b"A" * ((1 << 20) + 1), headers=bearer(str(ada.token))
    )
    assert problem_of(answer)["code"] == "damaged-receipt"


async def test_few_read_at_a_time(server: RestServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A third deep check is asked to come back; one that its asker left makes room."""
    done = await imported_fields(server)
    content = await done.ada.receipt(done.transfer_id)
    reading, checks = asyncio.Event(), server.parts.receipt_checks
    read = LocalImages.read

    async def slow(images: LocalImages, file_id: int) -> AsyncIterator[bytes]:
        await reading.wait()
        async with aclosing(
            cast("AsyncGenerator[bytes, None]", read(images, file_id))
        ) as pieces:
            async for piece in pieces:
                yield piece

    monkeypatch.setattr(LocalImages, "read", slow)
    running = [asyncio.create_task(checked(done.ada, content, deep=True)) for _ in range(2)]
    await _until(checks, 2)
    with pytest.raises(Busy):
        await checked(done.ada, content, deep=True)
    running[0].cancel()
    await asyncio.gather(running[0], return_exceptions=True)
    reading.set()
    assert set(held_by_path(await running[1]).values()) == {Holding.HELD}
    await _until(checks, 0)
    assert len(await checked(done.ada, content, deep=True)) == len(FIELDS)


async def test_signs_of_life_while_a_large_file_is_read(
    server: RestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transferapp.operations.receipt_check._REPORT_EVERY_S", 0.0)
    done = await imported_fields(server)
    lines = await check_lines(done.ada, await done.ada.receipt(done.transfer_id), deep=True)
    read = [line.bytes_read for line in lines]
    assert read == sorted(read)
    assert read[-1] == sum(map(len, done.contents.values()))
    assert [line.file is None for line in lines] == [True, False] * len(FIELDS)


async def _until(checks: ReceiptChecks, count: int) -> None:
    end = time.monotonic() + 60
    while checks.deep_checks != count:
        assert time.monotonic() < end
        await asyncio.sleep(0.01)


async def test_of_a_receipt_that_knows_no_ids_files_are_found_by_their_paths(
    server: RestServer,
) -> None:
    """As those of imports of before receipts were kept."""
    done = await imported_fields(server)
    stated = (await opened(server, await done.ada.receipt(done.transfer_id))).receipt
    items = tuple(
        item.model_copy(
            update={
                "fileset_id": None,
                "files": tuple(
                    f.model_copy(update={"repository_id": None}) for f in item.files
                ),
            }
        )
        for item in stated.items
    )
    (key,) = read_keys(server.parts.settings.receipt_keys_file)
    older = sign(stated.model_copy(update={"items": items}), key)
    for deep in (False, True):
        found = held_by_path(await checked(done.ada, older, deep=deep))
        assert found == dict.fromkeys(FIELDS, Holding.HELD)
    change_one_byte(done.original(FIELDS[0]))
    found = held_by_path(await checked(done.ada, older, deep=True))
    assert found == {FIELDS[0]: Holding.DIFFERS, FIELDS[1]: Holding.HELD}


async def test_a_server_that_stops_in_the_middle_states_nothing(
    server: RestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came before is no check of the whole."""
    done = await imported_fields(server)
    content = await done.ada.receipt(done.transfer_id)
    begun = asyncio.Event()

    async def endless(_images: LocalImages, _file_id: int) -> AsyncIterator[bytes]:
        begun.set()
        await asyncio.Event().wait()
        yield b""

    monkeypatch.setattr(LocalImages, "read", endless)
    checking = asyncio.create_task(checked(done.ada, content, deep=True))
    await asyncio.wait_for(begun.wait(), 60)
    await server.stop()
    with pytest.raises(ServerUnreachable):
        await checking


@pytest.mark.parametrize(
    ("error", "holding"),
    [
        (PermissionDenied("The group's policy keeps originals back."), Holding.UNKNOWN),
        (ChecksumMismatch(), Holding.DIFFERS),
        (NoSuchFile(), Holding.GONE),
    ],
    ids=["kept back", "differs", "gone"],
)
async def test_one_file_that_cannot_be_read_leaves_the_others(
    server: RestServer,
    monkeypatch: pytest.MonkeyPatch,
    error: TransferAppError,
    holding: Holding,
) -> None:
    done = await imported_fields(server)
    content = await done.ada.receipt(done.transfer_id)
    stated = (await opened(server, content)).receipt
    bad, read = stated.files[0].repository_id, LocalImages.read

    async def some(images: LocalImages, file_id: int) -> AsyncIterator[bytes]:
        if file_id == bad:
            raise error
        async for piece in read(images, file_id):
            yield piece

    monkeypatch.setattr(LocalImages, "read", some)
    found = await checked(done.ada, content, deep=True)
    assert held_by_path(found) == {FIELDS[0]: holding, FIELDS[1]: Holding.HELD}
    assert FIELDS[0] in found[FIELDS[0]].sentence


async def test_a_repository_that_is_away_ends_the_check_in_its_own_words(
    server: RestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = await imported_fields(server)
    content = await done.ada.receipt(done.transfer_id)

    async def away(_images: LocalImages, _ids: object) -> list[object]:
        raise RepositoryUnavailable("OMERO is being mended.")

    monkeypatch.setattr(LocalImages, "summaries", away)
    with pytest.raises(RepositoryUnavailable, match="being mended"):
        await checked(done.ada, content)


async def test_a_defect_is_not_taken_for_a_result(
    server: RestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = await imported_fields(server)
    content = await done.ada.receipt(done.transfer_id)

    async def broken(_images: LocalImages, _ids: object) -> list[object]:
        raise ZeroDivisionError

    monkeypatch.setattr(LocalImages, "summaries", broken)
    with pytest.raises(Internal):
        await checked(done.ada, content)
