#!/usr/bin/env python3
"""Set TransferApp up on a fresh machine and run its demo, tests or benchmarks.

    python3 installers/bootstrap.py demo [--headless] [--out DIR]
    python3 installers/bootstrap.py test [pytest arguments]     (TRANSFERAPP_PYTHONS)
    python3 installers/bootstrap.py test --dependencies lowest|newest [pytest arguments]
    python3 installers/bootstrap.py bench NAME --out FILE.json      (export: --quick)

Standard library only: it runs before anything is installed. It makes ``.venv`` beside
this folder, installs what is missing, and hands over to the project's own code there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import bioformats_jar
import ice_wheel
import other_dependencies
import other_pythons
import second_try
from environments import ROOT, Environment, ask, show, stop
from programs import Need, packages
from workers import side_by_side

OLDEST_PYTHON = (3, 11)

#: Whose programs and libraries are installed (installers/programs.py).
DEMO_NEEDS = (Need.WINDOW,)
HEADLESS_NEEDS = (Need.WINDOW, Need.HEADLESS)
TEST_NEEDS = (Need.WINDOW, Need.HEADLESS, Need.SANDBOX, Need.TEST)
DEMO_EXTRAS = "desktop,server"
TEST_EXTRAS = "desktop,server,readers,omero,s3,deposit"
TEST_GROUPS = ("dev", "omero-clients")


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
    show(f"installing {len(names)} system packages: {' '.join(names)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-qq"], line.split()):
        done = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False)
        if done.returncode != 0:
            stop(f"'{' '.join(command)}' failed. Check the network and the package sources.")


def ensure_system(names: tuple[str, ...]) -> None:
    """Make sure the system libraries are there; say plainly what to do elsewhere."""
    if sys.platform != "linux":
        show("this is not Linux: the demo needs a desktop session; tests of Linux parts skip")
        return
    if not shutil.which("dpkg-query"):
        show(
            "this is not Debian or Ubuntu; please see to it that these (or your system's"
            f" packages of the same content) are installed: {' '.join(names)}"
        )
        return
    missing = missing_packages(names)
    if missing:
        install_packages(missing)


def environment(extras: str, groups: tuple[str, ...] = ()) -> Environment:
    """Return ``.venv`` with these extras and groups, of the Python that runs this."""
    own = ask(Path(sys.executable))
    if own is None:
        stop("This Python has no SQLite ('import sqlite3' fails). Use another one.")
    made = Environment(own, ROOT / ".venv")
    if "omero" in extras:
        target = ice_wheel.target_of(own.python)
        if ice_wheel.find_wheel(target, ice_wheel.folders(ice_wheel.USUAL_CACHE)) is None:
            ensure_system(ice_wheel.DEBIAN_PACKAGES)
    try:
        made.ensure(extras, groups)
    except ice_wheel.WheelNotBuilt as error:
        stop(str(error))
    return made


def has_java() -> bool:
    """Tell whether there is a Java that runs a program from its source."""
    java = shutil.which("java")
    if java is None:
        return False
    asked = [java, "--list-modules"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    return "jdk.compiler" in done.stdout


def ensure_bio_formats(made: Environment, *, is_wanted: bool) -> None:
    """Bring Bio-Formats where Java is, and Java too for ``-m oracle``, where it is wanted.

    Without them the tests that need them say what to do.
    """
    if not has_java():
        if not is_wanted:
            return
        show("no Java with its compiler here; without it comparisons with Bio-Formats skip")
        with suppress(SystemExit):  # what is missing was said
            ensure_system(packages(Need.ORACLE))
    try:
        show(f"testing with {bioformats_jar.ensure_jar(made.python)}")
    except bioformats_jar.JarNotFetched as error:
        show(str(error))


def has_screen() -> bool:
    """Tell whether a window could be opened here."""
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def demo(arguments: list[str]) -> int:
    """Set up and play the story."""
    headless = "--headless" in arguments or not has_screen()
    omero = "omero-sandbox" in arguments
    needs = HEADLESS_NEEDS if headless else DEMO_NEEDS
    ensure_system(packages(*needs, *((Need.SANDBOX,) if omero else ())))
    made = environment(DEMO_EXTRAS + (",omero" if omero else ""))
    if headless and "--headless" not in arguments:
        show("no screen here: the demo plays by itself under Xvfb (--headless)")
        arguments = ["--headless", *arguments]
    return made.run("-m", "transferapp.sandbox.demo", *arguments)


def test(arguments: list[str]) -> int:
    """Set up and run the test suite; arguments go to pytest as they are.

    Without any it runs side by side, the few that failed once more by themselves, and then
    also on every further Python.
    """
    ensure_system(packages(*TEST_NEEDS))
    if arguments[:1] == ["--dependencies"]:
        return test_dependencies(arguments[1:])
    made = environment(TEST_EXTRAS, TEST_GROUPS)
    ensure_bio_formats(made, is_wanted=("-m", "oracle") in pairwise(arguments))
    if arguments:
        return made.run("-m", "pytest", *arguments)
    code = second_try.whole_suite(made.run, side_by_side())
    if code != 0:
        return code
    return other_pythons.try_all(sys.version_info[:3])


def test_dependencies(arguments: list[str]) -> int:
    """Run the unit tests with other versions of what we depend on."""
    known = other_dependencies.KINDS
    own = ask(Path(sys.executable))
    if own is None or not arguments or arguments[0] not in known:
        stop(f"Write --dependencies {' or '.join(known)}, with a Python that has SQLite.")
    return other_dependencies.try_out(arguments[0], own, arguments[1:])


def bench(arguments: list[str]) -> int:
    """Set up and run one benchmark."""
    ensure_system(packages(*TEST_NEEDS))
    made = environment(TEST_EXTRAS, TEST_GROUPS)
    if "export" in arguments:
        ensure_bio_formats(made, is_wanted=True)
        # omero-cli-zarr has an environment of its own, which needs the wheel too.
        wheels = str(ice_wheel.ensure_wheel(made.python).parent)
        os.environ.setdefault("TRANSFERAPP_WHEELHOUSE", wheels)
    return made.run("-m", "transferapp.sandbox.bench", *arguments)


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
