"""Receipts over REST: what they say, who gets them, and what a check of them finds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import cast

import httpx
import pytest

import transferapp
from tests.support.receipt_env import (
    FIELDS,
    check_lines,
    checked,
    held_by_path,
    imported_fields,
)
from tests.support.rest_server import (
    RestServer,
    http,
    rest_server,
    server,
)
from tests.support.rest_uploads import bearer, problem_of, run_export, sha1_of
from transferapp.errors import (
    Busy,
    DamagedReceipt,
    Invalid,
    PermissionDenied,
    ReceiptKeyUnknown,
    StateConflict,
    TransferNotFound,
)
from transferapp.model.origins import Origin
from transferapp.operations.receipt_check import ReceiptChecks
from transferapp.protocol import routes
from transferapp.protocol.export_requests import ExportRequest
from transferapp.protocol.receipts import Holding
from transferapp.receipts.key_file import change_key
from transferapp.receipts.signing import SignedReceipt, new_key, sign, verify
from transferapp.repositories.local.accounts.administration import Administration
from transferapp.repositories.local.reading.images import LocalImages

__all__ = ["http", "server"]

SCOPE = Origin("scope-3", ("/data/day 3",))


async def opened(server: RestServer, content: bytes) -> SignedReceipt:
    """Check a receipt as a workstation does that knows the server."""
    return verify(content, await server.client().receipt_keys())


async def test_it_says_what_was_imported_from_where_and_what_the_repository_calls_it(
    server: RestServer,
) -> None:
    before = datetime.now(UTC)
    done = await imported_fields(server)
    await server.client(done.grant).origin(done.transfer_id, SCOPE)
    found = (await opened(server, await done.ada.receipt(done.transfer_id))).receipt
    assert (found.transfer_id, found.kind, found.name) == (done.transfer_id, "import", "day 3")
    assert (found.owner, found.asked_by) == ("ada", "")
    assert found.repository == server.parts.repository.name
    assert found.origin is not None
    assert (found.origin.workstation, found.origin.folders) == ("scope-3", ("/data/day 3",))
    assert found.target_name == "Kidney"
    assert (found.items_missing, found.left_out_files) == (0, None)
    stated = {file.path: (file.size_bytes, file.sha1) for file in found.files}
    assert stated == {p: (len(c), sha1_of(c)) for p, c in done.contents.items()}
    for item in found.items:
        assert item.verified_at is not None
        assert before <= item.verified_at <= datetime.now(UTC)
        assert item.verified_by == transferapp.__version__
        async with server.parts.repository.session("ada") as session:
            (held,) = await session.images.files(item.image_ids)
        assert item.fileset_id == held.fileset_id
        assert [file.repository_id for file in item.files] == [held.id]


async def test_the_same_transfer_has_the_same_receipt(server: RestServer) -> None:
    """Also for the agent, which has a narrow grant only, and after a restart."""
    done = await imported_fields(server)
    first = await done.ada.receipt(done.transfer_id)
    assert await done.ada.receipt(done.transfer_id) == first
    assert await server.client(done.grant).receipt(done.transfer_id) == first
    await server.stop()
    folder = server.parts.settings.data
    async with rest_server(folder, with_people=False) as again:
        ada = again.client(done.ada.token)
        assert await ada.receipt(done.transfer_id) == first
        # Two servers on one folder sign alike.
        async with rest_server(folder, with_people=False) as second:
            assert await second.client(done.ada.token).receipt(done.transfer_id) == first


async def test_only_what_was_verified_is_in_it(server: RestServer) -> None:
    done = await imported_fields(server, most=1)
    found = (await opened(server, await done.ada.receipt(done.transfer_id))).receipt
    assert [file.path for file in found.files] == [FIELDS[0]]
    assert found.items_missing == 1


async def test_nothing_is_stated_of_what_is_not_verified(server: RestServer) -> None:
    done = await imported_fields(server, most=0)
    with pytest.raises(StateConflict, match="verified"):
        await done.ada.receipt(done.transfer_id)


async def test_another_person_gets_none_and_an_administrator_does(server: RestServer) -> None:
    done = await imported_fields(server)
    content = await done.ada.receipt(done.transfer_id)
    bob = await server.signed_in("bob")
    with pytest.raises(TransferNotFound):
        await bob.receipt(done.transfer_id)
    with pytest.raises(PermissionDenied, match="another person's"):
        await checked(bob, content)
    await Administration(server.parts.settings.repository_folder).add_experimenter(
        "root", "Root", "correct horse", is_admin=True
    )
    root = await server.signed_in("root")
    assert await root.receipt(done.transfer_id) == content
    assert set(held_by_path(await checked(root, content)).values()) == {Holding.HELD}
    with pytest.raises(TransferNotFound):
        await root.receipt("0" * 32)


async def test_keys_are_for_everybody_and_a_change_keeps_the_old_ones(
    server: RestServer, http: httpx.AsyncClient
) -> None:
    done = await imported_fields(server)
    first = await done.ada.receipt(done.transfer_id)
    published = (await http.get(routes.RECEIPT_KEYS)).json()
    assert [set(key) for key in published["keys"]] == [{"kty", "crv", "x", "kid", "alg", "use"}]
    new_id = change_key(server.parts.settings.receipt_keys_file)
    second = await done.ada.receipt(done.transfer_id)
    old, new = await opened(server, first), await opened(server, second)
    assert (old.receipt, new.key_id) == (new.receipt, new_id)
    assert old.key_id != new_id
    # The old one is one of this server's still.
    assert len(await checked(done.ada, first)) == len(FIELDS)


async def test_a_check_by_records_and_by_bytes(server: RestServer) -> None:
    """One byte of a stored original is another: reading finds it and names the file."""
    done = await imported_fields(server)
    content = await done.ada.receipt(done.transfer_id)
    for deep in (False, True):
        found = await checked(done.ada, content, deep=deep)
        assert held_by_path(found) == dict.fromkeys(FIELDS, Holding.HELD)
    original = done.original(FIELDS[1])
    original.chmod(0o600)
    changed = bytearray(original.read_bytes())
    changed[len(changed) // 2] ^= 1
    original.write_bytes(changed)
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


async def test_an_exports_receipt_says_what_was_delivered(server: RestServer) -> None:
    """Its files lie elsewhere: the repository is not asked for them."""
    done = await imported_fields(server)
    image_ids = [i.image_ids[0] for i in (await done.ada.transfer(done.transfer_id)).items]
    accepted = await done.ada.submit_export(ExportRequest(name="back", image_ids=image_ids))
    transfer_id, agent = accepted.details.transfer.id, server.client(accepted.grant)
    for item in accepted.details.items:
        await run_export(server, transfer_id, item.id)
    ready = await agent.transfer(transfer_id, files=True)
    first = ready.items[0]
    sums = {file.id: file.sha1 for file in ready.files if file.item_id == first.id}
    (file,) = (file for file in ready.files if file.item_id == first.id)
    await done.ada.transfer(transfer_id)
    await agent.delivered(transfer_id, first.id, sums)
    content = await done.ada.receipt(transfer_id)
    found = (await opened(server, content)).receipt
    assert (found.kind, found.form, found.origin) == ("export", "originals", None)
    assert [(f.path, f.sha1) for f in found.files] == [(file.client_path, file.sha1)]
    assert found.items_missing == 1
    with pytest.raises(Invalid, match="of an export"):
        await checked(done.ada, content)
    with pytest.raises(StateConflict):
        await agent.origin(transfer_id, SCOPE)


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
