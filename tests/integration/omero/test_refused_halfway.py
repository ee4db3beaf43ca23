"""OMERO looks at its policy on downloads at each read: a refusal comes in the middle."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

import omero as omero_py

from tests.support.omero_fixtures import omero, sandbox
from tests.support.omero_sandbox_env import gateway
from transferapp.errors import NoSuchFile, PermissionDenied
from transferapp.repositories.omero.repository import OmeroRepository
from transferapp.sandbox.omero_sandbox.fixture import ROOT_PASSWORD, RunningSandbox
from transferapp.testing.repository_env import (
    ALICE,
    PASSWORD,
    Sample,
    import_all,
    new_dataset,
    plan_for,
)

__all__ = ["omero", "sandbox"]

POLICY, BY_DEFAULT = "omero.policy.binary_access", "+read,+write,+image"
KEPT_BACK = "RESTRICT-BINARY-ACCESS"
#: Three reads of our adapter.
CONTENT = b"x" * (2 * 1024 * 1024 + 5)


@contextlib.contextmanager
def policy(sandbox: RunningSandbox, value: str) -> Iterator[None]:
    sandbox.control("set", key=POLICY, value=value)
    try:
        yield
    finally:
        sandbox.control("set", key=POLICY, value=BY_DEFAULT)


async def imported(session: Any, folder: Path) -> int:
    """Import a file of some size; return its id in OMERO."""
    path = folder / "big.fake"
    path.write_bytes(CONTENT)
    dataset = await new_dataset(session)
    plan = plan_for(Sample(folder, ("big.fake",), 1), dataset.ref, dataset.group_id)
    made = await import_all(session, plan, [path])
    (file,) = await session.images.files(made.image_ids)
    return int(file.id)


async def test_it_is_a_refusal_and_no_outage(
    sandbox: RunningSandbox, omero: OmeroRepository, tmp_path: Path
) -> None:
    async with omero.session(ALICE) as session:
        file_id = await imported(session, tmp_path)
        sandbox.control("calls")
        pieces = session.images.read(file_id)
        got = [await anext(aiter(pieces))]
        with policy(sandbox, "+read,+write"):
            with pytest.raises(PermissionDenied, match=POLICY) as caught:
                got += [piece async for piece in pieces]
            assert not caught.value.retryable
        assert 0 < len(b"".join(got)) < len(CONTENT)
        calls = sandbox.control("calls")["calls"]
        assert calls["RawFileStore.close"] == 1, "the file is closed"
        assert b"".join([piece async for piece in session.images.read(file_id)]) == CONTENT


@pytest.mark.parametrize(
    ("value", "person", "allowed"),
    [
        ("+read,+write,+image,+plate", "alice", True),
        ("+read,+write,+image,-image", "alice", False),
        ("+read,+image", "root", False),
        ("+write,+image", "alice", True),
        ("+write,+image", "bob", False),
        ("", "alice", False),
    ],
)
async def test_the_sandbox_opens_and_refuses_to_read(
    sandbox: RunningSandbox,
    omero: OmeroRepository,
    tmp_path: Path,
    value: str,
    person: str,
    allowed: bool,
) -> None:
    async with omero.session(ALICE) as session:
        file_id = await imported(session, tmp_path)
    password = ROOT_PASSWORD if person == "root" else PASSWORD
    with gateway(sandbox, person, password=password) as conn, policy(sandbox, value):
        conn.SERVICE_OPTS.setOmeroGroup(-1)
        store = conn.createRawFileStore()
        store.setFileId(file_id, conn.SERVICE_OPTS)
        assert store.size() == len(CONTENT)
        if allowed:
            assert store.read(0, 4) == b"xxxx"
        else:
            with pytest.raises(omero_py.SecurityViolation, match="restricted"):
                store.read(0, 4)


@pytest.mark.parametrize(
    ("settings", "person", "allowed"),
    [
        ((BY_DEFAULT, "-image"), "alice", False),
        ((BY_DEFAULT, "-image"), "root", False),
        ((BY_DEFAULT, "-read"), "alice", True),
        ((BY_DEFAULT, "-read"), "bob", False),
        ((BY_DEFAULT, "-write,+image"), "alice", False),
        # Neither takes back what the other forbids, and each gives what the other leaves open.
        (("+read,+write,-image", "+image"), "alice", False),
        (("+write", "+read,+image"), "bob", True),
        (("", "+read,+write,+image"), "bob", True),
        # Names are taken as they are written.
        ((BY_DEFAULT, "+read, -image"), "alice", True),
    ],
)
async def test_a_group_has_a_policy_of_its_own(
    sandbox: RunningSandbox,
    omero: OmeroRepository,
    tmp_path: Path,
    settings: tuple[str, str],
    person: str,
    allowed: bool,
) -> None:
    of_server, of_group = settings
    async with omero.session(ALICE) as session:
        file_id = await imported(session, tmp_path)
    sandbox.control("set_group", name="lab", key=POLICY, value=of_group)
    password = ROOT_PASSWORD if person == "root" else PASSWORD
    try:
        with gateway(sandbox, person, password=password) as conn, policy(sandbox, of_server):
            conn.SERVICE_OPTS.setOmeroGroup(-1)
            file = conn.getObject("OriginalFile", file_id)
            refused = file.getDetails().getPermissions().isRestricted(KEPT_BACK)
            assert refused == (not allowed), "clients see it beforehand"
            store = conn.createRawFileStore()
            store.setFileId(file_id, conn.SERVICE_OPTS)
            if allowed:
                assert store.read(0, 4) == b"xxxx"
            else:
                with pytest.raises(omero_py.SecurityViolation, match="restricted"):
                    store.read(0, 4)
    finally:
        sandbox.control("set_group", name="lab", key=POLICY, value="")


async def test_a_group_that_keeps_its_files_is_named(
    sandbox: RunningSandbox, omero: OmeroRepository, tmp_path: Path
) -> None:
    async with omero.session(ALICE) as session:
        file_id = await imported(session, tmp_path)
        sandbox.control("set_group", name="lab", key=POLICY, value="-image")
        try:
            with pytest.raises(PermissionDenied, match=POLICY) as caught:
                [piece async for piece in session.images.read(file_id)]
        finally:
            sandbox.control("set_group", name="lab", key=POLICY, value="")
    assert "the group 'lab' has '-image'" in caught.value.message


async def test_a_file_that_cannot_be_opened_is_let_go(
    sandbox: RunningSandbox, omero: OmeroRepository, tmp_path: Path
) -> None:
    async with omero.session(ALICE) as session:
        file_id = await imported(session, tmp_path)
        with pytest.raises(NoSuchFile):
            [piece async for piece in session.images.read(file_id + 1_000_000)]
        for path in sandbox.repository_folder.rglob("big.fake"):
            path.unlink()
        sandbox.control("calls")
        with pytest.raises(Exception, match="OMERO"):
            [piece async for piece in session.images.read(file_id)]
        assert sandbox.control("calls")["calls"]["RawFileStore.close"] == 1
