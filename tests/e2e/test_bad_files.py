"""Bad files are met at the microscope: a clear message, nothing lost, the rest goes on."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import tifffile

from tests.support.installation import PASSWORD, USERNAME, Terminal, make_tiffs
from tests.support.ome_zarrs import write_image, write_plate
from transferapp.host.resources import resource
from transferapp.sandbox.demo import evidence
from transferapp.sandbox.local_installation import LocalInstallation

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    with LocalInstallation(tmp_path_factory.mktemp("i")) as installation:
        asyncio.run(installation.add_people(PASSWORD))
        installation.start_all()
        terminal = Terminal(installation)
        assert terminal.log_in().code == 0
        yield terminal


def import_one(terminal: Terminal, path: Path, target: str) -> tuple[int, str]:
    done = terminal.run("import", str(path), "--to", target, "--create", "--wait", "--json")
    return done.code, done.out + done.err


def unsupported(folder: Path) -> Path:
    path = folder / "notes.docx"
    path.write_bytes(b"PK\x03\x04 not an image")
    return path


def empty(folder: Path) -> Path:
    path = folder / "empty.tif"
    path.touch()
    return path


def truncated(folder: Path) -> Path:
    source = resource("sample-data", "broken", "truncated-30pct.tif")
    return Path(shutil.copy(source, folder / "cut.tif"))


def truncated_picture(folder: Path) -> Path:
    source = resource("sample-data", "broken", "truncated-50pct.png")
    return Path(shutil.copy(source, folder / "cut.png"))


def without_sibling(folder: Path) -> Path:
    source = resource("sample-data", "broken", "companion-missing-file")
    return Path(shutil.copytree(source, folder / "plate"))


def labels(folder: Path) -> Path:
    tifffile.imwrite(folder / "labels.tif", np.ones((8, 8), np.int64))
    return folder / "labels.tif"


def labels_zarr(folder: Path) -> Path:
    return write_image(folder / "labels.ome.zarr", np.ones((8, 8), np.uint64))


BAD = [
    (unsupported, "not an image format"),
    (empty, "empty"),
    (truncated, "damaged|incomplete|cut"),
    (truncated_picture, "damaged|incomplete|cut"),
    (without_sibling, "A02_f1"),
    (labels, "64-bit integers, which the image repository cannot show"),
    (labels_zarr, "64-bit integers, which the image repository cannot show"),
]


@pytest.mark.parametrize(
    ("make", "sentence"), BAD, ids=lambda value: getattr(value, "__name__", "")
)
def test_bad_file_is_refused_in_plain_text(
    terminal: Terminal, tmp_path: Path, make: object, sentence: str
) -> None:
    assert callable(make)
    code, stated = import_one(terminal, make(tmp_path), "Dataset:Bad")
    assert code in {1, 5}, stated
    assert any(term.lower() in stated.lower() for term in sentence.split("|")), stated
    assert "Traceback" not in stated


def test_good_files_beside_a_bad_one_are_imported(terminal: Terminal, tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    make_tiffs(folder, 2)
    empty(folder)
    done = terminal.run(
        "import", str(folder), "--to", "Dataset:Mixed", "--create", "--wait", "--json"
    )
    assert done.code == 5, done.err
    assert [item["state"] for item in done.json["items"]] == ["imported", "imported"]
    assert any("empty.tif" in sentence for sentence in done.json["refused"])


def test_a_plate_that_was_imaged_in_part_is_imported(
    terminal: Terminal, tmp_path: Path
) -> None:
    bright, dark = np.full((16, 16), 7, np.uint8), np.zeros((16, 16), np.uint8)
    wells = {"A/1": [bright], "A/2": [dark]}
    folder = write_plate(tmp_path / "plate.ome.zarr", wells, listed=["B/1"])
    for path in folder.rglob("*"):
        os.utime(path, (1_700_000_000, 1_700_000_000))
    done = terminal.run(
        "import", str(folder), "--to", "Screen:Part", "--create", "--wait", "--json"
    )
    assert done.code == 0, done.err
    assert "lists images that are not there: 'B/1'" in " ".join(done.err.split())
    [item] = done.json["items"]
    assert (item["state"], len(item["image_ids"])) == ("imported", 2)


def test_unreadable_file_is_refused(terminal: Terminal, tmp_path: Path) -> None:
    make_tiffs(tmp_path / "locked", 1)
    path = tmp_path / "locked" / "field_000.tif"
    path.chmod(0)
    # Even root must not read it here: the capability to pass over modes is dropped.
    done = subprocess.run(
        ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--",
         sys.executable, "-m", "transferapp", "import", str(path), "--to", "Dataset:X"],
        env=terminal.installation.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "read" in done.stderr
    assert "Traceback" not in done.stderr


def test_emoji_and_long_names_arrive_whole(terminal: Terminal, tmp_path: Path) -> None:
    folder = tmp_path / "names 🔬"
    deep = folder / ("d" * 120) / ("e" * 120)
    make_tiffs(deep, 1)
    make_tiffs(folder, 2)
    (folder / "field_000.tif").rename(folder / "Zelle 🧫 µm.tif")
    (deep / "field_000.tif").write_bytes((folder / "field_001.tif").read_bytes() + b"\0")
    assert len(str((deep / "field_000.tif").relative_to(tmp_path))) > 250
    name = ("f" * 60) + ".tif"
    (deep / "field_000.tif").rename(deep / name)
    assert len(f"{folder.name}/{'d' * 120}/{'e' * 120}/{name}") > 300
    code, stated = import_one(terminal, folder, "Dataset:Names")
    assert code == 0, stated
    rows, _ = evidence.import_rows(folder, terminal.installation.repository.open(), USERNAME)
    ours = [row for row in rows if row["sha1_source"] != "not in the source"]
    assert len(ours) == 3
    assert all(row["sha1_source"] == row["sha1_repository"] for row in ours), ours


def test_symlink_loop_is_left_out_and_stated(terminal: Terminal, tmp_path: Path) -> None:
    folder = tmp_path / "loop"
    make_tiffs(folder, 1)
    (folder / "again").symlink_to(folder)
    code, stated = import_one(terminal, folder, "Dataset:Loop")
    assert code == 5, stated
    assert "link" in stated.lower()
    assert '"imported"' in stated


def test_wrong_password(terminal: Terminal) -> None:
    answer = terminal.log_in("not it")
    assert answer.code == 3
    assert "password is not right" in answer.err
    assert "not it" not in answer.err
