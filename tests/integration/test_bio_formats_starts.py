"""Bio-Formats is killed or hangs while it starts, by a Java that is a script."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.bio_formats_here import places
from tests.support.vendor_files import numbers, write_fits
from transferapp.bioformats import on_demand
from transferapp.bioformats.places import NotHere, Places, find
from transferapp.bioformats.process import BioFormatsProcess
from transferapp.bioformats.settings import BioFormatsSettings
from transferapp.errors import Unavailable
from transferapp.intake.asking import Asking
from transferapp.intake.scanning import scan

__all__ = ["places"]

_LONG_S = 30.0
KILLS_ITSELF = "os.kill(os.getpid(), signal.SIGKILL)"
Maker = Callable[..., BioFormatsProcess]


class Script:
    """A Java whose first starts do what a test wishes, and then are the real one."""

    def __init__(self, folder: Path, real: Places) -> None:
        self.log = folder / "pids"
        self.log.touch()
        self._java, self._real, self._folder = folder / "java", real, folder
        self.places = Places(str(self._java), real.jar)

    def does(self, what: str, times: int = 1000) -> None:
        """Do ``what``, in Python, at the first starts; else be the parent of the real one."""
        self._java.write_text(
            f"#!{sys.executable}\n"
            "import os, signal, subprocess, sys, time\n"
            f"with open({str(self._folder / 'starts')!r}, 'a+') as starts:\n"
            "    starts.write('x ')\n"
            "    starts.seek(0)\n"
            f"    is_first = len(starts.read().split()) <= {times}\n"
            f"if is_first:\n    {what}\n"
            f"sys.exit(subprocess.call([{self._real.java!r}, *sys.argv[1:]]))\n"
        )
        self._java.chmod(0o700)

    @property
    def starts(self) -> int:
        return len((self._folder / "starts").read_text().split())

    def children(self) -> list[int]:
        return [int(answer) for answer in self.log.read_text().split()]

    def hangs(self, times: int = 1000) -> None:
        """Hang in a child, which outlives a script that is killed alone."""
        self.does(
            "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
            f" print(child.pid, file=open({str(self.log)!r}, 'a'), flush=True); child.wait()",
            times,
        )


@pytest.fixture
def script(tmp_path: Path, places: Places) -> Script:
    folder = tmp_path / "bin"
    folder.mkdir()
    return Script(folder, places)


@pytest.fixture
def of_script(script: Script) -> Iterator[Maker]:
    made: list[BioFormatsProcess] = []

    def make(**settings: float) -> BioFormatsProcess:
        made.append(BioFormatsProcess(script.places, BioFormatsSettings(**settings)))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for one in made:
        one.close()


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def eventually(holds: Callable[[], bool]) -> None:
    until_s = time.monotonic() + _LONG_S
    while not holds():
        assert time.monotonic() < until_s
        time.sleep(0.05)


def test_killed_once_while_it_starts_costs_nothing(
    script: Script, of_script: Maker, tmp_path: Path
) -> None:
    script.does(KILLS_ITSELF, times=1)
    [path] = write_fits(tmp_path / "a.fits", numbers((4, 5), "<u2"))
    one = of_script(start_s=_LONG_S)
    [file] = scan([path]).files
    answer = Asking(lambda: one).answer(file)
    assert answer is not None
    assert answer.used is not None
    assert script.starts == 2


@pytest.mark.parametrize(
    ("hangs", "why"),
    [
        (False, "ended while it was starting"),
        (True, "did not answer in 1 s while it was start"),
    ],
)
def test_lost_twice_it_is_reported_as_it_was(
    script: Script, of_script: Maker, *, hangs: bool, why: str
) -> None:
    if hangs:
        script.hangs()
    else:
        script.does(KILLS_ITSELF)
    one = of_script(start_s=1.0)
    with pytest.raises(Unavailable, match=f"Bio-Formats {why}"):
        one.reads()
    assert script.starts == 2
    assert all(gone(pid) for pid in script.children())
    asking = Asking(lambda: one)
    asking.answer(scan([script.log]).files[0])
    answer = asking.answer(scan([script.log]).files[0])
    assert answer is not None
    assert answer.unasked.startswith(f"it {why}")


def test_a_start_that_hangs_can_be_interrupted(script: Script, of_script: Maker) -> None:
    script.hangs()
    one = of_script(start_s=300.0)
    errors: list[Unavailable] = []

    def asks() -> None:
        try:
            one.reads()
        except Unavailable as error:
            errors.append(error)

    asking = threading.Thread(target=asks, daemon=True)
    asking.start()
    eventually(lambda: bool(script.children()))
    one.interrupt()
    asking.join(_LONG_S)
    assert errors
    assert script.starts == 1, "what nobody waits for was started again"
    assert all(gone(pid) for pid in script.children())


def test_what_a_script_started_ends_with_it(script: Script, of_script: Maker) -> None:
    script.does("pass")
    one = of_script(start_s=_LONG_S)
    one.reads()
    assert one.pid is not None
    [java] = psutil.Process(one.pid).children()
    java.suspend()  # So that it cannot end by itself.
    one.close()
    eventually(lambda: gone(java.pid))


def test_a_java_that_hangs_when_it_is_scanned_at_is_left(
    script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    script.hangs()
    monkeypatch.setenv("PATH", str(script.log.parent), prepend=os.pathsep)
    monkeypatch.setattr("transferapp.bioformats.places._ASKING_S", 0.5)
    began_s = time.monotonic()
    with pytest.raises(NotHere, match="needs Java"):
        find(BioFormatsSettings(jar=script.places.jar))
    assert time.monotonic() - began_s < 10
    assert script.children()
    for pid in script.children():
        eventually(lambda pid=pid: gone(pid))  # type: ignore[misc]


def test_a_person_hears_that_it_is_waited_for(
    script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    script.does("'--list-modules' in sys.argv or time.sleep(600)")
    monkeypatch.setenv("PATH", str(script.log.parent), prepend=os.pathsep)
    monkeypatch.setenv("TRANSFERAPP_BIOFORMATS_JAR", str(script.places.jar))
    monkeypatch.setenv("TRANSFERAPP_BIOFORMATS_START_S", "1")
    monkeypatch.setattr(on_demand, "_SLOW_S", 0.2)
    stated: list[str] = []
    opens = on_demand.BioFormatsOnDemand(stated.append)
    with pytest.raises(Unavailable, match="did not answer in 1 s while it was starting"):
        opens()
    assert stated == ["Waiting for Bio-Formats to start."]
    opens.close()
