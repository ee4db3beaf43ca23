"""A facility's package with adapters of its own: built, installed, named in the settings."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "tests" / "support" / "example_extension"
OFFLINE = ("--no-deps", "--no-index", "--disable-pip-version-check", "-q")

OPENED = """
import asyncio
from transferapp.notify.port import Batch, NotableEvent, NotificationChannel, Preferences
from transferapp.worker.settings import WorkerSettings
from transferapp.worker.wiring import open_parts
from datetime import UTC, datetime

async def main():
    parts = open_parts(WorkerSettings())
    notable = NotableEvent(1, "k", "alice", "t", "done", "Imported", "All.", datetime.now(UTC))
    batch = Batch("b1", NotificationChannel.WEBHOOK, "alice", (notable,))
    for _ in range(2):
        await parts.senders.webhook.send(batch, Preferences("alice"))
    print(parts.repository.name)
    await parts.close()

asyncio.run(main())
"""


@dataclass(frozen=True)
class Installed:
    """An environment that has the example's wheel, and all that this one has."""

    python: Path
    home: Path

    def run(self, *command: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run Python there with these settings."""
        ours = {"PYTHONPATH": str(ROOT), "TRANSFERAPP_HOME": str(self.home)}
        return subprocess.run(
            [str(self.python), *command],
            cwd=self.home,
            env={**os.environ, **ours, **settings},
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )


def pip(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "pip", *arguments], check=True)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("extension")
    shutil.copytree(EXAMPLE, folder / "source")
    wheels = folder / "wheels"
    source = str(folder / "source")
    pip("wheel", *OFFLINE, "--no-build-isolation", "--wheel-dir", str(wheels), source)
    (wheel,) = wheels.glob("transferapp_shelf-1.0-*.whl")
    environment = folder / "environment"
    venv.create(environment, with_pip=False)
    python = environment / "bin" / "python"
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = environment / "lib" / version / "site-packages"
    (packages / "ours.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    pip("--python", str(python), "install", *OFFLINE, str(wheel))
    home = folder / "home"
    home.mkdir()
    return Installed(python, home)


def test_it_passes_the_suites_of_the_port(installed: Installed) -> None:
    done = installed.run(
        "-m", "pytest", "-v", "-p", "no:napari", "-p", "no:cacheprovider",
        "--rootdir", str(EXAMPLE), "-c", str(EXAMPLE / "pyproject.toml"),
        str(EXAMPLE / "suite"),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    # Suites of both ports, none of their tests left out.
    assert {"shelf_conformance.py", "chime_conformance.py"} <= set(
        re.findall(r"\w+_conformance\.py", done.stdout)
    )
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout


def test_a_worker_opens_what_its_settings_name(installed: Installed) -> None:
    done = installed.run(
        "-c",
        OPENED,
        TRANSFERAPP_REPOSITORY="shelf",
        TRANSFERAPP_NOTIFY_WEBHOOK="chime",
        SHELF_FOLDER=str(installed.home / "shelf"),
        CHIME_FILE=str(installed.home / "chime.txt"),
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "shelf"
    assert (installed.home / "chime.txt").read_text("utf-8") == "b1 alice: Imported\n"


@pytest.mark.parametrize(
    ("process", "setting", "name", "text"),
    [
        ("server", "REPOSITORY", "self", "'self' is not known. Use local, omero or shelf."),
        ("worker", "REPOSITORY", "shelf", "SHELF_FOLDER is not set."),
        ("worker", "NOTIFY_WEBHOOK", "bell", "'bell' is not known. Use http or chime."),
        (
            "server",
            "NOTIFY_MAIL",
            "chime",
            "transferapp-shelf 1.0 brings, and that is no MailSender: it lacks send_code.",
        ),
    ],
)
def test_a_process_ends_by_stating_what_is_wrong(
    installed: Installed, process: str, setting: str, name: str, text: str
) -> None:
    done = installed.run("-m", "transferapp", process, **{f"TRANSFERAPP_{setting}": name})
    assert done.returncode == 1, done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"transferapp {process} ended: ")
    assert text in last
    assert "Traceback" not in done.stderr


def test_a_package_that_does_not_load_is_reported_by_name(
    installed: Installed, tmp_path: Path
) -> None:
    broken = tmp_path / "ourlab-2.1.dist-info"
    broken.mkdir()
    (broken / "METADATA").write_text("Metadata-Version: 2.1\nName: ourlab\nVersion: 2.1\n")
    (broken / "entry_points.txt").write_text(
        "[transferapp.repositories]\nvault = ourlab.vault:open_vault\n"
    )
    paths = os.pathsep.join([str(ROOT), str(tmp_path)])
    done = installed.run(
        "-m", "transferapp", "worker", TRANSFERAPP_REPOSITORY="vault", PYTHONPATH=paths
    )
    assert done.returncode == 1, done.stderr
    assert (
        "TRANSFERAPP_REPOSITORY is 'vault', which ourlab 2.1 brings, and that cannot be loaded"
        " (ModuleNotFoundError: No module named 'ourlab')." in done.stderr.splitlines()[-1]
    )
