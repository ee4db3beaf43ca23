#!/usr/bin/env python3
"""Set TransferApp up on a fresh machine and run its demo, tests or benchmarks.

    python3 installers/bootstrap.py demo [--headless] [--out DIR]
    python3 installers/bootstrap.py test [pytest arguments]
    python3 installers/bootstrap.py bench NAME --out FILE.json

Standard library only: it runs before anything is installed. It makes ``.venv`` beside
this folder, installs what is missing, and hands over to the project's own code there.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import sqlite3  # noqa: TID251 - only asked for its version
import subprocess
import sys
import time
from pathlib import Path
from typing import NoReturn

import ice_wheel
from programs import Need, packages

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
#: The versions that CI passed with; made for one Python each, others resolve freely.
CONSTRAINTS = ROOT / "installers" / "constraints-py{}{}.txt".format(*sys.version_info)
STAMP = VENV / "transferapp-installed.txt"
OLDEST_PYTHON = (3, 11)

#: Whose programs and libraries are installed (installers/programs.py).
DEMO_NEEDS = (Need.WINDOW,)
HEADLESS_NEEDS = (Need.WINDOW, Need.HEADLESS)
TEST_NEEDS = (Need.WINDOW, Need.HEADLESS, Need.SANDBOX, Need.TEST)
#: From here on the queue runs on Python's own SQLite (transferapp/host/sqlite.py).
OLDEST_SQLITE = (3, 35)
DEMO_EXTRAS = "desktop,server"
TEST_EXTRAS = "desktop,server,readers,omero,omero-clients,dev"


def say(text: str) -> None:
    """Print a line of progress at once."""
    print(f"[bootstrap] {text}", flush=True)


def stop(text: str) -> NoReturn:
    """End with a message that says what to do."""
    print(f"\n[bootstrap] {text}", file=sys.stderr, flush=True)
    raise SystemExit(2)


def check_python() -> None:
    """Name what is missing in this Python itself."""
    if sys.version_info < OLDEST_PYTHON:
        found = ".".join(map(str, sys.version_info[:3]))
        stop(
            f"Python 3.11 or newer is needed; this is {found}."
            " On Debian 12: apt-get install python3"
        )
    try:
        import ensurepip  # noqa: F401, PLC0415 - Debian ships it apart
        import venv  # noqa: F401, PLC0415
    except ImportError:
        install_packages(["python3-venv"])


def missing_packages(names: tuple[str, ...]) -> list[str]:
    """Return those that dpkg does not know as installed."""
    query = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package} ${Status}\n", *names],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    installed = {
        line.split()[0] for line in query.stdout.splitlines() if line.endswith(" installed")
    }
    return [name for name in names if name not in installed]


def install_packages(names: list[str]) -> None:
    """Install Debian packages where we may, else print the one line to run."""
    line = "apt-get install --no-install-recommends -y " + " ".join(names)
    if os.geteuid() != 0:
        stop(
            "Some system packages are missing. Run this once, then try again:"
            f"\n\n    sudo {line}\n"
        )
    say(f"installing {len(names)} system packages: {' '.join(names)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-qq"], line.split()):
        done = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False)
        if done.returncode != 0:
            stop(f"'{' '.join(command)}' failed. Check the network and the package sources.")


def ensure_system(names: tuple[str, ...]) -> None:
    """Make sure the system libraries are there; say plainly what to do elsewhere."""
    if sys.platform != "linux":
        say("this is not Linux: the demo needs a desktop session; tests of Linux parts skip")
        return
    if not shutil.which("dpkg-query"):
        say(
            "this is not Debian or Ubuntu; please see to it that these (or your system's"
            f" packages of the same content) are installed: {' '.join(names)}"
        )
        return
    missing = missing_packages(names)
    if missing:
        install_packages(missing)


def fingerprint() -> str:
    """Change whenever the environment must be made again."""
    parts = [sys.version, (ROOT / "pyproject.toml").read_text(encoding="utf-8")]
    if CONSTRAINTS.exists():
        parts.append(CONSTRAINTS.read_text(encoding="utf-8"))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def pip(*arguments: str) -> None:
    """Run pip in the environment, with a line of progress every ten seconds."""
    command = [str(VENV_PYTHON), "-m", "pip", "--disable-pip-version-check", *arguments]
    log = VENV / "pip.log"
    with log.open("ab") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        started = time.monotonic()
        while True:
            try:
                code = process.wait(timeout=10)
                break
            except subprocess.TimeoutExpired:
                last = log.read_text(errors="replace").strip().rpartition("\n")[2]
                say(f"  {time.monotonic() - started:4.0f} s  {last[:100]}")
    if code != 0:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        stop(f"pip failed; the end of {log} says:\n{tail}")


def ensure_environment(extras: str) -> None:
    """Make ``.venv`` with the project and the extras, unless it is there already.

    The extra ``omero`` needs a zeroc-ice wheel: a ready one, or one that is built here.
    """
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        extras += ",sqlite"
    wanted = f"{fingerprint()} {extras}"
    known = STAMP.read_text(encoding="utf-8").splitlines() if STAMP.exists() else []
    if wanted in known and VENV_PYTHON.exists():
        return
    if not VENV_PYTHON.exists():
        say(f"making {VENV}")
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
    say("installing Python packages (napari and Qt are large; a few minutes the first time)")
    started = time.monotonic()
    pinned = ("-c", str(CONSTRAINTS)) if CONSTRAINTS.exists() else ()
    links = ("--find-links", str(ice_folder())) if "omero" in extras else ()
    pip("install", *pinned, *links, "-e", f"{ROOT}[{extras}]")
    STAMP.write_text("\n".join([*known, wanted]) + "\n", encoding="utf-8")
    say(f"installed in {time.monotonic() - started:.0f} s")


def ice_folder() -> Path:
    """Return a folder that has a zeroc-ice wheel for the environment."""
    target = ice_wheel.target_of(VENV_PYTHON)
    if ice_wheel.find_wheel(target, ice_wheel.folders(ice_wheel.USUAL_CACHE)) is None:
        ensure_system(ice_wheel.DEBIAN_PACKAGES)
    try:
        return ice_wheel.ensure_wheel(VENV_PYTHON).parent
    except ice_wheel.WheelNotBuilt as error:
        stop(str(error))


def hand_over(*arguments: str) -> int:
    """Run the project's own Python and pass Ctrl-C and SIGTERM on to it."""
    process = subprocess.Popen([str(VENV_PYTHON), *arguments], cwd=ROOT)
    signal.signal(signal.SIGTERM, lambda _number, _frame: process.terminate())
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue  # the child got the same Ctrl-C and cleans up


def has_screen() -> bool:
    """Tell whether a window could be opened here."""
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def demo(arguments: list[str]) -> int:
    """Set up and play the story."""
    headless = "--headless" in arguments or not has_screen()
    omero = "omero-sandbox" in arguments
    needs = HEADLESS_NEEDS if headless else DEMO_NEEDS
    ensure_system(packages(*needs, *((Need.SANDBOX,) if omero else ())))
    ensure_environment(DEMO_EXTRAS + (",omero" if omero else ""))
    if headless and "--headless" not in arguments:
        say("no screen here: the demo plays by itself under Xvfb (--headless)")
        arguments = ["--headless", *arguments]
    return hand_over("-m", "transferapp.testing.demo", *arguments)


def test(arguments: list[str]) -> int:
    """Set up and run the test suite."""
    ensure_system(packages(*TEST_NEEDS))
    ensure_environment(TEST_EXTRAS)
    return hand_over("-m", "pytest", *arguments)


def bench(arguments: list[str]) -> int:
    """Set up and run one benchmark."""
    ensure_system(packages(*TEST_NEEDS))
    ensure_environment(TEST_EXTRAS)
    return hand_over("-m", "transferapp.testing.bench", *arguments)


def main() -> int:
    """Dispatch; no command prints the help."""
    commands = {"demo": demo, "test": test, "bench": bench}
    if len(sys.argv) < 2 or sys.argv[1] not in commands:
        print(__doc__)
        return 2
    check_python()
    return commands[sys.argv[1]](sys.argv[2:])


if __name__ == "__main__":
    raise SystemExit(main())
