"""POST /v1/duplicates on a real server, and the note on an import of known bytes."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.support.import_house import OWNER, ImportHouse
from tests.support.rest_server import (
    RestServer,
    new_dataset,
    server,
)
from tests.support.rest_uploads import bearer, problem_of
from transferapp.client.duplicates import held_already, hint
from transferapp.client.grouping import group
from transferapp.client.scanning import scan
from transferapp.host.clock import SystemClock
from transferapp.host.resources import resource
from transferapp.model.containers import ContainerRef
from transferapp.model.transfers import ItemState, TransferDetails
from transferapp.operations.import_fileset import import_fileset_kind
from transferapp.operations.imports import import_task
from transferapp.protocol.messages import AskedFile, AskedItem
from transferapp.taskqueue.port import TaskState
from transferapp.testing.memory_queue import MemoryTaskQueue, MemoryTaskWorker
from transferapp.testing.queue_journal import reach
from transferapp.testing.repository_world import Sample, import_all, plan_for

__all__ = ["server"]

CELLS = resource("sample-data", "tiff-channels-cells")
NAME = "tiff-channels-cells/cells_D03f00d1.tif"


async def import_one(server: RestServer, username: str, target: ContainerRef) -> None:
    """Import one of the three files, as somebody did last week."""
    async with server.parts.repository.session(username) as session:
        group_id = session.identity.default_group_id
        plan = plan_for(Sample(CELLS.parent, (NAME,), 1), target, group_id)
        await import_all(session, plan, [CELLS.parent / NAME])


async def test_the_hint_counts_what_was_dropped_again(server: RestServer) -> None:
    client = await server.signed_in()
    dataset = await new_dataset(client)
    candidates = group(scan([CELLS]))
    assert hint(await held_already(client, candidates)) == ""
    await import_one(server, "ada", dataset.ref)
    found = await held_already(client, candidates)
    held = [c.name for c, one in zip(candidates, found, strict=True) if one.same_paths]
    assert held == [Path(NAME).name]
    assert hint(found).startswith("1 of these 3 filesets is in the repository already")
    assert f"'{dataset.name}'" in hint(found)


async def test_sha1_makes_it_sure(server: RestServer) -> None:
    client = await server.signed_in()
    await import_one(server, "ada", (await new_dataset(client)).ref)
    [image] = (await client.images()).items
    [file] = (await client.image(image.id)).files
    asked = AskedFile(client_path="renamed.tif", size_bytes=file.size_bytes, sha1=file.hash)
    [found] = await client.duplicates([AskedItem(files=[asked])])
    assert [one.image_ids for one in found.same_bytes] == [(image.id,)]
    assert found.same_paths == ()


async def test_private_data_of_others_stays_unknown(server: RestServer) -> None:
    client = await server.signed_in("ada")
    await import_one(server, "ada", (await new_dataset(client)).ref)
    bob = await server.signed_in("bob")
    found = await held_already(bob, group(scan([CELLS])))
    assert hint(found) == ""


async def test_needs_a_session_and_a_modest_question(server: RestServer) -> None:
    client = await server.signed_in()
    file: dict[str, object] = {"client_path": "a", "size_bytes": 1}
    wrong: list[list[dict[str, object]]]
    wrong = [[{"files": [file]}] * 501, [{"files": [file] * 21}], [{"files": []}]]
    async with httpx.AsyncClient(base_url=server.url) as http:
        refused = await http.post("/v1/duplicates", json={"items": []})
        assert refused.status_code == httpx.codes.UNAUTHORIZED
        token = bearer(client.token or "")
        for items in wrong:
            answer = await http.post("/v1/duplicates", json={"items": items}, headers=token)
            assert problem_of(answer)["code"] == "invalid"


@pytest.mark.parametrize("again", [True, False])
async def test_an_import_of_known_bytes_goes_on_and_says_so(
    tmp_path: Path, *, again: bool
) -> None:
    house = ImportHouse(tmp_path)
    await house.open()
    queue = MemoryTaskQueue()
    kind = import_fileset_kind(house.ledger, house.staging, house.repository, SystemClock())
    worker = MemoryTaskWorker(queue, [kind])
    await worker.start()
    copy = tmp_path / "another-name.tif"
    copy.write_bytes((CELLS.parent / NAME).read_bytes())
    other = min(path for path in CELLS.iterdir() if path.name != Path(NAME).name)

    async def imported(path: Path) -> TransferDetails:
        details = await house.add_import([path])
        task = import_task(details.transfer.id, details.items[0].id, OWNER)
        await queue.enqueue(task)
        await reach(queue, details.items[0].id, TaskState.DONE)
        return await house.ledger.details(details.transfer.id)

    try:
        [first] = (await imported(CELLS.parent / NAME)).items
        [second] = (await imported(copy if again else other)).items
    finally:
        await worker.stop()
        await house.close()
    assert (first.state, first.note) == (ItemState.IMPORTED, "")
    assert (second.state, second.verified) == (ItemState.IMPORTED, True)
    told = f"The same bytes were already in Image:{first.image_ids[0]} (Monday)."
    assert second.note == (told if again else "")
