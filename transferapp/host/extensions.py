"""Adapters that other installed packages bring, by their entry points (docs/extending.md)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import structlog
from typing_extensions import get_protocol_members

from transferapp.errors import SettingsInvalid, TransferAppError
from transferapp.host.hiding import hide_in_text

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ExtensionPoint:
    """A port whose adapter may come from another package, by the name that a setting gives."""

    #: The entry points' group, ``transferapp.`` and what they are.
    group: str
    #: The environment variable, for people who read what is wrong with it.
    setting: str
    #: The protocol that an adapter follows.
    port: type[Any]
    #: Names of our own adapters, which no package replaces.
    own: tuple[str, ...]

    def open(
        self, name: str, *arguments: object, found: Iterable[EntryPoint] | None = None
    ) -> Any:
        """Return the adapter that a package's callable makes of ``arguments``.

        Raises SettingsInvalid when no package brings this name (and says which there are), two
        do, it cannot be loaded, or makes something that is not the port. An error of ours that
        the callable raises goes through as it is.
        """
        known = list(entry_points(group=self.group) if found is None else found)
        named = [entry for entry in known if entry.name == name]
        if not named:
            raise SettingsInvalid(f"{self.setting}: '{name}' is not known. {self._use(known)}")
        if len(named) > 1:
            packages = " and ".join(sorted(_package(entry) for entry in named))
            raise SettingsInvalid(
                f"{self.setting} is '{name}', which two packages bring: {packages}. Uninstall"
                " one of them."
            )
        return self._made(named[0], arguments)

    def _use(self, known: list[EntryPoint]) -> str:
        names = [*self.own, *sorted({entry.name for entry in known} - {*self.own})]
        return f"Use {' or '.join([', '.join(names[:-1]), names[-1]] if names[1:] else names)}."

    def _made(self, entry: EntryPoint, arguments: tuple[object, ...]) -> Any:
        try:
            made = entry.load()(*arguments)
        except TransferAppError:
            raise
        # Foreign code may raise anything, and may end the process when it is imported.
        except (Exception, SystemExit) as error:
            _log.exception("extension not loaded", setting=self.setting, entry=entry.value)
            why = hide_in_text(f"{type(error).__name__}: {error}").rstrip(":. ")
            raise self._useless(entry, f"cannot be loaded ({why})") from error
        missing = sorted(m for m in get_protocol_members(self.port) if not hasattr(made, m))
        if missing:
            lacks = f"is no {self.port.__name__}: it lacks {', '.join(missing)}"
            raise self._useless(entry, lacks)
        return made

    def _useless(self, entry: EntryPoint, why: str) -> SettingsInvalid:
        return SettingsInvalid(
            f"{self.setting} is '{entry.name}', which {_package(entry)} brings, and that {why}."
            " Mend or renew that package, or name another."
        )


def _package(entry: EntryPoint) -> str:
    """Say which package brings an entry point, as far as that is known."""
    if entry.dist is None:
        return entry.value
    return f"{entry.dist.name} {entry.dist.version}"
