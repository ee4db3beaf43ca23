"""Every shape of the wire can be dumped in a process that used no other one before."""

from __future__ import annotations

import importlib
import pkgutil

from transferapp import protocol
from transferapp.protocol.messages import Message


def shapes() -> list[type[Message]]:
    for module in pkgutil.iter_modules(protocol.__path__, "transferapp.protocol."):
        importlib.import_module(module.name)
    found: list[type[Message]] = []
    open_ends: list[type[Message]] = [Message]
    while open_ends:
        subclasses = open_ends.pop().__subclasses__()
        found += subclasses
        open_ends += subclasses
    return found


def test_no_shape_waits_to_be_built() -> None:
    """``show_json`` dumps by TypeAdapter(Any), which builds nothing, and FastAPI's shapes
    would warn of their aliases: ``defer_build`` is not for us.
    """
    assert len(shapes()) > 30
    assert [one.__name__ for one in shapes() if one.model_config.get("defer_build")] == []
