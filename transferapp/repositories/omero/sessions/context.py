"""What all parts of one person's session share: the gateway, the groups, the threads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from transferapp.errors import SessionLost
from transferapp.host.clock import Clock
from transferapp.model.identity import Identity
from transferapp.repositories.heartbeat import HeartbeatWatch
from transferapp.repositories.omero.errors import translated
from transferapp.repositories.omero.ice_imports import omero
from transferapp.repositories.omero.links import Links
from transferapp.repositories.omero.sessions.gateway import ALL_GROUPS, Gateway
from transferapp.repositories.omero.sessions.import_sessions import ImportSessions

P = ParamSpec("P")
R = TypeVar("R")
#: Values of a query's named parameters.
Values = Mapping[str, int | str | list[int]]


async def in_thread(
    threads: Executor, gateway: Gateway, function: Callable[P, R], *args: P.args, **kw: P.kwargs
) -> R:
    """Run blocking calls beside the event loop, and note when the session turns out dead."""
    work = partial(guarded, gateway, partial(function, *args, **kw))
    return await asyncio.get_running_loop().run_in_executor(threads, work)


def guarded(gateway: Gateway, function: Callable[[], R]) -> R:
    """Call with foreign failures translated."""
    try:
        with translated():
            return function()
    except SessionLost:
        gateway.lost = True
        raise


def rows(gateway: Gateway, group_id: int, hql: str, values: Values) -> list[list[Any]]:
    """Return a projection as plain Python values; ``limit`` among the values limits it."""
    found = gateway.query(group_id).projection(hql, parameters(values))
    return [[omero.rtypes.unwrap(value) for value in row] for row in found]


def parameters(values: Values) -> Any:
    """Make the parameters of a query; the name ``limit`` is the number of rows."""
    made = omero.sys.ParametersI()
    for name, value in values.items():
        if name == "limit":
            made.page(0, value)
        elif isinstance(value, str):
            made.addString(name, value)
        elif isinstance(value, list):
            made.addLongs(name, value)
        else:
            made.addLong(name, value)
    return made


@dataclass(frozen=True, slots=True)
class OmeroSessionContext:
    """One person at work in OMERO, in one group or across all."""

    gateway: Gateway
    identity: Identity
    group_id: int | None
    threads: Executor
    clock: Clock
    heartbeats: HeartbeatWatch
    import_sessions: ImportSessions
    #: Where files are linked instead of uploaded; None where this process cannot.
    links: Links | None = None
    #: OMERO's managed repository, to read from; None where this process does not see it.
    managed_folder: Path | None = None

    @property
    def reading_group(self) -> int:
        """The group for reading: the session's, or all."""
        return ALL_GROUPS if self.group_id is None else self.group_id

    @property
    def home_group(self) -> int:
        """The group for new things that have no parent."""
        return self.identity.default_group_id if self.group_id is None else self.group_id

    async def run(self, function: Callable[P, R], *args: P.args, **kw: P.kwargs) -> R:
        """Run blocking calls beside the event loop, translated."""
        return await in_thread(self.threads, self.gateway, function, *args, **kw)

    def rows(self, hql: str, **values: int | str | list[int]) -> list[list[Any]]:
        """Query plain values in the reading group; blocking."""
        return rows(self.gateway, self.reading_group, hql, values)

    def entities(self, hql: str, **values: int | str | list[int]) -> list[Any]:
        """Query OMERO's objects in the reading group; blocking."""
        return list(
            self.gateway.query(self.reading_group).findAllByQuery(hql, parameters(values))
        )

    def save(self, objects: list[Any], group_id: int) -> list[int]:
        """Save new objects in one transaction and return their ids; blocking."""
        return list(self.gateway.update(group_id).saveAndReturnIds(objects))
