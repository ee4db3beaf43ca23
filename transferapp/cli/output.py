"""What commands print: tables for people, one JSON document for programs, exit codes."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import Any, NoReturn, ParamSpec, TypeVar

import typer
from pydantic import TypeAdapter
from rich.console import Console
from rich.table import Table

from transferapp import errors
from transferapp.protocol.problems import to_problem

P = ParamSpec("P")
R = TypeVar("R")


class ExitCode(IntEnum):
    """What scripts can rely on (docs/cli.md)."""

    DONE = 0
    PROBLEM = 1
    USAGE = 2
    DENIED = 3
    UNAVAILABLE = 4
    SOME_FAILED = 5


def exit_code(error: errors.TransferAppError) -> ExitCode:
    """Return the code of an error by its branch."""
    if isinstance(error, errors.Denied):
        return ExitCode.DENIED
    if isinstance(error, errors.Unavailable):
        return ExitCode.UNAVAILABLE
    return ExitCode.PROBLEM


def show_json(value: Any) -> None:
    """Print one JSON document; dataclasses and pydantic models welcome."""
    text = TypeAdapter(Any).dump_json(value, indent=2)
    sys.stdout.write(text.decode() + "\n")


def show_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table, or say that there is nothing."""
    console = Console()
    if not rows:
        console.print("Nothing to show.")
        return
    table = Table(*columns, box=None, header_style="bold", pad_edge=False)
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    console.print(table)


def say(text: str) -> None:
    """Tell a person something beside the result, on standard error."""
    Console(stderr=True, highlight=False).print(text, markup=False)


def fail(error: errors.TransferAppError, *, as_json: bool) -> NoReturn:
    """End with the error's title and remedy, or its problem document."""
    if as_json:
        show_json(to_problem(error))
    else:
        say(f"{error.title}. {error.message}")
    raise typer.Exit(exit_code(error))


def command(function: Callable[P, R]) -> Callable[P, R]:
    """Turn our errors into messages and exit codes; all others are defects and shown."""

    @functools.wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except errors.TransferAppError as error:
            fail(error, as_json=bool(kwargs.get("as_json")))

    return wrapped
