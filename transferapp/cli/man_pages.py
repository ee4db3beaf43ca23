"""Write the manual pages of the command line: ``python -m transferapp.cli.man_pages FOLDER``.

One page for ``transferapp`` and one for each command, with its sub-commands, made of what
``--help`` shows. click-man reads programs made with click itself, and typer brings a click of
its own (docs/adr/0025).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

import transferapp
from transferapp.cli.main import app
from transferapp.host.logging import configure_logging

PROGRAM = "transferapp"


def pages() -> dict[str, str]:
    """Return the text of each page (troff with man's macros) by the name of its file."""
    root: Any = typer.main.get_command(app)
    # Its names of --help are those of all commands; what has a command line of its own takes
    # them, too.
    context = typer.Context(root, info_name=PROGRAM, **root.context_settings)
    found = {f"{PROGRAM}.1": _page(context, (PROGRAM,), inside=False)}
    for name in root.list_commands(context):
        inner = _inner(context, name)
        found[f"{PROGRAM}-{name}.1"] = _page(inner, (PROGRAM, name), inside=True)
    return found


def _inner(context: typer.Context, name: str) -> typer.Context:
    group: Any = context.command
    _, command, _ = group.resolve_command(context, [name])
    return typer.Context(command, info_name=name, parent=context)


def _page(context: typer.Context, text: tuple[str, ...], *, inside: bool) -> str:
    command: Any = context.command
    title = "-".join(text)
    version = f"TransferApp {transferapp.__version__}"
    lines = [
        f'.TH "{_text(title.upper())}" "1" "" "{version}" "TransferApp"',
        ".SH NAME",
        f"{_text(title)} \\- {_text(_first(command.help))}",
        *(".SH SYNOPSIS", f".B {_text(' '.join(text))}", *_usage(context)),
        *(".SH DESCRIPTION", *_paragraphs(command.help)),
        *_options(context, ".SH OPTIONS"),
    ]
    names = command.list_commands(context) if hasattr(command, "list_commands") else []
    if names:
        lines.append(".SH COMMANDS")
    for name in names:
        inner = _inner(context, name)
        lines += list(_inside(inner, (*text, name))) if inside else list(_named(inner, name))
    lines += [".SH SEE ALSO", _see_also(names if not inside else [])]
    return "\n".join(lines) + "\n"


def _named(inner: typer.Context, name: str) -> Iterator[str]:
    """Yield the line of a command that has a page of its own."""
    yield from (".TP", f".B {_text(name)}", _text(_first(inner.command.help)))


def _inside(inner: typer.Context, text: tuple[str, ...]) -> Iterator[str]:
    """Yield a sub-command, which is told of on its group's page."""
    yield from (f".SS {_text(' '.join(text[1:]))}", *_paragraphs(inner.command.help))
    yield from (".PP", f".B {_text(' '.join(text))}", *_usage(inner))
    yield from _options(inner, "")


def _see_also(names: list[str]) -> str:
    others = [f"{PROGRAM}-{name}" for name in names] or [PROGRAM]
    return ", ".join(f"\\fB{_text(name)}\\fR(1)" for name in others)


def _usage(context: typer.Context) -> list[str]:
    return [_text(" ".join(context.command.collect_usage_pieces(context)))]


def _options(context: typer.Context, heading: str) -> list[str]:
    records = [p.get_help_record(context) for p in context.command.get_params(context)]
    shown = [record for record in records if record is not None]
    lines = [heading] if heading and shown else []
    for names, text in shown:
        lines += [".TP", f".B {_text(names)}", _text(text) or "\\&"]
    return lines


def _paragraphs(text: str | None) -> list[str]:
    blocks = (text or "").strip().split("\n\n")
    return [line for block in blocks for line in (".PP", _text(" ".join(block.split())))][1:]


def _first(text: str | None) -> str:
    """Return the first sentence, without its full stop."""
    return " ".join((text or "").strip().split("\n\n")[0].split()).rstrip(".")


def _text(text: str | None) -> str:
    """Spell words so that troff prints them as they are."""
    plain = " ".join((text or "").split()).replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{plain}" if plain.startswith((".", "'")) else plain


def main() -> None:
    """Write them into a folder."""
    configure_logging("man-pages", private=False)
    parser = argparse.ArgumentParser(prog="man_pages", description=__doc__)
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.1"):
        old.unlink()
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
