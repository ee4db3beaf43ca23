"""ISession and IConfig: sessions of oneself and of others, settings, the server's time."""

from __future__ import annotations

import re
from typing import Any

import omero
from omero.rtypes import rtime

from transferapp.sandbox.omero_sandbox.dispatch import Service
from transferapp.sandbox.omero_sandbox.sessions import MOST_IDLE_MS, Session, SessionWanted


def _denied(text: str) -> Exception:
    error: Exception = omero.SecurityViolation(None, "omero.SecurityViolation", text)
    return error


class ISession(Service):
    """Sessions as objects."""

    def _known(self, session_uuid: str) -> Session:
        found = self.sandbox.sessions.find(session_uuid)
        if found is None:
            text = f"No context for {session_uuid}"
            raise omero.RemovedSessionException(None, "omero.RemovedSessionException", text)
        return found

    def getSession(self, session_uuid: str) -> Any:
        return self.out(self._known(session_uuid).record)

    def createSessionWithTimeouts(self, principal: Any, live_ms: int, idle_ms: int) -> Any:
        user = self.store.first("Experimenter", "omeName", principal.name)
        if user is None:
            raise _denied(f"May not create a session for {principal.name}")
        # Administrators with Sudo become anybody, others members of the groups that they lead.
        led = None if self.caller.may("Sudo") else self.caller.leader_of
        if led is not None and user.id == 0:
            raise _denied("A leader cannot create a session for root")
        wanted = SessionWanted(
            principal.group or "", live_ms, idle_ms, "", self.session.user, led
        )
        return self.out(self.sandbox.sessions.create(user, wanted).record)

    def createSessionWithTimeout(self, principal: Any, live_ms: int) -> Any:
        return self.createSessionWithTimeouts(principal, live_ms, 0)

    def createUserSession(self, live_ms: int, idle_ms: int, group: str) -> Any:
        if self.session.sudoer is not None:
            raise _denied("A session made by Sudo cannot create another one")
        user = self.store.load("Experimenter", self.session.user)
        wanted = SessionWanted(group or "", live_ms, min(idle_ms, MOST_IDLE_MS))
        return self.out(self.sandbox.sessions.create(user, wanted).record)

    def closeSession(self, given: Any) -> int:
        session = self._known(given._uuid._val)
        self.sandbox.sessions.leave(session, force=True)
        return -2

    def getReferenceCount(self, session_uuid: str) -> int:
        return self._known(session_uuid).clients

    def getMyOpenSessions(self) -> list[Any]:
        mine = [s for s in self.sandbox.sessions if s.user == self.session.user]
        return [self.out(session.record) for session in mine]

    def getMyOpenClientSessions(self) -> list[Any]:
        return self.getMyOpenSessions()

    def getMyOpenAgentSessions(self, agent: str) -> list[Any]:
        return [s for s in self.getMyOpenSessions() if s._userAgent._val == agent]


class IConfig(Service):
    """Settings."""

    def getVersion(self) -> str:
        return self.sandbox.settings["omero.version"]

    def getConfigValue(self, key: str) -> str:
        if key in self.sandbox.hidden_settings:
            raise _denied(f"Cannot read configuration: {key}")
        return self.sandbox.settings.get(key, "")

    def getConfigDefaults(self) -> dict[str, str]:
        if not self.caller.admin:
            raise _denied("Only administrators may read the defaults")
        return self._shown()

    def _shown(self) -> dict[str, str]:
        """Return the settings that somebody may see."""
        settings, hidden = self.sandbox.settings.items(), self.sandbox.hidden_settings
        return {key: value for key, value in settings if key not in hidden}

    def getClientConfigDefaults(self) -> dict[str, str]:
        settings = self._shown().items()
        return {key: value for key, value in settings if key.startswith("omero.client")}

    def getClientConfigValues(self) -> dict[str, str]:
        return self.getClientConfigDefaults()

    def getConfigValues(self, pattern: str) -> dict[str, str]:
        settings = self._shown().items()
        return {key: value for key, value in settings if re.search(pattern, key)}

    def getDatabaseUuid(self) -> str:
        return self.sandbox.settings["db.uuid"]

    def getServerTime(self) -> Any:
        return rtime(self.sandbox.clock.now_ms())

    def getDatabaseTime(self) -> Any:
        return self.getServerTime()
