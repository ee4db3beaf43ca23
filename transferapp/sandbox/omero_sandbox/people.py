"""Experimenters and groups: those of every OMERO, and those a trial needs."""

from __future__ import annotations

from collections.abc import Sequence

import omero

from transferapp.sandbox.omero_sandbox.permissions import (
    SYSTEM_GROUP,
    USER_GROUP,
)
from transferapp.sandbox.omero_sandbox.records import GROUP, PASSWORD, PERMISSIONS, Record
from transferapp.sandbox.omero_sandbox.sessions import hashed, set_privileges
from transferapp.sandbox.omero_sandbox.store import Store

ROOT_PASSWORD = "omero"  # noqa: S105 - what every fresh OMERO has
GUEST_GROUP = 2


class People:
    """Makes and changes experimenters and groups."""

    def __init__(self, store: Store) -> None:
        """Work on a store."""
        self._store = store

    def make_first(self) -> None:
        """Make what every OMERO has, once."""
        if self._store.tables["ExperimenterGroup"]:
            return
        for id_, name, permissions in (
            (SYSTEM_GROUP, "system", "rw----"),
            (USER_GROUP, "user", "rwr-r-"),
            (GUEST_GROUP, "guest", "r-----"),
        ):
            self.add_group(name, permissions, id_)
        self._add("root", 0)
        self.set_password("root", ROOT_PASSWORD)
        self._add("guest", 1)
        self.join("root", "system", "user")
        self.join("guest", "guest")

    def make_trial(self, password: str) -> None:
        """Make the groups and people that tests and the demo use, once."""
        if self._store.first("Experimenter", "omeName", "alice") is not None:
            return
        self.add_group("lab", "rwra--")
        self.add_group("private", "rw----")
        self.add_person("alice", password, ["lab", "private"], leads=["lab"])
        self.add_person("bob", password, ["lab", "private"])
        importer = self.add_person("importer", password, ["system"])
        set_privileges(self._store, importer, frozenset({"Sudo"}))

    def add_group(self, name: str, permissions: str, id_: int | None = None) -> Record:
        """Make a group, with permissions like ``rwra--``."""
        group = self._store.new("ExperimenterGroup", None, id_, name=name, ldap=False)
        self._store.set(group, PERMISSIONS, permissions)
        return group

    def configure(self, name: str, key: str, value: str) -> None:
        """Set or take away a setting of a group."""
        group = self._store.first("ExperimenterGroup", "name", name)
        if group is None:
            raise KeyError(name)
        kept = [one for one in group.values.get("config") or () if one.name != key]
        added = [omero.model.NamedValue(key, value)] if value else []
        self._store.set(group, "config", [*kept, *added])

    def _add(self, name: str, id_: int | None = None) -> Record:
        return self._store.new(
            "Experimenter", None, id_, omeName=name, firstName=name.title(), lastName="Sandbox",
            email="", institution="", ldap=False,
        )  # fmt: skip

    def add_person(
        self, name: str, password: str, groups: Sequence[str], leads: Sequence[str] = ()
    ) -> Record:
        """Make an experimenter, a member of these groups and of ``user``."""
        made = self._add(name)
        self.set_password(name, password)
        self.join(name, *groups, "user", leads=leads)
        return made

    def set_password(self, name: str, password: str) -> None:
        """Set a password."""
        person = self._store.first("Experimenter", "omeName", name)
        if person is not None:
            self._store.set(person, PASSWORD, hashed(password))

    def join(self, name: str, *groups: str, leads: Sequence[str] = ()) -> None:
        """Put a person into groups; those that the person is in already stay as they are."""
        person = self._store.first("Experimenter", "omeName", name)
        links = self._store.related(person, "groupExperimenterMap") if person else []
        held = {link.values["parent"] for link in links}
        for group_name in dict.fromkeys(groups):
            group = self._store.first("ExperimenterGroup", "name", group_name)
            if group in held:
                continue
            self._store.new(
                "GroupExperimenterMap", None, parent=group, child=person,
                owner=group_name in leads,
            )  # fmt: skip

    def leave(self, name: str, group_name: str) -> None:
        """Take a person out of a group; out of ``user`` they cannot sign in any more."""
        person = self._store.first("Experimenter", "omeName", name)
        for link in self._store.related(person, "groupExperimenterMap") if person else ():
            if link.values["parent"].text("name") == group_name:
                self._store.delete(link)


def put_in(store: Store, record: Record, group: int) -> None:
    """Put a record into a group."""
    store.set(record, GROUP, store.find("ExperimenterGroup", group))
