"""A real OMERO for the conformance suite: settings from OMERO_*, people made by root.

The suite makes the people "alice" and "bob" and deletes all their data before each test, so
it refuses a server where somebody else has these names.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import omero
from omero.rtypes import rbool, rstring

from tests.support.omero_env import adapter
from transferapp.repositories.omero.sessions.gateway import open_client, shut
from transferapp.repositories.omero.settings import OmeroSettings, Transport
from transferapp.testing.repository_env import ALICE, BOB, LAB, PASSWORD, PRIVATE

#: Says that an account or a group is ours.
MARK = "Made by TransferApp's conformance suite"
#: A server that was just started gets so long to let root in (seconds).
WAIT_S = 60.0
_GROUPS = {LAB: "rwra--", PRIVATE: "rw----"}
_PEOPLE = {ALICE: (LAB, PRIVATE), BOB: (LAB,)}


class NotOurs(AssertionError):
    """The server has people of these names that the suite did not make."""


@dataclass(frozen=True)
class RealOmero:
    """What ``OMERO_*`` says of the server; see docs/omero-sandbox.md."""

    host: str
    port: int = 0
    transport: str = "ssl"
    importer: str = "transferapp-importer"
    importer_password: str = field(default=PASSWORD, repr=False)
    root_password: str = field(default="omero", repr=False)
    ca_file: str = ""
    anonymous_tls: bool = False

    @classmethod
    def from_environment(cls) -> RealOmero | None:
        """Read the variables; None without OMERO_HOST."""
        stated = os.environ
        if not stated.get("OMERO_HOST"):
            return None
        return cls(
            host=stated["OMERO_HOST"],
            port=int(stated.get("OMERO_PORT") or 0),
            transport=stated.get("OMERO_TRANSPORT") or "ssl",
            importer=stated.get("OMERO_USER") or cls.importer,
            importer_password=stated.get("OMERO_PASSWORD") or PASSWORD,
            root_password=stated.get("OMERO_ROOT_PASSWORD") or "omero",
            ca_file=stated.get("OMERO_CA_FILE", ""),
            anonymous_tls=bool(stated.get("OMERO_LEGACY_ANONYMOUS_TLS")),
        )

    def settings(self, folder: Path) -> OmeroSettings:
        """Return the adapter's settings; the certificate is verified when OMERO_CA_FILE is
        given (a fresh server signs its own).
        """
        secret = folder / "importer-password"
        secret.write_text(self.importer_password, encoding="utf-8")
        secret.chmod(0o600)
        transport = Transport(self.transport)
        return OmeroSettings(
            host=self.host,
            port=self.port,
            transport=transport,
            websocket_path=os.environ.get("OMERO_WEBSOCKET_PATH") or "/omero-ws",
            verify_tls=bool(self.ca_file),
            ca_file=Path(self.ca_file) if self.ca_file else None,
            legacy_anonymous_tls=self.anonymous_tls,
            importer=self.importer,
            importer_password_file=secret,
        )

    def prepare(self, folder: Path) -> None:
        """Make groups, people and the importer, once; raises NotOurs."""
        with self._root(self.settings(folder)) as factory:
            admin = factory.getAdminService()
            groups = {name: _group(admin, name, text) for name, text in _GROUPS.items()}
            for name, wanted in _PEOPLE.items():
                if not _ours(admin, name):
                    _add_person(admin, name, [groups[one] for one in wanted])
            if not _known(admin, self.importer):
                _add_importer(admin, self.importer, self.importer_password)

    @contextmanager
    def _root(self, settings: OmeroSettings) -> Iterator[Any]:
        end = time.monotonic() + WAIT_S
        while True:
            client = open_client(settings)
            try:
                client.createSession("root", self.root_password)
            except Exception as error:
                shut(client)
                if isinstance(error, omero.ServerError) or time.monotonic() > end:
                    raise
                time.sleep(2)
            else:
                break
        try:
            yield client.getSession()
        finally:
            shut(client)


async def sweep_own(settings: OmeroSettings) -> None:
    """Delete what alice and bob have; nobody else's data is touched."""
    repository = adapter(settings)
    for name in (ALICE, BOB):
        async with repository.session(name) as session:
            while found := [i for i in await session.images.find() if i.owner == name]:
                await session.images.delete([image.id for image in found])
            while tops := [
                c for c in await session.containers.children(None) if c.owner == name
            ]:
                for container in tops:
                    await session.containers.delete(container.ref)
    await repository.close()


def _known(admin: Any, name: str) -> Any | None:
    try:
        return admin.lookupExperimenter(name)
    except (omero.ApiUsageException, omero.ValidationException):
        return None


def _ours(admin: Any, name: str) -> bool:
    found = _known(admin, name)
    if found is not None and (not found.institution or found.institution.val != MARK):
        raise NotOurs(
            f"OMERO has a user '{name}' that this suite did not make, and whose data it would"
            " delete. Use a fresh server: installers/docker-compose.omero.yml."
        )
    return found is not None


def _group(admin: Any, name: str, permissions: str) -> Any:
    try:
        found = admin.lookupGroup(name)
    except (omero.ApiUsageException, omero.ValidationException):
        made = omero.model.ExperimenterGroupI()
        made.name, made.description = rstring(name), rstring(MARK)
        made.ldap = rbool(False)
        made.details.permissions = omero.model.PermissionsI(permissions)
        return omero.model.ExperimenterGroupI(admin.createGroup(made), False)
    if not found.description or found.description.val != MARK:
        raise NotOurs(f"OMERO has a group '{name}' that this suite did not make.")
    return omero.model.ExperimenterGroupI(found.id.val, False)


def _person(name: str) -> Any:
    made = omero.model.ExperimenterI()
    made.omeName, made.institution = rstring(name), rstring(MARK)
    made.firstName, made.lastName = rstring(name.title()), rstring("Example")
    made.ldap = rbool(False)
    return made


def _add_person(admin: Any, name: str, groups: list[Any]) -> None:
    everybody = omero.model.ExperimenterGroupI(admin.getSecurityRoles().userGroupId, False)
    default, *others = groups
    admin.createExperimenterWithPassword(
        _person(name), rstring(PASSWORD), default, [everybody, *others]
    )


def _add_importer(admin: Any, name: str, password: str) -> None:
    sudo = omero.model.AdminPrivilegeI()
    sudo.value = rstring("Sudo")
    admin.createRestrictedSystemUserWithPassword(_person(name), [sudo], rstring(password))
