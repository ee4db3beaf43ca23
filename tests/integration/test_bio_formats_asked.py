"""Dropped files that our own tables leave to Bio-Formats: it is asked, at the workstation."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from typing_extensions import override

from tests.support.asked_bio_formats import AskedBioFormats
from tests.support.bio_formats_here import Maker, bio_formats, own, places
from tests.support.installation import LONG_AGO
from tests.support.vendor_files import (
    numbers,
    write_dicom,
    write_fits,
    write_ics,
    write_licor,
    write_mrc,
)
from transferapp.bioformats.places import Places
from transferapp.bioformats.port import BioFormats, Reads, UsedFiles
from transferapp.bioformats.process import BioFormatsProcess
from transferapp.errors import Cancelled
from transferapp.formats.omero import omero_formats
from transferapp.formats.read_formats import RepositoryFormats
from transferapp.intake.asking import Opens
from transferapp.intake.judging import Judged, in_order, judge
from transferapp.intake.preflight import PreflightSettings, Severity
from transferapp.intake.scanning import scan
from transferapp.repositories.local.readers.installed import installed_formats

__all__ = ["bio_formats", "own", "places"]

OMERO = omero_formats()
PLANES = numbers((2, 40, 50), "<u2")


class Watched(AskedBioFormats):
    """Passes questions on and notes them; ``before`` is called at the start of each."""

    def __init__(
        self, one: BioFormatsProcess, before: Callable[[], None] = lambda: None
    ) -> None:
        super().__init__()
        self.one, self._before = one, before

    @override
    def reads(self) -> Reads:
        return self.one.reads()

    @override
    def answer(self, file: Path) -> UsedFiles:
        self._before()
        return self.one.used(file)

    @override
    def forget(self, file: Path) -> None:
        self.one.forget(file)

    @override
    def interrupt(self) -> None:
        self.one.interrupt()


def judged(
    folder: Path,
    opens: Opens | None,
    target: RepositoryFormats = OMERO,
    cancel: threading.Event | None = None,
) -> dict[str, Judged]:
    for path in folder.rglob("*"):
        os.utime(path, (LONG_AGO, LONG_AGO))
    settings = PreflightSettings(target=target, opens=opens)
    found = judge(scan([folder]), settings, cancel=cancel)
    return {one[0].name: one for one in in_order([one for some in found for one in some])}


def cut(path: Path) -> Path:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    return path


def whom(bio_formats: BioFormats) -> str:
    """The version of the jar, which the environment may name."""
    return f"Bio-Formats {bio_formats.reads().version}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "dropped"
    made.mkdir()
    return made


def test_it_is_asked_exactly_what_is_left_to_it(
    bio_formats: BioFormatsProcess, folder: Path
) -> None:
    [fits] = write_fits(folder / "a.fits", PLANES[0])
    write_dicom(folder / "a.dcm", PLANES[0])  # A family looks into it.
    write_ics(folder / "a.ics", PLANES[None])
    write_licor(folder, [PLANES[0]])
    (folder / "b.tif").write_bytes((folder / "s1" / "s1_700.TIF").read_bytes())
    (folder / "notes.txt").write_text("no image")
    cut(write_mrc(folder / "cut.mrc", PLANES)[0])  # We say that ourselves.
    asked = Watched(bio_formats)
    judged(folder, lambda: asked)
    assert sorted(asked.asked) == [fits, folder / "a.l2d"]


def test_it_is_not_started_for_what_we_know(folder: Path) -> None:
    write_dicom(folder / "a.dcm", PLANES[0])

    def opens() -> BioFormats:
        raise AssertionError("it is looked for though there is nothing to ask")

    assert judged(folder, opens)["a.dcm"][1].level is Severity.OK


@pytest.mark.parametrize("reads", ["omero", "embedded"])
def test_a_set_that_no_family_knows_is_one_fileset(
    bio_formats: BioFormatsProcess, folder: Path, reads: str
) -> None:
    files = write_licor(folder, [PLANES[0], PLANES[1]])
    target = OMERO if reads == "omero" else installed_formats(bio_formats)
    assert len(judged(folder, None, target)) > 1, "a family knows it by now: take another set"
    [(candidate, result)] = judged(folder, lambda: bio_formats, target).values()
    assert [file.path for file in candidate.files] == files
    assert candidate.grouped_by == whom(bio_formats)
    assert (result.level, result.what) == (Severity.OK, "Li-Cor L2D, 4 files")


def test_an_index_dropped_alone_brings_its_files(
    bio_formats: BioFormatsProcess, folder: Path
) -> None:
    files = write_licor(folder, [PLANES[0]])
    for path in files:
        os.utime(path, (LONG_AGO, LONG_AGO))
    settings = PreflightSettings(target=OMERO, opens=lambda: bio_formats)
    [[(candidate, _)]] = [some for some in judge(scan(files[:1]), settings) if some]
    assert [file.path for file in candidate.files] == files
    assert candidate.files[-1].client_path == "s1/s1_700.TIF"


@pytest.mark.parametrize("same", [True, False])
def test_a_damaged_file_is_reported_before_the_upload(
    bio_formats: BioFormatsProcess, folder: Path, *, same: bool
) -> None:
    cut(write_fits(folder / "cut.fits", PLANES[0])[0])
    write_fits(folder / "whole.fits", PLANES[0])
    assert judged(folder, None)["cut.fits"][1].level is Severity.OK, (
        "we say it ourselves by now"
    )
    likely = whom(bio_formats) if same else "Bio-Formats 99.9"
    found = judged(folder, lambda: bio_formats, replace(OMERO, likely=likely))
    assert found["whole.fits"][1].level is Severity.OK
    result = found["cut.fits"][1]
    level = Severity.BLOCKED if same else Severity.WARNING
    assert (result.level, result.code) == (level, "damaged-file")
    assert "cannot read 'cut.fits': it is damaged or incomplete" in result.sentence
    assert f"Asked of {whom(bio_formats)}." in result.sentence
    assert ("another version" in result.sentence) == (not same)


def test_the_embedded_repository_refuses_it_for_the_same_version(
    bio_formats: BioFormatsProcess, folder: Path
) -> None:
    cut(write_fits(folder / "cut.fits", PLANES[0])[0])
    target = installed_formats(bio_formats)
    assert judged(folder, lambda: bio_formats, target)["cut.fits"][1].blocked


def test_where_it_is_not_nothing_changes(folder: Path) -> None:
    cut(write_fits(folder / "cut.fits", PLANES[0])[0])
    assert judged(folder, lambda: None) == judged(folder, None)


def test_what_is_still_being_written_is_not_called_damaged(
    bio_formats: BioFormatsProcess, folder: Path
) -> None:
    path = cut(write_fits(folder / "cut.fits", PLANES[0])[0])
    asked = Watched(bio_formats)
    settings = PreflightSettings(target=OMERO, opens=lambda: asked)
    with path.open("ab"):
        [(_, result)] = [one for some in judge(scan([path]), settings) for one in some]
    assert (result.code, asked.asked) == ("changed-file", [])


def at_first(process: BioFormatsProcess, do: Callable[[int], None]) -> Watched:
    """Do something to the process under its first question."""
    pids: list[int] = []

    def before() -> None:
        if not pids:
            assert process.pid is not None
            pids.append(process.pid)
            do(pids[0])

    return Watched(process, before)


@pytest.mark.parametrize("kills", [False, True])
def test_hung_or_killed_costs_that_file_a_warning(
    own: Maker, folder: Path, *, kills: bool
) -> None:
    process = own(patience_s=60.0 if kills else 3.0)
    [first] = write_fits(folder / "a.fits", PLANES[0])
    write_fits(folder / "b.fits", PLANES[0])
    cut(write_fits(folder / "c.fits", PLANES[0])[0])

    def stop(pid: int) -> None:
        os.kill(pid, signal.SIGSTOP)

    def kill(pid: int) -> None:
        # A pipe that nobody writes to: opening it never ends.
        first.unlink()
        os.mkfifo(first)
        threading.Timer(1.0, os.kill, (pid, signal.SIGKILL)).start()

    asked = at_first(process, kill if kills else stop)
    found = judged(folder, lambda: asked, replace(OMERO, likely=whom(process)))
    assert {name: one[1].level for name, one in found.items()} == {
        "a.fits": Severity.WARNING,
        "b.fits": Severity.OK,
        "c.fits": Severity.BLOCKED,
    }
    result = found["a.fits"][1]
    assert result.code == ""
    assert result.sentence == (
        f"'a.fits' could not be checked by {whom(process)}: it broke down or ran out of memory"
        " over this file. It can be imported as it is."
    )


def test_a_file_that_it_never_ends_with_costs_a_warning(own: Maker, folder: Path) -> None:
    """Seen with Bio-Formats 7.3.1: it waits for ever for the end of such a header."""
    [path] = write_fits(folder / "a.fits", PLANES[0])
    path.write_bytes(path.read_bytes()[:200])
    write_fits(folder / "b.fits", PLANES[0])
    process = own(patience_s=5.0)
    found = judged(folder, lambda: process)
    assert "could not be checked" in found["a.fits"][1].sentence
    assert found["b.fits"][1].level is Severity.OK


def test_a_scan_can_be_cancelled_while_it_hangs(own: Maker, folder: Path) -> None:
    write_fits(folder / "a.fits", PLANES[0])
    process, cancel = own(), threading.Event()
    pids: list[int] = []

    def stop(pid: int) -> None:
        pids.append(pid)
        os.kill(pid, signal.SIGSTOP)
        threading.Timer(0.5, cancel.set).start()

    asked = at_first(process, stop)
    process.reads()
    began_s = time.monotonic()
    with pytest.raises(Cancelled):
        judged(folder, lambda: asked, cancel=cancel)
    assert time.monotonic() - began_s < 10
    for _ in range(100):
        if not psutil.pid_exists(pids[0]):
            break
        time.sleep(0.1)
    assert not psutil.pid_exists(pids[0]), "what hangs goes on though nobody waits for it"


def test_scan_asks_it_and_leaves_nothing_behind(
    places: Places, folder: Path, tmp_path: Path
) -> None:
    path = cut(write_fits(folder / "cut.fits", PLANES[0])[0])
    os.utime(path, (LONG_AGO, LONG_AGO))
    rest = tmp_path / "tmp"
    rest.mkdir()
    environment = {
        **os.environ,
        "TRANSFERAPP_BIOFORMATS_JAR": str(places.jar),
        "TRANSFERAPP_HOME": str(tmp_path / "home"),
        "TMPDIR": str(rest),
    }
    command = [sys.executable, "-m", "transferapp", "scan", "--reads", "omero", "--json"]
    done = subprocess.run(
        [*command, str(folder)], env=environment, capture_output=True, text=True, check=False
    )
    [fileset] = json.loads(done.stdout)["filesets"]
    assert (fileset["verdict"], fileset["code"]) == ("warning", "damaged-file"), done.stderr
    assert list(rest.iterdir()) == []
