"""POST /v1/duplicates on a real server, and the note on an import of known bytes."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import httpx
import numpy as np
import pytest
import tifffile

from tests.support.import_env import OWNER, ImportEnv
from tests.support.ome_zarrs import write_image
from tests.support.rest_server import (
    RestServer,
    new_dataset,
    server,
)
from tests.support.rest_uploads import bearer, problem_of
from transferapp.client.duplicate_texts import hint
from transferapp.client.duplicates import Comparing, Duplicates
from transferapp.client.server import ServerClient
from transferapp.host.clock import SystemClock
from transferapp.host.resources import resource
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.grouping import group
from transferapp.intake.scanning import scan
from transferapp.model.containers import ContainerRef
from transferapp.model.duplicates import Likeness
from transferapp.model.filesets import Fileset
from transferapp.model.transfers import ItemState, TransferDetails
from transferapp.operations.import_fileset import import_fileset_kind
from transferapp.operations.imports import import_task
from transferapp.protocol.duplicates import AskedFile, AskedItem
from transferapp.taskqueue.port import TaskState
from transferapp.testing.memory_queue import MemoryTaskQueue, MemoryTaskWorker
from transferapp.testing.queue_journal import reach
from transferapp.testing.repository_env import Sample, import_all, plan_for

__all__ = ["server"]

CELLS = resource("sample-data", "tiff-channels-cells")
NAME = "tiff-channels-cells/cells_D03f00d1.tif"


async def import_one(server: RestServer, username: str, target: ContainerRef) -> None:
    """Import one of the three files, as somebody did last week."""
    async with server.parts.repository.session(username) as session:
        group_id = session.identity.default_group_id
        plan = plan_for(Sample(CELLS.parent, (NAME,), 1), target, group_id)
        await import_all(session, plan, [CELLS.parent / NAME])


async def scanned(
    client: ServerClient, candidates: Sequence[FilesetCandidate]
) -> list[Duplicates | None]:
    """Compare what was dropped with what is there."""
    return await Comparing(client).check(candidates, threading.Event())


async def import_files(
    server: RestServer, folder: Path, *names: str, username: str = "ada"
) -> Fileset:
    """Import files as one fileset without a dataset."""
    async with server.parts.repository.session(username) as session:
        plan = plan_for(Sample(folder, names, 1), None, session.identity.default_group_id)
        return await import_all(session, plan, [folder / name for name in names])


def tiff(path: Path, **changed: int) -> Path:
    """Write 6 MiB of noise of one seed; ``row_7=9`` changes one row of pixels."""
    pixels = np.random.default_rng(3).integers(0, 4096, (1536, 2048), dtype=np.uint16)
    for row, value in changed.items():
        pixels[int(row.removeprefix("row_"))] = value
    path.parent.mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(path, pixels)
    return path


async def test_the_hint_counts_what_was_dropped_again(server: RestServer) -> None:
    client = await server.signed_in()
    dataset = await new_dataset(client)
    candidates = group(scan([CELLS]))
    assert hint(await scanned(client, candidates)) == ""
    await import_one(server, "ada", dataset.ref)
    found = await scanned(client, candidates)
    duplicate = [
        c.name for c, one in zip(candidates, found, strict=True) if one and one.is_sure
    ]
    assert duplicate == [Path(NAME).name]
    assert hint(found) == (
        f"1 of these 3 filesets is in the repository already, byte for byte ('{dataset.name}')."
    )


async def test_the_same_path_and_size_of_two_days_is_no_copy(
    server: RestServer, tmp_path: Path
) -> None:
    """Each run of a microscope writes Pos0/img_0.tif; a row differs, wherever it is."""
    client = await server.signed_in()
    monday = tiff(tmp_path / "monday" / "Pos0" / "img_0.tif")
    await import_files(server, monday.parents[1], "Pos0/img_0.tif")
    days: dict[str, dict[str, int]] = {"first": {"row_0": 7}, "last": {"row_1535": 7}}
    days |= {"same": {}, "middle": {"row_700": 7}}
    likeness = {}
    for day, changed in days.items():
        tuesday = tiff(tmp_path / day / "Pos0" / "img_0.tif", **changed)
        assert tuesday.stat().st_size == monday.stat().st_size
        [one] = await scanned(client, group(scan([tuesday.parent])))
        likeness[day] = one.likeness if one else None
    assert likeness == {
        "first": None,
        "last": None,
        "same": Likeness.ENDS,
        "middle": Likeness.ENDS,
    }
    for day in ("same", "middle"):
        [candidate] = group(scan([tmp_path / day / "Pos0"]))
        duplicates = await Comparing(client).completely(candidate, threading.Event())
        assert bool(duplicates and duplicates.is_sure) == (day == "same")


async def test_a_corrected_mask_is_no_copy(server: RestServer, tmp_path: Path) -> None:
    """Its chunks are the held ones: exchanged, or without the one that was erased."""
    client, mask = await server.signed_in(), np.repeat([[1, 2]], 8, 0).repeat(8, 1)
    days = {"held": mask, "exchanged": mask[:, ::-1], "erased": np.where(mask == 1, 0, mask)}
    for day, pixels in days.items():
        write_image(tmp_path / day / "m.ome.zarr", pixels.astype("u1"), "yx", chunks=(8, 8))
    candidates = group(scan([tmp_path / day / "m.ome.zarr" for day in days]))
    held = [file.client_path for file in candidates[0].files]
    await import_files(server, tmp_path / "held", *held)
    found = await scanned(client, candidates)
    assert [bool(one and one.is_sure) for one in found] == [True, False, False]
    for one, expected in zip(candidates, (True, False, False), strict=True):
        assert bool(await Comparing(client).completely(one, threading.Event())) is expected


async def test_ends_of_private_data_are_not_compared(
    server: RestServer, tmp_path: Path
) -> None:
    """Who guesses the content of a file that she may not see is not told that it is there."""
    path = tiff(tmp_path / "Pos0" / "img_0.tif")
    await import_files(server, tmp_path, "Pos0/img_0.tif")
    bob = await server.signed_in("bob")
    candidates = group(scan([path.parent]))
    assert await scanned(bob, candidates) == [None]
    assert await Comparing(bob).completely(candidates[0], threading.Event()) is None
    assert await scanned(await server.signed_in("ada"), candidates) != [None]


async def test_too_many_ends_at_once_are_refused(server: RestServer) -> None:
    client = await server.signed_in()
    file = AskedFile(client_path="a", size_bytes=1, ends="a" * 40)
    items = [AskedItem.model_construct(files=[file] * 20)] * 6
    async with httpx.AsyncClient(base_url=server.url) as http:
        answer = await http.post(
            "/v1/duplicates",
            json={"items": [one.model_dump() for one in items]},
            headers=bearer(client.token or ""),
        )
    assert "at most 100 files" in problem_of(answer)["detail"]


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
    assert hint(await scanned(bob, group(scan([CELLS])))) == ""


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
async def test_an_import_of_known_bytes_goes_on_and_states_so(
    tmp_path: Path, *, again: bool
) -> None:
    env = ImportEnv(tmp_path)
    await env.open()
    queue = MemoryTaskQueue()
    kind = import_fileset_kind(env.ledger, env.staging, env.repository, SystemClock())
    worker = MemoryTaskWorker(queue, [kind])
    await worker.start()
    copy = tmp_path / "another-name.tif"
    copy.write_bytes((CELLS.parent / NAME).read_bytes())
    other = min(path for path in CELLS.iterdir() if path.name != Path(NAME).name)

    async def imported(path: Path) -> TransferDetails:
        details = await env.add_import([path])
        task = import_task(details.transfer.id, details.items[0].id, OWNER)
        await queue.enqueue(task)
        await reach(queue, details.items[0].id, TaskState.DONE)
        return await env.ledger.details(details.transfer.id)

    try:
        [first] = (await imported(CELLS.parent / NAME)).items
        [second] = (await imported(copy if again else other)).items
    finally:
        await worker.stop()
        await env.close()
    assert (first.state, first.note) == (ItemState.IMPORTED, "")
    assert (second.state, second.verified) == (ItemState.IMPORTED, True)
    reported = f"The same bytes were already in Image:{first.image_ids[0]} (Monday)."
    assert second.note == (reported if again else "")
