"""Other people's OMERO programs, in an environment of their own (group ``omero-programs``)."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

import ice_wheel
from tests.support.other_environments import apart, environment_of
from transferapp.sandbox.omero_sandbox.fixture import RunningSandbox

_START_S = 120.0
#: The ``omero`` command refuses to run as root, its module does not.
_OMERO = "import sys; from omero.cli import argv; sys.exit(argv(['omero', *sys.argv[1:]]))"


def omero_programs() -> Path:
    """Return the Python of the environment; it is made once, from PyPI, and kept."""
    wheels = ice_wheel.ensure_wheel(Path(sys.executable)).parent
    return environment_of("omero-programs", "--find-links", str(wheels))


@contextmanager
def omero_web(python: Path, sandbox: RunningSandbox, folder: Path) -> Iterator[str]:
    """Run OMERO.web on a sandbox (over ssl, as it does); yields its address."""
    (folder / "etc" / "grid").mkdir(parents=True)
    (folder / "var" / "log").mkdir(parents=True)
    environment = apart(
        OMERODIR=str(folder), OMERO_USERDIR=str(folder / "user"), HOME=str(folder),
        DJANGO_SETTINGS_MODULE="omeroweb.settings", PYTHONWARNINGS="ignore",
    )  # fmt: skip

    def run(*arguments: str) -> None:
        subprocess.run(
            [str(python), *arguments], env=environment, check=True, capture_output=True
        )

    servers = [["127.0.0.1", sandbox.port("ssl"), "sandbox"]]
    for key, value in (
        ("server_list", json.dumps(servers)),
        ("debug", "true"),
        ("application_server", "development"),
    ):
        run("-c", _OMERO, "config", "set", f"omero.web.{key}", value)
    run("-m", "django", "collectstatic", "--noinput")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        at = f"127.0.0.1:{free.getsockname()[1]}"
    serve = [str(python), "-m", "django", "runserver", "--noreload", "--insecure", at]
    with (folder / "web.log").open("w") as log:
        process = subprocess.Popen(serve, env=environment, stdout=log, stderr=log)
    try:
        _wait(f"http://{at}/webclient/login/", folder / "web.log")
        yield f"http://{at}"
    finally:
        process.terminate()
        process.wait()


def _wait(url: str, log: Path) -> None:
    ends = time.monotonic() + _START_S
    while True:
        try:
            httpx.get(url, trust_env=False, timeout=60).raise_for_status()
        except httpx.TransportError:
            if time.monotonic() > ends:
                raise AssertionError(log.read_text()[-2000:]) from None
            time.sleep(0.3)
        else:
            return


class OmeroPrograms:
    """The ``omero`` command with its plugins, signed in on a sandbox as alice."""

    def __init__(self, python: Path, sandbox: RunningSandbox, home: Path) -> None:
        """Keep sessions below ``home``, which is short: they are named in socket paths."""
        self._python = python
        self._environment = apart(
            HOME=str(home), OMERO_SESSIONDIR=str(home / "sessions"),
            OMERO_USERDIR=str(home / "user"), PYTHONWARNINGS="ignore",
            QT_QPA_PLATFORM="offscreen",
        )  # fmt: skip
        server, secret = sandbox.url("ssl"), sandbox.password
        self.run("login", "-s", server, "-u", "alice", "-w", secret)

    def run(self, *arguments: str) -> str:
        """Run a command that must work; return all that it printed."""
        done = self._ended(_OMERO, *arguments)
        return (done.stdout + done.stderr).strip()

    def python(self, code: str, *arguments: object, display: str = "") -> str:
        """Run Python with these packages, on a screen if named; return what it printed."""
        screen = {"QT_QPA_PLATFORM": "xcb", "DISPLAY": display} if display else {}
        return self._ended(code, *map(str, arguments), **screen).stdout

    def _ended(
        self, code: str, *arguments: str, **more: str
    ) -> subprocess.CompletedProcess[str]:
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                [str(self._python), "-c", code, *arguments], env={**self._environment, **more},
                capture_output=True, text=True, timeout=110, check=False, cwd=folder,
            )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done
