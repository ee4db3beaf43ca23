"""Run what lasts: however it ends, the last line of its log says why."""

from __future__ import annotations

import functools
import sys
import traceback
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import typer

from transferapp.cli.output import ExitCode, exit_code
from transferapp.errors import TransferAppError
from transferapp.host import endings
from transferapp.host.hiding import hide_in_text
from transferapp.host.logging import configure_logging

P = ParamSpec("P")
R = TypeVar("R")


def service(name: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Give a process its log; say and keep why it ends by an error (see ``host.endings``)."""

    def around(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
            configure_logging(name)
            try:
                with endings.kept(name):
                    return function(*args, **kwargs)
            except TransferAppError as error:
                _show_last(name, error)
                raise typer.Exit(exit_code(error)) from error
            except (Exception, SystemExit) as error:
                if isinstance(error, SystemExit) and not error.code:
                    raise
                # Plain, without the values of variables: tokens are among them.
                sys.stderr.write(hide_in_text(traceback.format_exc()))
                _show_last(name, error)
                raise typer.Exit(ExitCode.PROBLEM) from error

        return wrapped

    return around


def _show_last(name: str, error: BaseException) -> None:
    sys.stderr.write(f"transferapp {name} ended: {endings.reason(error)}\n")
    sys.stderr.flush()
