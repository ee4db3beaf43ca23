"""What the steps of an import leave in the sandbox, as in OMERO: images before their pixels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from transferapp.sandbox.omero_sandbox.fixture import RunningSandbox

omero = pytest.importorskip("omero")

from tests.support.omero_sandbox_env import (  # noqa: E402
    gateway,
    import_fake,
    import_files,
    make_dataset,
    reserve,
    unloaded,
    upload,
    wait_for,
)
from tests.support.omero_worker_env import noise  # noqa: E402

FAKE = "cells&sizeX=8&sizeY=8.fake"


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[RunningSandbox]:
    with RunningSandbox(tmp_path / "omero", transports=("tcp",)) as running:
        yield running


@pytest.fixture
def conn(sandbox: RunningSandbox) -> Iterator[Any]:
    with gateway(sandbox) as made:
        yield made


def values(conn: Any, query: str) -> list[Any]:
    """Return the first column of a query."""
    return [
        omero.rtypes.unwrap(row[0]) for row in conn.getQueryService().projection(query, None)
    ]


def assert_half_made(conn: Any) -> int:
    """There is an image in its dataset that nobody can look at; returns its pixels' id."""
    [pixels_id] = values(conn, "select p.id from Pixels p")
    assert len(values(conn, "select l.child.id from DatasetImageLink l")) == 1
    assert len(values(conn, "select i.fileset.id from Image i")) == 1
    engine = conn.c.sf.createRenderingEngine()
    with pytest.raises(omero.LockTimeout, match=r"Import in progress\.") as caught:
        engine.lookupPixels(pixels_id)
    assert caught.value.backOff == 15_000
    engine.close()
    return int(pixels_id)


def test_pixels_can_be_read_only_after_the_second_step(
    sandbox: RunningSandbox, conn: Any
) -> None:
    process = reserve(conn, [f"/a/{FAKE}"], unloaded(make_dataset(conn)))
    sandbox.control("hold", place="import step 2")
    handle = process.verifyUpload(upload(process, [b""]))
    assert sandbox.control("held", seconds=10)["held"]
    pixels_id = assert_half_made(conn)
    sandbox.control("let_go")
    assert isinstance(wait_for(handle), omero.grid.ImportResponse)
    store = conn.c.sf.createRawPixelsStore()
    store.setPixelsId(pixels_id, False)
    assert any(store.getTile(0, 0, 0, 0, 0, 8, 8))


def test_a_failed_second_step_leaves_all_and_for_ever(
    sandbox: RunningSandbox, conn: Any
) -> None:
    sandbox.control("fail_step", step=2)
    response = import_fake(conn, FAKE, unloaded(make_dataset(conn)))
    sandbox.control("fail_step", step=0)
    assert isinstance(response, omero.cmd.ERR)
    assert_half_made(conn)
    sandbox.restart()
    with gateway(sandbox) as again:
        assert_half_made(again)


def test_missing_pixels_are_found_in_the_second_step(conn: Any, tmp_path: Path) -> None:
    """The header is whole, so there are images; the pixels behind it are not."""
    damaged, whole = tmp_path / "half.tif", noise(1)
    damaged.write_bytes(whole[: len(whole) * 2 // 3])
    response = import_files(conn, [damaged], unloaded(make_dataset(conn)))
    assert isinstance(response, omero.cmd.ERR)
    assert_half_made(conn)


def test_who_opens_pixels_too_early_to_read_them_makes_them_black_for_ever(
    sandbox: RunningSandbox, conn: Any
) -> None:
    """The server opens a RawPixelsStore for writing: there is a file of zeros from then on."""
    process = reserve(conn, [f"/a/{FAKE}"], unloaded(make_dataset(conn)))
    sandbox.control("hold", place="import step 2")
    handle = process.verifyUpload(upload(process, [b""]))
    assert sandbox.control("held", seconds=10)["held"]
    [pixels_id] = values(conn, "select p.id from Pixels p")
    early = conn.c.sf.createRawPixelsStore()
    early.setPixelsId(pixels_id, False)
    assert not any(early.getTile(0, 0, 0, 0, 0, 8, 8))
    early.close()
    sandbox.control("let_go")
    assert isinstance(wait_for(handle), omero.grid.ImportResponse)
    late = conn.c.sf.createRawPixelsStore()
    late.setPixelsId(pixels_id, False)
    assert not any(late.getTile(0, 0, 0, 0, 0, 8, 8))


def test_the_database_hears_of_the_log_at_the_end_of_a_step(
    sandbox: RunningSandbox, conn: Any
) -> None:
    process = reserve(conn, [f"/a/{FAKE}"])
    sandbox.control("slow_step", seconds=0.6, log_every=0.1)
    sandbox.control("hold", place="import step 1")
    handle = process.verifyUpload(upload(process, [b""]))
    assert sandbox.control("held", seconds=10)["held"]
    [log_id] = values(
        conn, "select o.id from OriginalFile o where o.mimetype = 'application/omero-log-file'"
    )
    size = f"select o.size from OriginalFile o where o.id = {log_id}"  # noqa: S608
    store = conn.c.sf.createRawFileStore()
    store.setFileId(log_id)
    stated, on_disk = values(conn, size), store.size()
    sandbox.control("let_go")
    grown = on_disk
    while handle.getStatus().currentStep == 0:
        grown, after = store.size(), values(conn, size)
        if handle.getStatus().currentStep == 0:
            assert after == stated
    assert grown > on_disk
    assert isinstance(wait_for(handle), omero.grid.ImportResponse)
    assert values(conn, size)[0] > stated[0]


def test_jobs_are_submitted_and_only_the_upload_is_ever_finished(conn: Any) -> None:
    import_fake(conn, FAKE)
    found = conn.getQueryService().findAllByQuery(
        "select j from Job j join fetch j.status order by j.id", None
    )
    states = {type(job).__name__: job.status.value.val for job in found}
    assert states == {
        "UploadJobI": "Finished",
        "MetadataImportJobI": "Submitted",
        "PixelDataJobI": "Submitted",
        "ThumbnailGenerationJobI": "Submitted",
        "IndexingJobI": "Submitted",
    }
    assert {job.username.val for job in found} == {"alice"}
