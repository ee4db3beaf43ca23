"""The sandbox breaks as asked, and keeps over a kill what a real server keeps."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from transferapp.sandbox.omero_sandbox.fixture import RunningSandbox

Ice = pytest.importorskip("Ice")
omero = pytest.importorskip("omero")

from tests.support.omero_sandbox_env import (  # noqa: E402
    gateway,
    import_fake,
    make_dataset,
    reserve,
    unloaded,
    upload,
    wait_for,
)


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[RunningSandbox]:
    with RunningSandbox(tmp_path / "omero", transports=("tcp",)) as running:
        yield running


@pytest.fixture
def conn(sandbox: RunningSandbox) -> Iterator[Any]:
    with gateway(sandbox) as made:
        yield made


def test_frozen_server_times_out_and_thaws(sandbox: RunningSandbox, conn: Any) -> None:
    config = conn.c.sf.getConfigService()
    impatient = omero.api.IConfigPrx.uncheckedCast(config.ice_invocationTimeout(300))
    sandbox.control("freeze")
    with pytest.raises(Ice.InvocationTimeoutException):
        impatient.getDatabaseTime()
    with pytest.raises(Ice.InvocationTimeoutException):
        impatient.ice_ping()
    sandbox.control("thaw")
    assert config.getDatabaseTime().val > 0


def test_busy_queue_keeps_steps_at_zero(sandbox: RunningSandbox, conn: Any) -> None:
    sandbox.control("busy_queue", on=True)
    process = reserve(conn, ["/a/b.fake"])
    handle = process.verifyUpload(upload(process, [b""]))
    time.sleep(0.2)
    assert handle.getStatus().steps == 0
    assert handle.getResponse() is None
    sandbox.control("busy_queue", on=False)
    assert isinstance(wait_for(handle), omero.grid.ImportResponse)
    status = handle.getStatus()
    assert (status.currentStep, status.steps) == (4, 5)


def test_slow_steps_move_and_the_log_grows(sandbox: RunningSandbox, conn: Any) -> None:
    sandbox.control("slow_step", seconds=0.15)
    process = reserve(conn, ["/a/b.fake"])
    handle = process.verifyUpload(upload(process, [b""]))
    sizes, steps = [], []
    while handle.getResponse() is None:
        steps.append(handle.getStatus().currentStep)
        sizes.append(_log_size(conn))
        time.sleep(0.05)
    assert len(set(steps)) > 2
    assert steps == sorted(steps)
    assert sizes == sorted(sizes)
    assert sizes[-1] > sizes[0]


def _log_size(conn: Any) -> int:
    query = "select f.size from OriginalFile f where f.mimetype = :kind"
    parameters = omero.sys.ParametersI().addString("kind", "application/omero-log-file")
    found = conn.getQueryService().projection(query, parameters)
    return sum(row[0].val for row in found)


def test_failing_step_leaves_a_fileset_without_images(
    sandbox: RunningSandbox, conn: Any
) -> None:
    sandbox.control("fail_step", step=1)
    response = import_fake(conn, "b.fake")
    assert isinstance(response, omero.cmd.ERR)
    assert sandbox.control("status")["counts"]["Fileset"] == 1
    assert sandbox.control("status")["counts"]["Image"] == 0


def test_unknown_format_fails_in_plain_text(conn: Any) -> None:
    process = reserve(conn, ["/a/notes.docx"])
    response = wait_for(process.verifyUpload(upload(process, [b"PK"])))
    assert isinstance(response, omero.cmd.ERR)
    assert "No reader knows the format" in response.parameters["message"]


def test_full_disk(sandbox: RunningSandbox, conn: Any) -> None:
    process = reserve(conn, ["/a/b.fake"])
    store = process.getUploader(0)
    sandbox.control("disk_full", on=True)
    with pytest.raises(omero.ResourceError, match="No space left"):
        store.write(b"abc", 0, 3)
    sandbox.control("disk_full", on=False)
    store.write(b"abc", 0, 3)
    assert process.getUploadOffset(0) == 3
    store.close()
    # OMERO forgets the offset with the uploader.
    assert process.getUploadOffset(0) == 0


def test_wrong_checksum_is_reported_by_file(sandbox: RunningSandbox, conn: Any) -> None:
    sandbox.control("wrong_checksum", count=1)
    process = reserve(conn, ["/a/b.fake"])
    hashes = upload(process, [b"abc"])
    with pytest.raises(omero.ChecksumValidationException) as caught:
        process.verifyUpload(hashes)
    assert list(caught.value.failingChecksums) == [0]
    assert isinstance(wait_for(process.verifyUpload(upload(process, [b"abcd"]))),
                      omero.grid.ImportResponse)  # fmt: skip


def test_dropped_connections_end_the_session(sandbox: RunningSandbox, conn: Any) -> None:
    config = conn.c.sf.getConfigService()
    assert sandbox.control("drop_connections")["dropped"] == 1
    with pytest.raises((Ice.ConnectionLostException, Ice.ObjectNotExistException,
                        Ice.ConnectFailedException)):  # fmt: skip
        config.getDatabaseTime()
    # BlitzGateway detaches: the session itself lives on and can be joined.
    assert sandbox.control("sessions")["users"] == ["alice"]


def _wait_until(holds: Any) -> None:
    deadline = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_client_that_leaves_cancels_its_waiting_import(sandbox: RunningSandbox) -> None:
    sandbox.control("busy_queue", on=True)
    with gateway(sandbox) as conn:
        process = reserve(conn, ["/a/b.fake"])
        process.verifyUpload(upload(process, [b""]))
    sandbox.control("busy_queue", on=False)
    _wait_until(lambda: sandbox.control("status")["imports"] == 0)
    assert sandbox.control("status")["counts"]["Image"] == 0


def test_restart_keeps_everything_but_sessions(sandbox: RunningSandbox) -> None:
    sandbox.control("add_user", name="carol", password="pw", groups=["lab"])
    with gateway(sandbox) as conn:
        dataset = unloaded(make_dataset(conn, "kept"))
        image = import_fake(conn, "cells&sizeX=50&sizeY=40.fake", dataset).objects[0].id.val
        port = sandbox.port()
        sandbox.restart()
        assert sandbox.port() == port
        assert sandbox.control("sessions")["users"] == []
        with pytest.raises(Ice.Exception):
            conn.c.sf.getConfigService()
    with gateway(sandbox, "carol", password="pw") as conn:
        found = conn.getObject("Dataset", dataset.id.val)
        assert found.getName() == "kept"
        assert [i.getId() for i in found.listChildren()] == [image]
        kept = conn.getObject("Image", image)
        query = "select e.clientPath from FilesetEntry e join e.fileset f join f.images i"
        ((path,),) = conn.getQueryService().projection(query, None)
        assert path.val == "data/cells&sizeX=50&sizeY=40.fake"
        assert kept.getPrimaryPixels().getPlane(0, 0, 0).shape == (40, 50)
        assert make_dataset(conn, "next").id.val > dataset.id.val


def test_idle_sessions_expire(sandbox: RunningSandbox, conn: Any) -> None:
    config = conn.c.sf.getConfigService()
    sandbox.control("advance", hours=9 / 60)
    config.getDatabaseTime()
    sandbox.control("advance", hours=9 / 60)
    config.getDatabaseTime()
    sandbox.control("advance", hours=11 / 60)
    with pytest.raises((omero.ServerError, Ice.ObjectNotExistException)):
        config.getDatabaseTime()
    with gateway(sandbox) as again:
        assert again.getEventContext().userName == "alice"


def test_time_to_live_ends_even_a_busy_session(sandbox: RunningSandbox, conn: Any) -> None:
    made = conn.c.sf.getSessionService().createUserSession(3_600_000, 3_600_000, "lab")
    client = omero.client(sandbox.url())
    factory = client.joinSession(made.uuid.val)
    sandbox.control("advance", hours=9 / 60)
    factory.getConfigService().getDatabaseTime()
    sandbox.control("advance", hours=55 / 60)
    with pytest.raises((omero.ServerError, Ice.ObjectNotExistException)):
        factory.getConfigService().getDatabaseTime()
    client.closeSession()
