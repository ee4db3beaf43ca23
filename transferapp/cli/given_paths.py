"""Paths of the command line: an empty one is a script's unset variable, never a folder."""

from __future__ import annotations

import errno
from pathlib import Path

import typer


def given_path(text: str) -> Path:
    """Return the path that was given; an empty one ends the command like a wrong option.

    ``Path("")`` is the current folder: ``import "$UNSET"`` would take all of it.
    """
    if not text.strip():
        raise typer.BadParameter(
            "A path is empty. Name a file or folder; '.' is the current folder."
        )
    path = Path(text)
    _check_length(path)
    return path


def _check_length(path: Path) -> None:
    try:
        path.lstat()
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise typer.BadParameter(
                f"'{path.name[:40]}…' is longer than names on this computer can be. Give a"
                " shorter path."
            ) from None
