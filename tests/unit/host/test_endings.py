"""Why a process ended: one line, no secret, for its own account."""

from __future__ import annotations

from pathlib import Path

import pytest

from transferapp.errors import SettingsInvalid
from transferapp.host import endings


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TRANSFERAPP_HOME", str(tmp_path))
    monkeypatch.delenv("TRANSFERAPP_DATA", raising=False)
    return tmp_path


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("one\ntwo  three"), "ValueError: one two three"),
        (SettingsInvalid("Set it."), "A setting is wrong. Set it."),
        (SystemExit(3), "exit code 3"),
        (KeyError(), "KeyError"),
        (ExceptionGroup("many", [ExceptionGroup("few", [OSError("disk")])]), "OSError: disk"),
        (
            RuntimeError("cannot open postgresql://ta:hush@db/x with ta1_abcdef"),
            "RuntimeError: cannot open postgresql://[hidden]@db/x with [hidden]",
        ),
    ],
)
def test_the_reason_is_one_line_without_secrets(error: BaseException, line: str) -> None:
    assert endings.reason(error) == line


def test_a_long_reason_is_cut() -> None:
    assert len(endings.reason(ValueError("x" * 9000))) == 400


def test_it_is_kept_for_the_account_and_forgotten(home: Path) -> None:
    assert endings.ending(endings.WORKER) is None
    endings.leave(endings.WORKER, "first")
    endings.leave(endings.WORKER, "second")
    kept_there = endings.ending(endings.WORKER)
    assert kept_there is not None
    assert kept_there.line == "second"
    (kept,) = home.rglob("*.ended")
    assert kept.stat().st_mode & 0o777 == 0o600
    assert endings.ending(endings.SERVER) is None
    endings.forget(endings.WORKER)
    assert endings.ending(endings.WORKER) is None


def test_what_others_put_there_is_no_problem(home: Path, tmp_path: Path) -> None:
    endings.leave(endings.AGENT, "x")
    (kept,) = home.rglob("*.ended")
    for text in (
        "",
        "{",
        "[]",
        '{"at": 5, "line": "x"}',
        "\udcff".encode(errors="surrogateescape"),
    ):
        kept.write_bytes(text if isinstance(text, bytes) else text.encode())
        assert endings.ending(endings.AGENT) is None
    victim = tmp_path / "victim"
    victim.write_text("precious", encoding="utf-8")
    kept.unlink()
    kept.symlink_to(victim)
    endings.leave(endings.AGENT, "y")
    assert victim.read_text(encoding="utf-8") == "precious"


def test_a_folder_that_cannot_be_written_is_no_further_problem(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TRANSFERAPP_DATA", "/proc/nowhere")
    endings.leave(endings.SERVER, "x")
    endings.forget(endings.SERVER)
    assert endings.ending(endings.SERVER) is None
