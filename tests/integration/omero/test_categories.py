"""What Glacier2 lets a client call: servants of its own session, and nobody else's."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

import Ice
import omero

from tests.support.omero_sandbox_env import (
    fileset_of,
    gateway,
    import_fake,
    managed_repository,
    reserve,
    settings,
    upload,
    wait_for,
)
from transferapp.sandbox.omero_sandbox.fixture import PASSWORD, RunningSandbox


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[RunningSandbox]:
    with RunningSandbox(tmp_path / "omero", ("tcp", "ssl", "wss")) as running:
        yield running
        assert running.control("offences")["offences"] == []


def moved(proxy: Any, conn: Any) -> Any:
    """Return a proxy of the same servant for another client."""
    text = conn.c.ic.proxyToString(conn.c.sf)
    base = conn.c.ic.stringToProxy(text)
    return type(proxy).uncheckedCast(base.ice_identity(proxy.ice_getIdentity()))


@contextmanager
def client_of(
    sandbox: RunningSandbox, session: str = "", *, detached: bool = False
) -> Iterator[Any]:
    """Sign in, or join a session; leave it as a client does, while BlitzGateway ends it."""
    client = omero.client(sandbox.url())
    if session:
        client.joinSession(session)
    else:
        client.createSession("alice", PASSWORD)
    if detached:
        client.getSession().detachOnDestroy()
    try:
        yield client
    finally:
        client.closeSession()


def begun(client: Any, paths: list[str]) -> Any:
    repository = client.getManagedRepository()
    group = client.getSession().getAdminService().getEventContext().groupId
    context = client.getContext(group=group)
    return repository.importFileset(fileset_of(paths), settings(), context)


def in_client(proxy: Any, client: Any) -> Any:
    base = client.getSession().ice_identity(proxy.ice_getIdentity())
    return type(proxy).uncheckedCast(base)


@pytest.mark.parametrize("transport", ["tcp", "ssl", "wss"])
def test_nothing_of_another_session_answers(sandbox: RunningSandbox, transport: str) -> None:
    with gateway(sandbox, transport=transport) as mine:
        process = reserve(mine, ["/a/b.fake"])
        handle = process.verifyUpload(upload(process, [b""]))
        assert isinstance(wait_for(handle), omero.grid.ImportResponse)
        uploader = mine.c.sf.createRawFileStore()
        with gateway(sandbox, transport=transport) as other:
            query = other.c.sf.getQueryService()
            for proxy in (process, handle, uploader, mine.c.sf.getQueryService(), mine.c.sf):
                foreign = moved(proxy, other)
                with pytest.raises(Ice.ObjectNotExistException):
                    foreign.ice_ping()
                with pytest.raises(Ice.ObjectNotExistException):
                    foreign.ice_isA("::Ice::Object")
            with pytest.raises(Ice.ObjectNotExistException):
                moved(process, other).getHandle()
            query.ice_ping()
            # No identity of his own says the other's category.
            query.projection("select i.id from Image i", None)


def test_a_client_of_the_same_session_reaches_its_imports(sandbox: RunningSandbox) -> None:
    with gateway(sandbox) as mine:
        process = reserve(mine, ["/a/b.fake"])
        hashes = upload(process, [b""])
        with client_of(sandbox, mine.c.getSessionId(), detached=True) as client:
            handle = in_client(process, client).verifyUpload(hashes)
            assert isinstance(wait_for(handle), omero.grid.ImportResponse)
            with pytest.raises(Ice.ObjectNotExistException):
                # The service factory is the client's own.
                in_client(mine.c.sf, client).getQueryService()


def test_the_repository_is_let_through_when_it_was_asked_for(sandbox: RunningSandbox) -> None:
    with gateway(sandbox) as mine, gateway(sandbox, "bob") as other:
        shared = managed_repository(mine)
        foreign = moved(shared, other)
        with pytest.raises(Ice.ObjectNotExistException):
            foreign.root()
        own = managed_repository(other)
        assert own.ice_getIdentity() == shared.ice_getIdentity()
        foreign.root()
        with pytest.raises(omero.RemovedSessionException):
            foreign.ice_context({"omero.session.uuid": "unknown"}).root()


def test_list_imports_lists_nothing(sandbox: RunningSandbox) -> None:
    with gateway(sandbox) as mine:
        reserve(mine, ["/a/b.fake"])
        assert managed_repository(mine).listImports() == []


def test_new_uploaders_need_the_client_that_began(sandbox: RunningSandbox) -> None:
    with client_of(sandbox, detached=True) as first:
        session = first.getSessionId()
        process = begun(first, ["/a/b.fake", "/a/c.fake"])
        process.getUploader(0).write(b"", 0, 0)
        identity = process.ice_getIdentity()
    with client_of(sandbox, session) as client:
        base = client.getSession().ice_identity(identity)
        again = omero.grid.ImportProcessPrx.uncheckedCast(base)
        again.getUploader(0).write(b"abc", 0, 3)
        with pytest.raises(omero.InternalException, match="No ServantHolder"):
            again.getUploader(1)


def test_a_running_import_holds_its_session(sandbox: RunningSandbox) -> None:
    """It has joined the session itself; the last one that leaves ends it."""
    with client_of(sandbox) as first:
        sandbox.control("hold", place="import step 2")
        process = begun(first, ["/a/b.fake"])
        process.verifyUpload(upload(process, [b""]))
        assert sandbox.control("held", seconds=10)["held"]
    assert sandbox.control("sessions")["users"] == ["alice"]
    sandbox.control("advance", hours=1)
    assert sandbox.control("sessions")["users"] == ["alice"]
    sandbox.control("let_go")
    until_over(sandbox)
    assert sandbox.control("status")["counts"]["Image"] == 1
    assert sandbox.control("sessions")["users"] == []


def until_over(sandbox: RunningSandbox) -> None:
    end = time.monotonic() + 10
    while sandbox.control("status")["imports"]:
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_long_step_cannot_be_cancelled(sandbox: RunningSandbox) -> None:
    sandbox.control("cancel_timeout", seconds=0.2)
    with gateway(sandbox) as conn:
        sandbox.control("hold", place="import step 2")
        process = reserve(conn, ["/a/b.fake"])
        handle = process.verifyUpload(upload(process, [b""]))
        assert sandbox.control("held", seconds=10)["held"]
        with pytest.raises(omero.LockTimeout):
            handle.cancel()
        assert handle.getResponse() is None
        sandbox.control("let_go")
        assert isinstance(wait_for(handle), omero.grid.ImportResponse)


def test_events_tell_session_and_node(sandbox: RunningSandbox) -> None:
    asked = (
        "select f.details.creationEvent.session.closed,"
        " f.details.creationEvent.session.node.down from Fileset f"
    )
    with gateway(sandbox) as conn:
        import_fake(conn, "b.fake")
        ((closed, down),) = conn.getQueryService().projection(asked, None)
        assert (closed, down) == (None, None)
    sandbox.restart()
    with gateway(sandbox) as conn:
        ((closed, down),) = conn.getQueryService().projection(asked, None)
        assert closed is not None
        assert down is not None


def test_deleting_under_a_living_import_is_an_offence(tmp_path: Path) -> None:
    with RunningSandbox(tmp_path / "omero", ("tcp",)) as running, gateway(running) as conn:
        running.control("busy_queue", on=True)
        process = reserve(conn, ["/a/b.fake"])
        process.verifyUpload(upload(process, [b""]))
        ((fileset,),) = conn.getQueryService().projection("select f.id from Fileset f", None)
        request = omero.cmd.Delete2(targetObjects={"Fileset": [fileset.val]})
        wait_for(conn.c.sf.submit(request))
        (offence,) = running.control("offences")["offences"]
        assert str(fileset.val) in offence
        running.control("busy_queue", on=False)
