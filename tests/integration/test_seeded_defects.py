"""Whatever goes wrong in whichever process: no log shows a secret, and none is for others.

Each process is started for real, with a defect that a person's grant was in the middle of.
"""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SEED = ROOT / "tests" / "support" / "seeded_defect"
TOKEN = "ta1_Zm9yYmlkZGVu-seeded_0123456789"
PASSWORD = "hunter2-the-password"
CLI = ("-m", "transferapp")


class Run:
    """One process in a home of its own, its output in a file that others could read."""

    def __init__(self, home: Path, command: tuple[str, ...], defect: str) -> None:
        self.home = home
        self.log = home / "process.log"
        self.log.touch()
        self.log.chmod(0o644)
        self.environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join((str(SEED), str(ROOT))),
            "SEEDED_DEFECT": defect,
            "SEEDED_TOKEN": TOKEN,
            "SEEDED_PASSWORD": PASSWORD,
            "TRANSFERAPP_HOME": str(home),
            "TRANSFERAPP_PORT": "0",
            "QT_QPA_PLATFORM": "offscreen",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        }
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *command],
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=home,
            )

    def text(self) -> str:
        return self.log.read_text(errors="replace")

    def until_stated(self, text: str) -> None:
        until = time.monotonic() + 60
        while text not in self.text():
            assert time.monotonic() < until, self.text()
            assert self.process.poll() is None or text in self.text(), self.text()
            time.sleep(0.05)

    def end(self) -> int:
        """Ask it to end, if it has not, and return its exit code."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            return self.process.wait(30)
        finally:
            self.process.kill()

    def shows_no_secret(self) -> None:
        for path in self.home.rglob("*"):
            if path.is_file():
                content = path.read_bytes()
                assert TOKEN.encode()[4:] not in content, f"{path}:\n{self.text()}"
                assert PASSWORD.encode() not in content, f"{path}:\n{self.text()}"
        text = self.text()
        assert "locals" not in text
        assert "SeededDefect" in text, text

    def is_private(self) -> None:
        for path in self.home.rglob("*.log"):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


@pytest.fixture
def home() -> Iterator[Path]:
    # The agent's socket has a path of at most 103 bytes.
    with tempfile.TemporaryDirectory(prefix="ta-") as folder:
        yield Path(folder)


DYING = {
    "server": ((*CLI, "server"), "transferapp.server.wiring:open_parts"),
    "worker": ((*CLI, "worker"), "transferapp.worker.wiring:open_parts"),
    "agent": ((*CLI, "agent"), "transferapp.agent.wiring:make_workbench"),
    "desktop": ((*CLI, "desktop"), "transferapp.desktop.wiring:build"),
    "cli": ((*CLI, "transfers", "list"), "transferapp.cli.signed_in:server_client"),
    "viewer": (
        ("-m", "transferapp.desktop.viewer.process"),
        "transferapp.desktop.viewer.opengl:prepare_opengl",
    ),
    "omero-sandbox": (
        (*CLI, "omero-sandbox", "--dir", ".", "--tcp", "0"),
        "transferapp.sandbox.omero_sandbox.sandbox:Sandbox.__init__",
    ),
    "demo": ((*CLI, "demo", "--headless"), "transferapp.host.resources:resource"),
    "bench": (
        ("-m", "transferapp.sandbox.bench", "data", "--out", "out.json"),
        "transferapp.sandbox.bench.data:run",
    ),
}
#: They tell on the terminal of who started them, whose redirection is her own.
ON_A_TERMINAL = {"cli", "demo", "bench"}


@pytest.mark.parametrize("name", DYING)
def test_a_process_that_dies_states_why_and_shows_no_secret(home: Path, name: str) -> None:
    if name == "omero-sandbox" and importlib.util.find_spec("omero") is None:
        pytest.skip("needs the extra 'omero'")
    run = Run(home, *DYING[name])
    run.process.wait(90)
    assert run.end() == 1, run.text()
    run.shows_no_secret()
    last = run.text().splitlines()[-1]
    assert "SeededDefect: seeded, with [hidden] and password=[hidden]" in last
    for way in ("in a thread", "while closing", "by structlog", "by logging"):
        assert way in run.text()
    if name not in ON_A_TERMINAL:
        run.is_private()


LIVING = {
    "server": ("transferapp.ledger.stores.sql:SqlLedger.last_event_id", "server ready"),
    "worker": (
        "transferapp.taskqueue.dbos.circuit_monitor:CircuitMonitor.round",
        "worker ready",
    ),
    "agent": ("transferapp.agent.service:Agent._report_progress", "listening"),
    "desktop": (
        "transferapp.desktop.sign_in.presenter:SignInPresenter.resume",
        "a task of the desktop failed",
    ),
}


@pytest.mark.parametrize("name", LIVING)
def test_a_process_that_lives_on_shows_no_secret(home: Path, name: str) -> None:
    defect, ready = LIVING[name]
    run = Run(home, (*CLI, name), defect)
    try:
        run.until_stated(ready)
        run.until_stated("SeededDefect: seeded")
        run.process.send_signal(signal.SIGTERM)
        assert run.end() == 0, run.text()
    finally:
        run.process.kill()
    run.shows_no_secret()
    run.is_private()


def test_a_setting_that_is_wrong_is_the_last_line(home: Path) -> None:
    for name in ("server", "worker"):
        done = subprocess.run(
            [sys.executable, *CLI, name],
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "TRANSFERAPP_HOME": str(home),
                "TRANSFERAPP_REPOSITORY": "cupboard",
                "TRANSFERAPP_DATABASE_URL": f"sqlite:///{home}/x.db?password={PASSWORD}",
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 1, done.stderr
        assert "TRANSFERAPP_REPOSITORY: 'cupboard' is not known" in done.stderr.splitlines()[-1]
        assert "Traceback" not in done.stderr
        assert PASSWORD not in done.stdout + done.stderr


def test_the_guard_of_a_command_reports_nothing_of_its_order() -> None:
    guard = ROOT / "transferapp" / "commands" / "guard.py"
    order = {
        "argv": [TOKEN],
        "environment": {"SECRET": TOKEN},
        "folder": "/",
        "scratch": False,
        "grace_s": 1,
        "nice": TOKEN,
    }
    done = subprocess.run(
        [sys.executable, "-I", str(guard)],
        input=json.dumps(order) + "\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert json.loads(done.stderr) == {"error": "It could not be watched over (TypeError)."}
    assert TOKEN not in done.stdout + done.stderr
