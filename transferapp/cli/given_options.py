"""Options of the command line: an empty one is a script's unset variable, never a wish."""

from __future__ import annotations

from collections.abc import Sequence

import typer


def refuse_empty_options(arguments: Sequence[str]) -> None:
    """End the command like a wrong option where one has nothing for its value.

    ``--for "$UNSET"`` would import for whoever is signed in.
    """
    before = ""
    for text in arguments:
        option, equals, value = text.partition("=")
        if equals and option.startswith("--") and not value.strip():
            _end_for(option)
        if not text.strip() and before.startswith("--"):
            _end_for(before)
        before = text


def _end_for(option: str) -> None:
    raise typer.BadParameter(
        "It is empty. Give it a value, or leave it out.", param_hint=option
    )
