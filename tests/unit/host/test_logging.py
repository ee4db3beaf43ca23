"""Logs of a process: one format, no secrets."""

from __future__ import annotations

import json
import logging
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import structlog

from transferapp.errors import SettingsInvalid
from transferapp.host.logging import configure_logging, log_the_end
from transferapp.host.private_file import append_private

TOKEN = "ta1_Abc-123_xyz"
SESSION = "0e2fbd1e-6c1f-4c0e-9c43-0f8a6e3f1c55"


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    hooks = (sys.excepthook, threading.excepthook, sys.unraisablehook)
    yield
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def line(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    shown: dict[str, Any] = json.loads(capsys.readouterr().err.splitlines()[-1])
    return shown


def test_lines_name_their_process(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("worker", json=True)
    structlog.get_logger("a.module").info("task done", task="t1", took_s=1.5)
    shown = line(capsys)
    assert shown["process"] == "worker"
    assert (shown["event"], shown["task"], shown["took_s"]) == ("task done", "t1", 1.5)
    assert (shown["level"], shown["logger"]) == ("info", "a.module")


def test_foreign_libraries_log_alike(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("server", json=True)
    logging.getLogger("foreign").warning("hello %s", "there", extra={"request": "r1"})
    shown = line(capsys)
    assert (shown["event"], shown["process"], shown["request"]) == (
        "hello there",
        "server",
        "r1",
    )


@pytest.mark.parametrize(
    ("message", "values"),
    [
        (f"sent {TOKEN} away", {}),
        ("asked", {"url": f"https://host/?grant={TOKEN}"}),
        ("asked", {"headers": {"Authorization": f"Bearer {TOKEN}"}}),
        ("asked", {"lines": [f"Authorization: Basic {TOKEN}", f"Bearer {TOKEN}"]}),
        ("signed in", {"password": TOKEN}),
        ("signed in", {"body": f'{{"password": "{TOKEN[4:]}"}}'}),
        ("signed in", {"body": f"user=ada&password={TOKEN[4:]}"}),
        ("opening", {"url": f"postgresql://ta:{TOKEN[4:]}@host/db"}),
        ("odd", {"thing": {"inner": [(TOKEN,)]}}),
        ("bytes", {"body": TOKEN.encode()}),
        ("nested", {"session_token": TOKEN[4:]}),
        ("sent", {"headers": ("Authorization", "Basic YWRhOkFiYy0xMjNfeHl6")}),
        ("signed", {"text": f"whsec_{TOKEN[4:]}"}),
        ("opening", {"url": f"postgresql:/ta:{TOKEN[4:]}@host/db"}),
        ("asked", {"request": httpx.Request("GET", f"https://ta:{TOKEN[4:]}@host/")}),
        ("connecting", {"text": f"host=db user=ta password='{TOKEN[4:]}' dbname=x"}),
        ("joined", {"text": f"sessionUuid: {TOKEN[4:]}"}),
        ("refused", {"text": f"Password check failed for '{SESSION}': id={TOKEN}"}),
        ("cookie", {"set-cookie": f"Cookie: {TOKEN[4:]}"}),
    ],
)
@pytest.mark.parametrize("as_json", [True, False])
def test_secrets_are_hidden(
    capsys: pytest.CaptureFixture[str], message: str, values: dict[str, Any], *, as_json: bool
) -> None:
    configure_logging("agent", json=as_json)
    structlog.get_logger().warning(message, **values)
    shown = capsys.readouterr().err
    assert TOKEN[4:] not in shown
    assert SESSION not in shown
    assert "[hidden]" in shown


@pytest.mark.parametrize("as_json", [True, False])
def test_secrets_in_tracebacks_are_hidden(
    capsys: pytest.CaptureFixture[str], *, as_json: bool
) -> None:
    configure_logging("agent", json=as_json)
    try:
        int(f"refused {TOKEN}")
    except ValueError:
        logging.getLogger("foreign").exception("it failed")
    shown = capsys.readouterr().err
    assert "ValueError" in shown
    assert TOKEN not in shown


def test_tracebacks_have_no_locals(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("agent")
    secret = "in-a-variable"

    def fail() -> None:
        inner = secret
        raise ValueError(str(len(inner)))

    try:
        fail()
    except ValueError:
        structlog.get_logger().exception("it failed")
    shown = capsys.readouterr().err
    assert "ValueError: 13" in shown
    assert secret not in shown


def test_a_line_that_cannot_be_made_shows_no_values(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logging("agent")
    logging.getLogger("foreign").warning("%d", TOKEN)
    shown = capsys.readouterr().err
    assert shown == "a line of foreign cannot be logged: TypeError\n"


@pytest.mark.parametrize(
    ("error", "last"),
    [
        (ValueError(f"two\nlines with {TOKEN}"), "ValueError: two lines with [hidden]"),
        (SettingsInvalid("TRANSFERAPP_PORT: no number."), "TRANSFERAPP_PORT: no number."),
    ],
)
def test_the_end_is_one_line(
    capsys: pytest.CaptureFixture[str], error: Exception, last: str
) -> None:
    configure_logging("agent", json=True)
    log_the_end(error)
    shown = line(capsys)
    assert last in shown["error"]
    assert (shown["event"], shown["level"]) == ("this process ends", "critical")
    assert shown["code"] == getattr(error, "code", "internal")


@pytest.mark.parametrize("text", ["Exception ignored in atexit callback", None])
def test_an_event_has_its_name_whatever_python_states(
    capsys: pytest.CaptureFixture[str], text: str | None
) -> None:
    configure_logging("agent", json=True)
    odd: Any = SimpleNamespace(err_msg=text, object=Path(), exc_value=ValueError("x"))
    sys.unraisablehook(odd)
    shown = line(capsys)
    assert (shown["event"], shown["text"]) == ("an error in passing", text)
    assert "ValueError: x" in shown["exception"]


def test_files_behind_the_streams_are_narrowed(tmp_path: Path) -> None:
    """Whoever made them: a service unit, a shell, an earlier release."""
    log = tmp_path / "agent.log"
    log.touch()
    log.chmod(0o664)
    code = "from transferapp.host.logging import configure_logging as c; c('agent')"
    with log.open("ab") as output:
        subprocess.run([sys.executable, "-c", code], stdout=output, stderr=output, check=True)
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    log.chmod(0o644)
    append_private(log).close()
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_repeating_adds_no_second_line(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(3):
        configure_logging("agent", json=True)
    structlog.get_logger().info("once")
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_uvicorn_states_things_once(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("server", json=True)
    colours = {"color_message": "\x1b[36mStarted\x1b[0m"}
    logging.getLogger("uvicorn.error").info("Started", extra=colours)
    assert "color_message" not in capsys.readouterr().err
