"""Arguments that are not right end the sandbox with a sentence and exit code 2."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from transferapp.sandbox.omero_sandbox.fixture import make_certificate

pytest.importorskip("Ice", reason="needs zeroc-ice")

DOCS = Path(__file__).resolve().parents[3] / "docs" / "omero-sandbox.md"
_PASSWORD = "not-for-the-log"


def run(*arguments: str | Path) -> tuple[int, str]:
    """Start a sandbox that ends by itself; return its exit code and what it says."""
    argv = [sys.executable, "-m", "transferapp", "omero-sandbox", *map(str, arguments)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert "Traceback" not in done.stderr
    assert "communicator" not in done.stderr
    return done.returncode, " ".join((done.stdout + done.stderr).split())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--set", "nonsense"], "--set: 'nonsense' is no KEY=VALUE"),
        (["--set", "=value"], "--set: '=value' is no KEY=VALUE"),
        (["--set", "omero.fs.repo.path_rules=none"], "omero.fs.repo.path_rules"),
        (
            ["--tcp", "99999"],
            "--tcp: '99999' is no port: a number from 0 (any free one) to 65535",
        ),
        (["--wss", "-1"], "--wss: '-1' is no port"),
        (["--ws", "http"], "--ws: 'http' is no port"),
        (["--ssl", "0"], "--ssl needs --cert"),
        (["--tcp", "0", "--wss", "0"], "--wss needs --cert"),
        (["--ssl", "0", "--cert", "/nope.pem"], "--cert /nope.pem: No such file"),
        (["--cert", "/nope.pem"], "--cert /nope.pem: No such file"),
        (["--ssl", "0", "--cert", __file__], "certificate and its key"),
        (["--host", "no.such.invalid"], "--host no.such.invalid"),
        (["--host", "192.0.2.1"], "--host 192.0.2.1"),
        (["--host", ""], "--host"),
    ],
)
def test_wrong_arguments(tmp_path: Path, arguments: list[str], sentence: str) -> None:
    code, stated = run("--dir", tmp_path / "omero", *arguments)
    assert code == 2
    assert sentence in stated


def test_wrong_arguments_leave_no_folder(tmp_path: Path) -> None:
    run("--dir", tmp_path / "omero", "--set", "nonsense")
    assert not (tmp_path / "omero").exists()


def test_a_certificate_without_its_key(tmp_path: Path) -> None:
    made = make_certificate(tmp_path / "tls")
    code, stated = run("--dir", tmp_path / "omero", "--ssl", "0", "--cert", made.authority)
    assert code == 2
    assert "certificate and its key" in stated


def test_a_port_in_use(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, stated = run("--dir", tmp_path / "omero", "--tcp", str(port))
    assert code == 1
    assert f"--tcp {port}: another process" in stated


def test_two_transports_on_one_port(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    code, stated = run("--dir", tmp_path / "omero", "--tcp", port, "--ws", port)
    assert code == 2
    assert f"--tcp and --ws have the same port {port}" in stated


def test_help_explains_every_option_and_names_every_command() -> None:
    code, stated = run("--help")
    assert code == 0
    for option in ("--host", "--tcp", "--ssl", "--ws", "--wss", "--set", "--control"):
        explained = re.search(
            rf"{option} [A-Z=]+ (?!-)(\S+ \S+)", stated.partition("options:")[2]
        )
        assert explained, option
    assert "slow_step seconds [log_every]" in stated
    for command in documented():
        assert f" {command} " in stated, command


def documented() -> list[str]:
    """Return the commands of the table in the documentation."""
    table = DOCS.read_text(encoding="utf-8").partition("| Command | What happens |")[2]
    cells = [line.split("|")[1] for line in table.partition("\n\n")[0].splitlines()[2:]]
    return [name for cell in cells for name in re.findall(r"`(\w+)`", cell)]
