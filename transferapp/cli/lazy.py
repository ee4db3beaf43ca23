"""Commands that are imported when they are called: a start imports what it needs."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typing_extensions import override

from transferapp.cli.log import open_waiting_log
from transferapp.host.collecting import seldom_collecting


@dataclass(frozen=True, slots=True)
class CommandEntry:
    """A command, or a group of them, and where it is: ``module`` is in ``cli.commands``,
    ``attribute`` is its function or its ``typer.Typer``.
    """

    name: str
    module: str
    attribute: str
    settings: dict[str, Any] | None = None

    def load(self) -> Any:
        """Import it and return the click command."""
        # What is made by an import stays: looking for cycles in it is a tenth of the time.
        with seldom_collecting():
            module = import_module(f"transferapp.cli.commands.{self.module}")
        if "structlog" in sys.modules:
            open_waiting_log()
        found = getattr(module, self.attribute)
        alone = typer.Typer(add_completion=False)
        if isinstance(found, typer.Typer):
            alone.add_typer(found, name=self.name)
        else:
            alone.command(self.name, context_settings=self.settings)(found)
        return typer.main.get_group(alone).commands[self.name]


def group_of(entries: tuple[CommandEntry, ...]) -> type[TyperGroup]:
    """Return the class of a group that has these commands, in this order."""
    by_name = {entry.name: entry for entry in entries}

    class LazyGroup(TyperGroup):
        # Typer brings a click of its own, whose types are private.
        @override
        def list_commands(self, ctx: Any) -> list[str]:
            return list(by_name)

        @override
        def get_command(self, ctx: Any, cmd_name: str) -> Any:
            if cmd_name in by_name and cmd_name not in self.commands:
                self.commands[cmd_name] = by_name[cmd_name].load()
            return self.commands.get(cmd_name)

    return LazyGroup
