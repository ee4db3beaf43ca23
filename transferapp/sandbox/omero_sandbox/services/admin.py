"""IAdmin: people, groups and privileges."""

from __future__ import annotations

from typing import Any

import omero
from omero import rtypes

from transferapp.sandbox.omero_sandbox.dispatch import Service
from transferapp.sandbox.omero_sandbox.permissions import EDIT, permissions_of
from transferapp.sandbox.omero_sandbox.records import PERMISSIONS, Record, plain
from transferapp.sandbox.omero_sandbox.sessions import privileges_of, set_privileges

_ROLES = {
    "rootId": 0, "rootName": "root", "systemGroupId": 0, "systemGroupName": "system",
    "userGroupId": 1, "userGroupName": "user", "guestId": 1, "guestName": "guest",
    "guestGroupId": 2, "guestGroupName": "guest",
}  # fmt: skip


class IAdmin(Service):
    """Reading people is for everybody, changing them for administrators."""

    def getEventContext(self) -> Any:
        return self.getCurrentEventContext()

    def getSecurityRoles(self) -> Any:
        made = omero.sys.Roles()
        for name, value in _ROLES.items():
            setattr(made, name, value)
        return made

    # -- reading

    def _whole(self, record: Record) -> Any:
        return self.out(record, "groupExperimenterMap.parent", "groupExperimenterMap.child")

    def _by_name(self, cls: str, field: str, value: str) -> Any:
        record = self.store.first(cls, field, value)
        if record is None:
            text = f"No such {cls}: {value}"
            raise omero.ApiUsageException(None, "omero.ApiUsageException", text)
        return self._whole(record)

    def getExperimenter(self, id_: int) -> Any:
        return self._whole(self.store.load("Experimenter", id_))

    def getGroup(self, id_: int) -> Any:
        return self._whole(self.store.load("ExperimenterGroup", id_))

    def lookupExperimenter(self, name: str) -> Any:
        return self._by_name("Experimenter", "omeName", name)

    def lookupGroup(self, name: str) -> Any:
        return self._by_name("ExperimenterGroup", "name", name)

    def lookupExperimenters(self) -> list[Any]:
        return [self._whole(record) for record in self.store.all("Experimenter")]

    def lookupGroups(self) -> list[Any]:
        return [self._whole(record) for record in self.store.all("ExperimenterGroup")]

    def _maps(self, cls: str, id_: int) -> list[Record]:
        return self.store.related(self.store.load(cls, id_), "groupExperimenterMap")

    def containedGroups(self, id_: int) -> list[Any]:
        return [self._whole(m.values["parent"]) for m in self._maps("Experimenter", id_)]

    def containedExperimenters(self, id_: int) -> list[Any]:
        return [self._whole(m.values["child"]) for m in self._maps("ExperimenterGroup", id_)]

    def getDefaultGroup(self, id_: int) -> Any:
        return self.containedGroups(id_)[0]

    def getMemberOfGroupIds(self, person: Any) -> list[int]:
        return [m.values["parent"].id for m in self._maps("Experimenter", person._id._val)]

    def getLeaderOfGroupIds(self, person: Any) -> list[int]:
        maps = self._maps("Experimenter", person._id._val)
        return [m.values["parent"].id for m in maps if plain(m.values["owner"])]

    def getMyUserPhotos(self) -> list[Any]:
        return []

    def canUpdate(self, given: Any) -> bool:
        cls = type(given).__name__.removesuffix("I")
        record = self.store.load(cls, given._id._val)
        return not permissions_of(record, self.caller)._restrictions[EDIT]

    # -- privileges

    def _text(self, held: frozenset[str]) -> list[Any]:
        found = [self.store.enumeration("AdminPrivilege", name) for name in sorted(held)]
        return [self.out(record) for record in found]

    def getCurrentAdminPrivileges(self) -> list[Any]:
        return self._text(self.caller.privileges)

    def getAdminPrivileges(self, person: Any) -> list[Any]:
        record = self.store.load("Experimenter", person._id._val)
        return self._text(privileges_of(self.store, record))

    def setAdminPrivileges(self, person: Any, privileges: list[Any]) -> None:
        self._need("ModifyUser")
        held = frozenset(p._value._val for p in privileges)
        set_privileges(self.store, self.store.load("Experimenter", person._id._val), held)

    def _need(self, privilege: str) -> None:
        if not self.caller.may(privilege):
            text = f"Only an administrator with the privilege {privilege} may do this"
            raise omero.SecurityViolation(None, "omero.SecurityViolation", text)

    # -- writing

    def createGroup(self, given: Any) -> int:
        self._need("ModifyGroup")
        stated = given._details._permissions if given._details else None
        made = self.sandbox.people.add_group(given._name._val, str(stated or "rw----"))
        self.store.set(made, "description", plain(given._description) or "")
        return made.id

    def changePermissions(self, given: Any, permissions: Any) -> None:
        self._need("ModifyGroup")
        record = self.store.load("ExperimenterGroup", given._id._val)
        self.store.set(record, PERMISSIONS, str(permissions))

    def createExperimenterWithPassword(
        self, given: Any, password: Any, default: Any, others: list[Any]
    ) -> int:
        self._need("ModifyUser")
        groups = [self._group_name(g) for g in (default, *(others or ()))]
        name = given._omeName._val
        made = self.sandbox.people.add_person(
            name, password._val, [g for g in groups if g != "user"]
        )
        for field in ("firstName", "lastName", "email", "institution"):
            value = getattr(given, "_" + field)
            if value is not None:
                self.store.set(made, field, value)
        if given._config:
            self.store.set(made, "config", given._config)
        return made.id

    def createRestrictedSystemUserWithPassword(
        self, given: Any, privileges: list[Any], password: Any
    ) -> int:
        system = omero.model.ExperimenterGroupI(0, False)
        made = self.createExperimenterWithPassword(given, password, system, [])
        self.setAdminPrivileges(omero.model.ExperimenterI(made, False), privileges)
        return made

    def _group_name(self, given: Any) -> str:
        if given._id is not None:
            return str(self.store.load("ExperimenterGroup", given._id._val).text("name"))
        return str(given._name._val)

    def addGroups(self, person: Any, groups: list[Any]) -> None:
        self._need("ModifyGroupMembership")
        name = self.store.load("Experimenter", person._id._val).text("omeName")
        self.sandbox.people.join(name, *(self._group_name(g) for g in groups))

    def removeGroups(self, person: Any, groups: list[Any]) -> None:
        self._need("ModifyGroupMembership")
        name = self.store.load("Experimenter", person._id._val).text("omeName")
        for group in groups:
            self.sandbox.people.leave(name, self._group_name(group))

    def setGroupOwner(self, group: Any, person: Any) -> None:
        self._need("ModifyGroupMembership")
        for link in self._maps("Experimenter", person._id._val):
            if link.values["parent"].id == group._id._val:
                self.store.set(link, "owner", rtypes.rbool(True))

    def changeUserPassword(self, name: str, password: Any) -> None:
        self._need("ModifyUser")
        self.sandbox.people.set_password(name, password._val)

    def changePasswordWithOldPassword(self, old: Any, new: Any) -> None:
        name = self.store.load("Experimenter", self.session.user).text("omeName")
        self.sandbox.sessions.check_password(name, old._val)
        self.sandbox.people.set_password(name, new._val)
