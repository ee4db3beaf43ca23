"""What commands print: tables for people, one JSON document for programs, exit codes."""

from __future__ import annotations

import functools
import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from enum import IntEnum
from typing import TYPE_CHECKING, Any, NoReturn, ParamSpec, TextIO, TypeVar

import typer
from pydantic import TypeAdapter
from pydantic_core import PydanticSerializationError

from transferapp import errors
from transferapp.cli.piped_table import Cell, lines_of_table
from transferapp.cli.plain_text import plain
from transferapp.cli.verbosity import quiet
from transferapp.host.collecting import seldom_collecting
from transferapp.intake.file_names import shown_text
from transferapp.protocol.problems import to_problem

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

P = ParamSpec("P")
R = TypeVar("R")

#: Surrogates by themselves: Python keeps bytes of names so (PEP 383).
_NO_TEXT = re.compile("[\ud800-\udfff]")
#: Columns of a line that goes into a pipe or file: names are never cut there.
_WIDE = 1_000_000
#: By these variables rich, like others, takes a pipe for a screen.
_LIKE_A_SCREEN = ("FORCE_COLOR", "TTY_COMPATIBLE")
_NO_ROWS = "Nothing to show."


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


def show_json(value: Any, *, as_line: bool = False) -> None:
    """Print one JSON document; dataclasses and pydantic models welcome.

    ``as_line``: as one of many lines (``--follow``), which is there at once.
    """
    adapter = TypeAdapter(Any)
    indent = None if as_line else 2
    try:
        text = adapter.dump_json(value, indent=indent).decode()
    except PydanticSerializationError:
        # A file name that is no text. JSON is UTF-8 (RFC 8259), and has an escape for what
        # that cannot hold, so that a script finds the file by it (docs/cli.md).
        found = adapter.dump_python(value, mode="json")
        reported = json.dumps(found, indent=indent, ensure_ascii=False)
        text = _NO_TEXT.sub(lambda match: f"\\u{ord(match[0]):04x}", reported)
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def show_lines(lines: Iterable[str]) -> None:
    """Print lines of text, which may hold names."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.writelines(f"{plain(line, encoding)}\n" for line in lines)
    sys.stdout.flush()


def show_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table, or say that there is nothing. A list is a cell of several lines.

    Into a pipe or file each row is one line, however long; a screen shows all of it, too.
    """
    stream = sys.stdout
    encoding = stream.encoding or "utf-8"
    cells = [[_lines(value, encoding) for value in row] for row in rows]
    if _is_drawn(stream):
        _draw(stream, columns, cells)
    else:
        text = lines_of_table(columns, cells) if cells else [_NO_ROWS]
        stream.writelines(f"{line}\n" for line in text)
        stream.flush()


def _lines(value: object, encoding: str) -> list[str]:
    lines = value if isinstance(value, list) else [value]
    return [plain(str(line), encoding) for line in lines]


def _is_drawn(stream: TextIO) -> bool:
    """Say whether it is a screen, or shall have colours like one."""
    return stream.isatty() or any(map(os.environ.get, _LIKE_A_SCREEN))


def _draw(stream: TextIO, columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
    from rich.table import Table  # noqa: PLC0415 - rich takes a while: for screens only

    console = _console(stream)
    if not rows:
        console.print(_NO_ROWS)
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in columns:
        table.add_column(title, overflow="fold")
    for row in rows:
        table.add_row(*(_text("\n".join(cell)) for cell in row))
    console.print(table, crop=False)


def echo(text: str) -> None:
    """Tell a person something beside the result, on standard error; with -q nothing."""
    if not quiet.get():
        warn(text)


def warn(text: str) -> None:
    """Tell a person what went wrong, or will, on standard error; also with -q."""
    stream = sys.stderr
    if stream.isatty():
        console = _console(stream)
        console.print(_text(plain(text, console.encoding)), overflow="fold")
    else:
        stream.write(f"{plain(text, stream.encoding or 'utf-8')}\n")


def _console(stream: TextIO) -> Console:
    """Print text as it is: no markup, no emoji codes, nothing coloured by what it says."""
    from rich.console import Console  # noqa: PLC0415 - as in _draw

    width = None if stream.isatty() else _WIDE
    return Console(file=stream, width=width, markup=False, emoji=False, highlight=False)


def _text(text: str) -> Text:
    from rich.text import Text  # noqa: PLC0415 - as in _draw

    return Text(text)


def fail(error: errors.TransferAppError, *, as_json: bool, as_line: bool = False) -> NoReturn:
    """End with the error's title and remedy, or its problem document."""
    if as_json:
        problem = to_problem(error)
        spelled = problem.model_copy(update={"detail": shown_text(problem.detail)})
        show_json(spelled, as_line=as_line)
    else:
        warn(f"{error.title}. {error.message}")
    raise typer.Exit(exit_code(error))


def command(function: Callable[P, R]) -> Callable[P, R]:
    """Turn our errors into messages and exit codes; all others are defects and shown."""

    @functools.wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            # What it makes and imports stays until it ends.
            with seldom_collecting():
                return function(*args, **kwargs)
        except errors.TransferAppError as error:
            lines = bool(kwargs.get("follow"))
            fail(error, as_json=bool(kwargs.get("as_json")), as_line=lines)

    return wrapped
