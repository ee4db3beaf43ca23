"""IScript, IRepositoryInfo, ILdap, ITimeline: what a server without these answers."""

from __future__ import annotations

import shutil
from typing import Any

from transferapp.sandbox.omero_sandbox.dispatch import Service
from transferapp.sandbox.omero_sandbox.permissions import visible_to
from transferapp.sandbox.omero_sandbox.records import OWNER, Record
from transferapp.sandbox.omero_sandbox.services.query import named

_KB = 1024


class IScript(Service):
    """No scripts are installed."""

    def getScripts(self) -> list[Any]:
        return []

    def getScriptsByMimetype(self, _kind: str) -> list[Any]:
        """Return no lookup tables either."""
        return []

    def getUserScripts(self, _acceptable: Any) -> list[Any]:
        return []

    def getScriptID(self, _path: str) -> int:
        return -1


class IRepositoryInfo(Service):
    """The disk below the sandbox."""

    def getFreeSpaceInKilobytes(self) -> int:
        return self._usage().free // _KB

    def getUsedSpaceInKilobytes(self) -> int:
        return self._usage().used // _KB

    def getUsageFraction(self) -> float:
        usage = self._usage()
        return usage.used / usage.total

    def _usage(self) -> shutil._ntuple_diskusage:
        return shutil.disk_usage(self.sandbox.files.inside(""))


class ILdap(Service):
    """Nobody comes from a directory."""

    def getSetting(self) -> bool:
        return False


class ITimeline(Service):
    """What was made lately."""

    def getMostRecentObjects(
        self, kinds: list[str], options: Any, _merge: bool
    ) -> dict[str, list[Any]]:
        shown = options.theFilter if options is not None else None
        limit = 0 if shown is None or shown.limit is None else shown.limit._val
        return {kind: [self.out(r) for r in self._latest(kind, shown, limit)] for kind in kinds}

    def _latest(self, kind: str, shown: Any, limit: int) -> list[Record]:
        owner = None if shown is None or shown.ownerId is None else shown.ownerId._val
        visible = visible_to(self.caller)
        found = [
            r
            for r in reversed(self.store.all(named(kind)))
            if visible(r) and owner in (None, r.values[OWNER].id)
        ]
        return found[:limit] if limit else found
