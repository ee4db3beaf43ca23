"""Commands that are imported when they are called: a start imports what it needs.

What lists them (``--help``, completion) needs no more than their summaries.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typing_extensions import override

from transferapp.cli.given_options import refuse_empty_options
from transferapp.cli.log import open_waiting_log
from transferapp.host.collecting import seldom_collecting, spare_what_is_there

#: Of typer's own click, which is private.
_UsageError: Any = typer.BadParameter.__bases__[0]
_GIVEN = "transferapp.given"


@dataclass(frozen=True, slots=True)
class CommandEntry:
    """A command, or a group of them, and where it is: ``module`` is in ``cli.commands``,
    ``attribute`` is its function or its ``typer.Typer``. ``summary`` is the first paragraph
    of its own help.
    """

    name: str
    module: str
    attribute: str
    summary: str
    settings: dict[str, Any] | None = None

    def listed(self) -> TyperCommand:
        """Return what lists of commands show of it; it cannot be run."""
        return TyperCommand(self.name, help=self.summary)

    def load(self) -> Any:
        """Import it and return the click command."""
        # What is made by an import stays: looking for cycles in it, now and when the process
        # ends, was a quarter of the time of a command.
        with seldom_collecting():
            module = import_module(f"transferapp.cli.commands.{self.module}")
            spare_what_is_there()
        if "structlog" in sys.modules:
            open_waiting_log()
        found = getattr(module, self.attribute)
        alone = typer.Typer(add_completion=False)
        if isinstance(found, typer.Typer):
            alone.add_typer(found, name=self.name)
        else:
            alone.command(self.name, context_settings=self.settings)(found)
        return typer.main.get_group(alone).commands[self.name]


class _ProblemsAsAsked(TyperGroup):
    """A group whose wrong command lines are told as they ask for."""

    @override
    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Keep what was given: a wrong command line is told as that asks for."""
        ctx.meta[_GIVEN] = tuple(args)
        return super().parse_args(ctx, args)

    @override
    def invoke(self, ctx: Any) -> Any:
        """Run the command; with --json what is wrong with its options is a document."""
        try:
            return super().invoke(ctx)
        except _UsageError as error:
            if "--json" not in ctx.meta[_GIVEN]:
                raise
            show_usage_problem(error.format_message(), lines="--follow" in ctx.meta[_GIVEN])
            raise typer.Exit(error.exit_code) from error


def group_of(entries: tuple[CommandEntry, ...]) -> type[TyperGroup]:
    """Return the class of a group that has these commands, in this order."""
    by_name = {entry.name: entry for entry in entries}

    class LazyGroup(_ProblemsAsAsked):
        def __init__(self, **attributes: Any) -> None:
            super().__init__(**attributes)
            self.commands.update({entry.name: entry.listed() for entry in entries})

        # Typer brings a click of its own, whose types are private.
        @override
        def resolve_command(self, ctx: Any, args: list[str]) -> Any:
            """Load what is about to be run, or to be asked for its own help."""
            if args[0] in by_name:
                if not by_name[args[0]].settings:
                    refuse_empty_options(args)
                self.commands[args[0]] = by_name[args[0]].load()
            return super().resolve_command(ctx, args)

    return LazyGroup


def show_usage_problem(message: str, *, lines: bool) -> None:
    """Print the problem document of a wrong command line."""
    # Imported now: a start that goes well does without.
    from transferapp.cli.output import show_json  # noqa: PLC0415
    from transferapp.errors import Invalid  # noqa: PLC0415
    from transferapp.protocol.problems import to_problem  # noqa: PLC0415

    show_json(to_problem(Invalid(message)), as_line=lines)
