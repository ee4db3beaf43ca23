"""Other packages bring kinds of tasks; a broken one keeps nobody from working."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest
from pydantic import BaseModel

from transferapp.errors import SettingsInvalid
from transferapp.taskqueue.port import Context, TaskKind
from transferapp.worker.extensions import GROUP, with_extensions


class Nothing(BaseModel):
    """A payload."""


async def run(_context: Context, _payload: Nothing) -> None:
    return


def made() -> TaskKind:
    return TaskKind("made-elsewhere", Nothing, run)


def broken() -> TaskKind:
    raise RuntimeError("not today")


def no_kind() -> str:
    return "kind"


def entry(name: str) -> EntryPoint:
    return EntryPoint(name, f"{__name__}:{name}", GROUP)


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys  # noqa: PLC0415

    module = type(sys)(__name__)
    for function in (made, broken, no_kind):
        setattr(module, function.__name__, function)
    monkeypatch.setitem(sys.modules, __name__, module)


def test_kinds_of_others_are_added() -> None:
    own = TaskKind("own", Nothing, run)
    assert [k.name for k in with_extensions([own], [entry("made")])] == [
        "own",
        "made-elsewhere",
    ]


@pytest.mark.parametrize("name", ["broken", "no_kind", "absent"])
def test_a_broken_one_is_left_out(name: str) -> None:
    own = TaskKind("own", Nothing, run)
    assert with_extensions([own], [entry(name)]) == [own]


def test_a_name_is_taken_once() -> None:
    with pytest.raises(SettingsInvalid, match="made-elsewhere"):
        with_extensions([made()], [entry("made")])
