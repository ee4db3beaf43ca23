"""Every command in the README works as written."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from typer.testing import CliRunner

from transferapp.cli.main import app

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [
    line
    for block in re.findall(r"^```sh\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
    if line.strip()
]
#: Run word for word by another test.
HEADLESS_DEMO = "python3 installers/bootstrap.py demo --headless --out demo-report"
OMERO_DEMO = "python3 installers/bootstrap.py demo --repository omero-sandbox --out demo-omero"
COVERED = {HEADLESS_DEMO: "tests/e2e/test_demo.py", OMERO_DEMO: "tests/e2e/test_demo_omero.py"}


def test_readme_has_the_two_commands() -> None:
    assert "python3 installers/bootstrap.py demo" in COMMANDS
    assert "python3 installers/bootstrap.py test" in COMMANDS
    for command, file in COVERED.items():
        assert command in COMMANDS
        assert command in (ROOT / file).read_text(encoding="utf-8")


def runs_inside(command: str) -> bool:
    """Tell whether this very test run was started by the command (CI does)."""
    text = command.split()[1:]
    return any(
        process.cmdline()[1 : 1 + len(text)][-len(text) :] == text
        for process in psutil.Process().parents()
        if len(process.cmdline()) > len(text)
    )


@pytest.mark.slow
@pytest.mark.screen
@pytest.mark.timeout(600)
@pytest.mark.parametrize("command", [line for line in COMMANDS if line not in COVERED])
def test_command_works_as_written(command: str, short_path: Path) -> None:
    if command.endswith("bootstrap.py test"):
        if runs_inside(command):
            return  # we are its result
        command += " tests/architecture/test_errors.py"
    written = re.sub(r"--out (\S+)", lambda m: f"--out {short_path / m.group(1)}", command)
    environment = {
        k: v for k, v in os.environ.items() if k not in {"DISPLAY", "WAYLAND_DISPLAY"}
    }
    if " demo" in command:
        environment["TMPDIR"] = str(short_path)  # where it leaves its report without --out
    done = subprocess.run(
        written.replace("python3", sys.executable, 1).split(),
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    if " demo" in command:
        assert list(short_path.rglob("report.json"))


def test_every_program_in_the_table_exists() -> None:
    table = re.findall(r"^\| `transferapp ([\w-]+)", README, re.MULTILINE)
    assert len(table) > 8
    listed = subprocess.run(
        [sys.executable, "-m", "transferapp", "--help"],
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    for name in table:
        assert name in listed
        done = CliRunner().invoke(app, [name, "--help"])
        assert done.exit_code == 0, name + done.output
