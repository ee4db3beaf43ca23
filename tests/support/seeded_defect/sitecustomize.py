"""Seed a defect into a process of ours: a test puts this folder on PYTHONPATH.

SEEDED_DEFECT names a function, ``module:Class.method``; it raises, with secrets in its local
variables and in the text of its error, in each of the ways in which errors come out.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.abc
import importlib.machinery
import importlib.util
import inspect
import logging
import os
import sys
import threading
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import structlog
from typing_extensions import override

TOKEN = os.environ.get("SEEDED_TOKEN", "")
PASSWORD = os.environ.get("SEEDED_PASSWORD", "")


class SeededDefect(RuntimeError):
    """What the process has to live with, or die of."""


class _Closing:
    """Raises where nobody can catch it."""

    def __init__(self, grant: str) -> None:
        self.grant = grant

    def __del__(self) -> None:
        grant = self.grant
        raise SeededDefect(f"while closing, with {grant}")


def _in_thread(grant: str) -> None:
    password = PASSWORD
    raise SeededDefect(f"in a thread, with {grant} and postgresql://ada:{password}@host/db")


async def _in_task(grant: str) -> None:
    raise SeededDefect(f"in a task, with {grant}")


def _fail(grant: str) -> None:
    raise SeededDefect(f"caught, with {grant}")


def _caught(grant: str) -> None:
    try:
        _fail(grant)
    except SeededDefect:
        structlog.get_logger("seeded").exception("by structlog", header={"token": grant})
        logging.getLogger("seeded").exception("by logging, Authorization: Bearer %s", grant)
    logging.getLogger("seeded").warning("%d", grant)


def defect(*_: Any, **__: Any) -> Any:
    """Stand for the function; every local variable here is a secret."""
    grant, password = TOKEN, PASSWORD
    settings = {"password": password, "grant": grant}
    thread = threading.Thread(target=_in_thread, args=(grant,), name="seeded")
    thread.start()
    thread.join()
    with contextlib.suppress(RuntimeError):
        asyncio.get_running_loop().create_task(_in_task(grant))
    _caught(grant)
    _Closing(grant)
    raise SeededDefect(f"seeded, with {grant} and password={settings['password']}")


def _in_place_of(function: Any) -> Any:
    if not inspect.iscoroutinefunction(function):
        return defect

    async def later(*_: Any, **__: Any) -> Any:
        return defect()

    return later


class _Seeder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Loads one module as usual, then puts the defect into it."""

    def __init__(self, where: str) -> None:
        self._module, _, self._path = where.partition(":")
        self._real: importlib.abc.Loader | None = None

    @override
    def find_spec(
        self, name: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != self._module:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        assert spec is not None
        self._real, spec.loader = spec.loader, self
        return spec

    @override
    def create_module(self, _spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return None

    @override
    def exec_module(self, module: ModuleType) -> None:
        assert self._real is not None
        self._real.exec_module(module)
        owner: Any = module
        *path, name = self._path.split(".")
        for part in path:
            owner = getattr(owner, part)
        setattr(owner, name, _in_place_of(getattr(owner, name)))


if os.environ.get("SEEDED_DEFECT"):
    sys.meta_path.insert(0, _Seeder(os.environ["SEEDED_DEFECT"]))
