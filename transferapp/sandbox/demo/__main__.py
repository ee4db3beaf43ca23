"""``python -m transferapp.sandbox.demo``: play the story, or open the desktop for a person."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import FrameType

import psutil

from transferapp.host.logging import configure_logging
from transferapp.host.resources import resource
from transferapp.sandbox.demo import evidence
from transferapp.sandbox.demo.screen import PrivateScreen
from transferapp.sandbox.demo.story import (
    DATASET,
    PASSWORD,
    PROJECT,
    USERNAME,
    DemoResult,
    Story,
)
from transferapp.sandbox.installation_repositories import running_sandbox
from transferapp.sandbox.local_installation import InstallationError, LocalInstallation

#: The folders of the sample data that are dropped; damaged files and formats that need
#: the extra 'readers' are left out.
DROPPED = (
    "ome-tiff-companion-ecoli",
    "ome-tiff-multifile-organoid",
    "ome-tiff-pyramid",
    "ome-tiff-timelapse",
    "ome-zarr-v04-confocal-5d",
    "ome-zarr-v05-organoid",
    "png-cells",
    "tiff-channels-cells",
    "tiff-rgb-histology",
)
FOLDER = "Sample images"
SANDBOX = "omero-sandbox"
STARTED = time.monotonic()


def echo(text: str) -> None:
    """Tell the terminal, with the seconds since the start."""
    print(f"[{time.monotonic() - STARTED:6.1f} s] {text}", flush=True)  # noqa: T201


def copy_samples(home: Path) -> Path:
    """Put the sample images where a microscope would have left them."""
    folder = home / FOLDER
    for name in DROPPED:
        shutil.copytree(resource("sample-data", name), folder / name)
    return folder


@contextmanager
def staged(
    home: Path, kind: str, environment: dict[str, str] | None = None
) -> Iterator[LocalInstallation]:
    """Prepare the processes on the repository of this kind."""
    with ExitStack() as stack:
        repository = None
        if kind == SANDBOX:
            echo("an OMERO sandbox is starting; everything goes through OMERO's own protocol")
            repository = stack.enter_context(running_sandbox(home / "omero", PASSWORD))
        yield stack.enter_context(LocalInstallation(home, environment, repository))


def play_by_itself(home: Path, out: Path, kind: str) -> int:
    """Play the story under Xvfb; returns the exit code."""
    folder = copy_samples(home)
    with PrivateScreen(home) as screen, staged(home, kind, screen.environment) as installation:
        asyncio.run(installation.add_people(PASSWORD))
        echo("server, worker and workstation service are starting")
        installation.start_all()
        with attended(installation):
            asyncio.run(installation.add_target(USERNAME, PASSWORD, PROJECT, DATASET))
            notable = Story((installation, screen), folder, out, echo).play()
        report = make_report(installation, folder, out, notable)
    (out / "report.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    good = is_good(report)
    echo(f"report and screenshots: {out}")
    echo("everything arrived exactly once" if good else "SOMETHING IS WRONG: see report.json")
    return 0 if good else 1


@contextmanager
def attended(installation: LocalInstallation) -> Iterator[None]:
    """Raise InstallationError, whatever is waited for, when a process of the stage ends."""
    ended: list[InstallationError] = []
    waiting = threading.get_ident()

    def interrupt(error: InstallationError) -> None:
        ended.append(error)
        signal.pthread_kill(waiting, signal.SIGINT)

    try:
        with installation.watched(interrupt):
            yield
    except KeyboardInterrupt:
        if ended:
            raise ended[0] from None
        raise


def make_report(
    installation: LocalInstallation, folder: Path, out: Path, notable: DemoResult
) -> dict[str, object]:
    """Read every figure from the running system, after the fact."""
    files, images = evidence.import_rows(folder, installation.repository.open(), USERNAME)
    return {
        "files": files,
        "images": images,
        "exports": evidence.export_rows(
            folder, out / "exported" / PROJECT / DATASET, notable.exported_paths
        ),
        "first_pixels_ms": notable.first_pixels_ms,
        "safe_to_log_off_s": notable.safe_to_log_off_s,
        "notifications": notable.notifications,
        "screenshots": notable.screenshots,
    }


def is_good(report: dict[str, object]) -> bool:
    """Tell whether every byte arrived exactly once."""
    files, exports = report["files"], report["exports"]
    if not isinstance(files, list) or not isinstance(exports, list):
        return False
    return (
        bool(files)
        and bool(exports)
        and all(row["sha1_source"] == row["sha1_repository"] for row in files)
        and all(row["sha256_source"] == row["sha256_export"] for row in exports)
    )


def open_for_a_person(home: Path, kind: str) -> int:
    """Open the desktop on the screen that is there, until it is closed."""
    folder = copy_samples(home)
    with staged(home, kind) as installation:
        asyncio.run(installation.add_people(PASSWORD))
        installation.start_all()
        echo(f"sign in at {installation.url} as '{USERNAME}' with the password '{PASSWORD}'")
        echo(f"then drop this folder on the window: {folder}")
        echo("close the window or press Ctrl-C to end; nothing is left behind")
        ended: list[InstallationError] = []

        def report(error: InstallationError) -> None:
            ended.append(error)
            echo(str(error))

        with installation.watched(report):
            done = subprocess.run(
                [sys.executable, "-m", "transferapp", "desktop"],
                env=installation.environment,
                check=False,
            )
        return done.returncode or int(bool(ended))


def stop(_signal: int, _frame: FrameType | None) -> None:
    """Let SIGTERM unwind like Ctrl-C, so that nothing is left behind."""
    raise KeyboardInterrupt


def end_children() -> None:
    """Kill what is still ours: Ctrl-C may fall between a start and the note of it."""
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            child.kill()


def main() -> int:
    """Parse the arguments and play."""
    configure_logging("demo", private=False)
    parser = argparse.ArgumentParser(prog="demo", description=__doc__)
    parser.add_argument("--headless", action="store_true", help="play by itself under Xvfb")
    parser.add_argument("--out", type=Path, help="folder for screenshots and report.json")
    parser.add_argument(
        "--repository",
        choices=["local", SANDBOX],
        default="local",
        help="where images go: the embedded repository, or OMERO's protocol in a sandbox",
    )
    given = parser.parse_args()
    # Also where a background job of a shell would have Ctrl-C ignored.
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    headless = given.headless or not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
    # A short name: paths of Unix sockets hold 107 bytes.
    with tempfile.TemporaryDirectory(prefix="ta-demo-") as home:
        try:
            if not headless:
                return open_for_a_person(Path(home), given.repository)
            out = given.out or Path(tempfile.mkdtemp(prefix="transferapp-demo-"))
            out = out.resolve()
            out.mkdir(parents=True, exist_ok=True)
            return play_by_itself(Path(home), out, given.repository)
        except InstallationError as error:
            echo(str(error))
            return 1
        except KeyboardInterrupt:
            echo("stopped; nothing is left behind")
            return 130
        finally:
            end_children()


if __name__ == "__main__":
    raise SystemExit(main())
