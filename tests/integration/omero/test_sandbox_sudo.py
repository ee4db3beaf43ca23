"""Who may become whom on the sandbox, and how far: as OMERO's Java server has it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

import omero as omero_py

from tests.support.omero_fixtures import omero, sandbox
from tests.support.omero_sandbox_env import gateway
from transferapp.repositories.omero.repository import OmeroRepository
from transferapp.sandbox.omero_sandbox.fixture import ROOT_PASSWORD, RunningSandbox
from transferapp.testing.repository_env import ALICE, BOB, LAB, PASSWORD, PRIVATE

__all__ = ["omero", "sandbox"]


@contextmanager
def become(sandbox: RunningSandbox, asker: str, name: str, group: str) -> Iterator[Any]:
    """Join a session of ``name`` that ``asker`` has made; yields its IAdmin."""
    password = ROOT_PASSWORD if asker == "root" else PASSWORD
    with gateway(sandbox, asker, password=password) as connection:
        principal = omero_py.sys.Principal(name, group, "Test", None)
        sessions = connection.c.sf.getSessionService()
        made = sessions.createSessionWithTimeouts(principal, 0, 5_000)
        client = omero_py.client(sandbox.url())
        try:
            yield client.joinSession(made.uuid.val).getAdminService()
        finally:
            client.closeSession()


def group_id(sandbox: RunningSandbox, name: str) -> str:
    with gateway(sandbox, "root", password=ROOT_PASSWORD) as root:
        return str(root.c.sf.getAdminService().lookupGroup(name).id.val)


def add_admin(sandbox: RunningSandbox, name: str, *privileges: str) -> None:
    """Make an administrator who may do only this; in the group lab, too."""
    sandbox.control("add_user", name=name, password=PASSWORD, groups=["lab", "system"])
    with gateway(sandbox, "root", password=ROOT_PASSWORD) as root:
        admin = root.c.sf.getAdminService()
        held = []
        for privilege in privileges:
            one = omero_py.model.AdminPrivilegeI()
            one.value = omero_py.rtypes.rstring(privilege)
            held.append(one)
        admin.setAdminPrivileges(admin.lookupExperimenter(name), held)


def test_a_leader_becomes_a_member_in_the_groups_that_she_leads_only(
    sandbox: RunningSandbox,
) -> None:
    with become(sandbox, ALICE, BOB, LAB) as admin:
        context = admin.getEventContext()
        assert (context.userName, context.sudoerName.val) == (BOB, ALICE)
        admin.getEventContext({"omero.group": group_id(sandbox, LAB)})
        sandbox.control("join_group", name=BOB, group=PRIVATE)
        try:
            with pytest.raises(omero_py.SecurityViolation):
                admin.getEventContext({"omero.group": group_id(sandbox, PRIVATE)})
        finally:
            sandbox.control("leave_group", name=BOB, group=PRIVATE)


def test_without_a_group_the_default_one_of_the_other_counts(sandbox: RunningSandbox) -> None:
    with become(sandbox, ALICE, BOB, "") as admin:
        assert admin.getEventContext().groupName == LAB
    sandbox.control("add_user", name="dora", password=PASSWORD, groups=["private", "lab"])
    with pytest.raises(omero_py.SecurityViolation), become(sandbox, ALICE, "dora", ""):
        pass


def test_an_administrator_without_sudo_is_as_anybody(sandbox: RunningSandbox) -> None:
    add_admin(sandbox, "keeper", "Chown", "WriteOwned")
    with pytest.raises(omero_py.SecurityViolation), become(sandbox, "keeper", BOB, LAB):
        pass
    add_admin(sandbox, "helper", "Sudo")
    with become(sandbox, "helper", BOB, LAB) as admin:
        assert admin.getEventContext().sudoerName.val == "helper"


async def test_the_adapter_states_who_may_act_for_others(
    sandbox: RunningSandbox, omero: OmeroRepository
) -> None:
    add_admin(sandbox, "chowner", "Chown")
    add_admin(sandbox, "sudoer", "Sudo")
    may = {
        name: (await omero.identity(name)).may_sudo
        for name in ("root", "sudoer", "chowner", ALICE, BOB)
    }
    assert may == {"root": True, "sudoer": True, "chowner": False, ALICE: False, BOB: False}


async def test_the_adapter_states_who_leads_which_groups(
    sandbox: RunningSandbox, omero: OmeroRepository
) -> None:
    """Of all whom it is asked for, as the importer sees them."""
    sandbox.control("add_user", name="carl", password=PASSWORD, groups=["lab", "private"])
    assert (await omero.identity("carl")).leads == frozenset()
    with gateway(sandbox, "root", password=ROOT_PASSWORD) as root:
        admin = root.c.sf.getAdminService()
        lab = admin.lookupGroup(LAB)
        admin.setGroupOwner(lab, admin.lookupExperimenter("carl"))
    assert (await omero.identity("carl")).leads == {lab.id.val}
