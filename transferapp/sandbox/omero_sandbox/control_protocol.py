"""What comes over the control socket: read a line, check it, do it, answer in a sentence."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator
from typing import Any

from pydantic import ConfigDict, ValidationError, validate_call

from transferapp.errors import Invalid, TransferAppError
from transferapp.sandbox.omero_sandbox.control import Control

_PREFIX = "do_"
_EXAMPLE = 'One line is one object: {"command": "slow_step", "seconds": 2}'
#: A text is no number, and 1 is no truth.
_STRICT = ConfigDict(strict=True)


def answer(control: Control, line: bytes) -> dict[str, Any]:
    """Do one command; what goes wrong is told, never raised."""
    try:
        name, values = _stated(line)
        return {"ok": True, **(_done(control, name, values) or {})}
    except TransferAppError as error:
        return {"ok": False, "error": error.message}
    finally:
        control.commit()


def described() -> Iterator[tuple[str, str]]:
    """Yield how each command is written, and what happens."""
    for name in _names():
        text = inspect.getdoc(getattr(Control, _PREFIX + name)) or ""
        yield usage(name), " ".join(text.partition("\n\n")[0].split())


def usage(name: str) -> str:
    """Return ``slow_step seconds [log_every]``."""
    stated = inspect.signature(getattr(Control, _PREFIX + name)).parameters.values()
    needed = [one.name if one.default is one.empty else f"[{one.name}]" for one in stated]
    return " ".join([name, *needed[1:]])


def _names() -> list[str]:
    return [name.removeprefix(_PREFIX) for name in vars(Control) if name.startswith(_PREFIX)]


def _stated(line: bytes) -> tuple[str, dict[str, Any]]:
    try:
        values = json.loads(line)
    except ValueError as error:
        raise Invalid(f"This is no JSON ({error}). {_EXAMPLE}") from error
    if not isinstance(values, dict) or "command" not in values:
        raise Invalid(f"This is no object with a command. {_EXAMPLE}")
    name = values.pop("command")
    if name not in _names():
        raise Invalid(f"There is no command {name!r}. There are: {', '.join(_names())}.")
    return name, values


def _done(control: Control, name: str, values: dict[str, Any]) -> dict[str, Any] | None:
    command: Callable[..., dict[str, Any] | None] = getattr(control, _PREFIX + name)
    try:
        return validate_call(config=_STRICT)(command)(**values)
    except ValidationError as error:
        faults = "; ".join(_fault(one) for one in error.errors())
        raise Invalid(f"{name}: {faults}. It is written so: {usage(name)}.") from error


def _fault(one: Any) -> str:
    """Return what is wrong with one value, without the value: it may be a password."""
    where = ".".join(map(str, one["loc"]))
    kinds = {
        "missing_argument": f"{where} is missing",
        "unexpected_keyword_argument": f"there is no {where}",
    }
    return kinds.get(one["type"]) or f"{where}: {one['msg'][:1].lower()}{one['msg'][1:]}"
