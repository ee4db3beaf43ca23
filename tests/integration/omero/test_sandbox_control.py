"""The control socket refuses what it does not understand, in a sentence."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from transferapp.sandbox.omero_sandbox.fixture import RunningSandbox

pytest.importorskip("Ice", reason="needs zeroc-ice")

#: A command, and what its refusal says.
REFUSED: list[tuple[dict[str, Any], str]] = [
    (
        {"command": "slow_step", "seconds": "x"},
        "slow_step: seconds: input should be a valid number",
    ),
    ({"command": "slow_step", "seconds": True}, "seconds: input should be"),
    ({"command": "slow_step", "seconds": -1}, "seconds: input should be greater"),
    ({"command": "slow_step", "seconds": float("nan")}, "seconds: input should be a finite"),
    (
        {"command": "slow_step"},
        "seconds is missing. It is written so: slow_step seconds [log_every].",
    ),
    ({"command": "slow_step", "seconds": 1, "every": 2}, "slow_step: there is no every."),
    ({"command": "advance", "hours": float("inf")}, "advance: hours"),
    ({"command": "busy_queue", "on": "no"}, "busy_queue: on: input should be"),
    ({"command": "import_steps", "count": 7}, "import_steps: count: input should be 5 or 6"),
    ({"command": "fail_step", "step": 1.5}, "fail_step: step: input should be a valid integer"),
    ({"command": "wrong_checksum", "count": -1}, "wrong_checksum: count"),
    ({"command": "hold", "place": "x", "number": 0}, "hold: number"),
    ({"command": "add_group", "name": "new", "permissions": "zzz"}, "add_group: permissions"),
    ({"command": "add_group", "name": ""}, "add_group: name"),
    ({"command": "add_group", "name": "lab"}, "'lab' is there already."),
    ({"command": "add_user"}, "name is missing; password is missing; groups is missing."),
    (
        {"command": "add_user", "name": "alice", "password": "p", "groups": []},
        "'alice' is there already.",
    ),
    (
        {"command": "add_user", "name": "new", "password": "p", "groups": ["x"]},
        "There is no group 'x'.",
    ),
    (
        {"command": "add_user", "name": "new", "password": "p", "groups": "lab"},
        "groups: input should be a valid list",
    ),
    ({"command": "join_group", "name": "alice", "group": "x"}, "There is no group 'x'."),
    ({"command": "join_group", "name": "x", "group": "lab"}, "There is no person 'x'."),
    ({"command": "leave_group", "name": "x", "group": "lab"}, "There is no person 'x'."),
    ({"command": "leave_group", "name": "alice", "group": "x"}, "There is no group 'x'."),
    ({"command": "close_sessions", "user": "x"}, "There is no person 'x'."),
    (
        {"command": "set", "key": "omero.version", "value": 5},
        "set: value: input should be a valid string",
    ),
    (
        {"command": "set", "key": "omero.fs.repo.path_rules", "value": "x"},
        "names no rules for paths",
    ),
    ({"command": "set_group", "name": "x", "key": "k", "value": "v"}, "There is no group 'x'."),
    ({"command": "nonsense"}, "There is no command 'nonsense'. There are: freeze,"),
    ({"command": 5}, "There is no command 5."),
    ({"command": None}, "There is no command None."),
    ({}, "This is no object with a command."),
]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    folder = tmp_path_factory.mktemp("control") / "omero"
    with RunningSandbox(folder, transports=("tcp",)) as running:
        yield running


def answers(sandbox: RunningSandbox, *lines: bytes) -> list[dict[str, Any]]:
    """Send lines over one connection."""
    with socket.socket(socket.AF_UNIX) as wire:
        wire.settimeout(20)
        wire.connect(str(sandbox.control_socket))
        wire.sendall(b"".join(line + b"\n" for line in lines))
        with wire.makefile() as answered:
            return [json.loads(answered.readline()) for _ in lines]


@pytest.mark.parametrize(("command", "sentence"), REFUSED)
def test_refused(sandbox: RunningSandbox, command: dict[str, Any], sentence: str) -> None:
    [answer] = answers(sandbox, json.dumps(command).encode())
    assert not answer["ok"]
    assert sentence in answer["error"]
    assert "Error" not in answer["error"]


def test_what_is_refused_changes_nothing(sandbox: RunningSandbox) -> None:
    database = sandbox.folder / "database.jsonl"
    before = database.read_bytes()
    answers(sandbox, *(json.dumps(command).encode() for command, _sentence in REFUSED))
    assert database.read_bytes() == before


def test_a_password_is_not_repeated(sandbox: RunningSandbox) -> None:
    stated = {"command": "add_user", "name": 1, "password": ["secret-word"], "groups": []}
    [answer] = answers(sandbox, json.dumps(stated).encode())
    assert "add_user: name: " in answer["error"]
    assert "secret-word" not in json.dumps(answer)


def test_what_is_no_json_ends_no_connection(sandbox: RunningSandbox) -> None:
    wrong = [b"freeze", b"", b"\xff\xfe", b"[1]", b'"freeze"', b"{" * 5000]
    *refused, status = answers(sandbox, *wrong, b'{"command": "status"}')
    assert [one["ok"] for one in refused] == [False] * len(wrong)
    assert all("One line is one object" in one["error"] for one in refused)
    assert status["ok"]


def test_one_who_is_in_a_group_joins_it_once(sandbox: RunningSandbox) -> None:
    sandbox.control("join_group", name="bob", group="lab")
    sandbox.control("leave_group", name="bob", group="lab")
    sandbox.control("join_group", name="bob", group="lab")
    database = sandbox.folder / "database.jsonl"
    before = database.read_bytes()
    sandbox.control("join_group", name="bob", group="lab")
    assert database.read_bytes() == before
