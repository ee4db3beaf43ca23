"""Kinds of tasks that other installed packages bring (docs/extending.md)."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points

import structlog

from transferapp.errors import SettingsInvalid
from transferapp.taskqueue.port import TaskKind

GROUP = "transferapp.task_kinds"

_log = structlog.get_logger(__name__)


def with_extensions(
    own: Iterable[TaskKind], found: Iterable[EntryPoint] | None = None
) -> list[TaskKind]:
    """Return our kinds and those of the entry points: callables that return a TaskKind.

    A package that cannot be loaded is named in the log and left out, so that imports go
    on; its tasks end dead and can be redriven. Raises SettingsInvalid for a name that is
    taken.
    """
    kinds = {(kind.name, kind.version): kind for kind in own}
    for entry in entry_points(group=GROUP) if found is None else found:
        kind = _load(entry)
        if kind is None:
            continue
        if (kind.name, kind.version) in kinds:
            raise SettingsInvalid(
                f"Two packages bring the task kind '{kind.name}' version {kind.version};"
                f" one is {entry.value}. Uninstall one of them."
            )
        kinds[kind.name, kind.version] = kind
    return list(kinds.values())


def _load(entry: EntryPoint) -> TaskKind | None:
    try:
        kind = entry.load()()
    except Exception:  # noqa: BLE001
        # Foreign code may raise anything; it must not keep our own work from running.
        _log.exception("task kind not loaded", entry=entry.value)
        return None
    if not isinstance(kind, TaskKind):
        _log.error("not a TaskKind", entry=entry.value)
        return None
    return kind
