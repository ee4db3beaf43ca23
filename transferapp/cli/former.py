"""Forms of commands from before they had sub-commands; they go with the next release."""

from __future__ import annotations

import re
from typing import Any

from typer.core import TyperGroup
from typing_extensions import override

from transferapp.cli.output import warn

#: The hidden sub-command that does what a command did before it had any.
FORMER = "former"
#: What the ledger gives transfers for names; anything else is a mistyped sub-command.
_TRANSFER_ID = re.compile("[0-9a-f]{32}")


class FormerForms(TyperGroup):
    """A group of sub-commands that takes the options and ids it had without them."""

    # Typer brings a click of its own, whose types are private.
    @override
    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if ctx.resilient_parsing:  # A shell completes: what is there are the sub-commands.
            return super().parse_args(ctx, args)
        first = args[0] if args else "--"
        if first not in ctx.help_option_names and (
            first.startswith("-") or _TRANSFER_ID.fullmatch(first)
        ):
            args = [FORMER, *args]
        return super().parse_args(ctx, args)


def echo_new_form(group: str, form: str) -> None:
    """Warn on standard error of a form that goes, with the one that stays."""
    warn(
        f"This form of 'transferapp {group}' goes with the next release."
        f" Write 'transferapp {group} {form}'."
    )
