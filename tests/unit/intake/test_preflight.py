"""Judging filesets before they are imported."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import tifffile

from transferapp.formats.embedded import CZI, ND2, embedded_formats
from transferapp.host.resources import resource
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.grouping import group
from transferapp.intake.preflight import (
    MANY_FILES,
    PreflightResult,
    PreflightSettings,
    Severity,
    preflight,
    refused,
)
from transferapp.intake.scanning import FoundFile, scan
from transferapp.intake.writers import being_written

SAMPLE = resource("sample-data")
NOBODY = 65534


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other accounts can enter; pytest's own are closed to them."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


class Later:
    """A clock an hour ahead, so that fresh test files count as old."""

    def __init__(self, seconds: float = 3600) -> None:
        self._ahead = timedelta(seconds=seconds)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead


def judge(*roots: Path, clock: Later | None = None) -> PreflightResult:
    (candidate,) = group(scan(roots))
    return preflight(candidate, clock=clock or Later())


def code(result: PreflightResult) -> tuple[Severity, str]:
    return result.level, result.code


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("ome-tiff-companion-ecoli", "OME-TIFF, 19 files"),
        ("ome-tiff-multifile-organoid", "OME-TIFF, 3 files"),
        ("ome-tiff-plate-cells", "Plate (OME-TIFF), 5 files"),
        ("ome-tiff-pyramid", "OME-TIFF, 1 file"),
        ("ome-zarr-v04-confocal-5d", "OME-Zarr, 18 files"),
        ("ome-zarr-v05-organoid", "OME-Zarr, 71 files"),
        ("png-cells", "PNG, 1 file"),
        ("nd2-confocal-4d", "Nikon ND2, 1 file"),
    ],
)
def test_good_samples(path: str, what: str) -> None:
    result = judge(SAMPLE / path)
    assert code(result) == (Severity.OK, "")
    assert result.what == what
    files = [p for p in (SAMPLE / path).rglob("*") if p.is_file()]
    assert result.size_bytes == sum(p.stat().st_size for p in files)
    assert result.file_count == len(files)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("truncated-30pct.tif", "damaged-file"),
        ("truncated-50pct.png", "damaged-file"),
        ("companion-missing-file", "missing-companion"),
    ],
)
def test_broken_samples(name: str, wanted: str) -> None:
    result = judge(SAMPLE / "broken" / name)
    assert code(result) == (Severity.BLOCKED, wanted)
    assert result.blocked
    assert result.sentence.endswith(".")


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("bigtiff", [True, False])
def test_a_tiff_cut_anywhere_is_damaged(tmp_path: Path, keep: float, bigtiff: bool) -> None:
    path = tmp_path / "a.tif"
    # Pages one by one: each has its index beside its pixels, linked to the next.
    with tifffile.TiffWriter(path, bigtiff=bigtiff) as tiff:
        for _ in range(5):
            tiff.write(np.zeros((64, 64), np.uint16), contiguous=False, metadata=None)
    assert code(judge(path)) == (Severity.OK, "")
    os.truncate(path, int(path.stat().st_size * keep))
    assert code(judge(path)) == (Severity.BLOCKED, "damaged-file")


@pytest.mark.parametrize(
    ("source", "wanted"),
    [("nd2-confocal-4d/cluster.nd2", "damaged-file"), ("png-cells/cell.png", "damaged-file")],
)
def test_cut_vendor_files(tmp_path: Path, source: str, wanted: str) -> None:
    path = shutil.copy(SAMPLE / source, tmp_path)
    os.truncate(path, Path(path).stat().st_size - 1000)
    assert code(judge(Path(path))) == (Severity.BLOCKED, wanted)


def test_cut_czi(tmp_path: Path) -> None:
    path = tmp_path / "a.czi"
    head = b"ZISRAWFILE".ljust(32, b"\0") + bytes(52)
    path.write_bytes(head + (1000).to_bytes(8, "little") + bytes(8) + bytes(2000))
    assert code(judge(path)) == (Severity.OK, "")
    os.truncate(path, 500)
    assert code(judge(path)) == (Severity.BLOCKED, "damaged-file")


@pytest.mark.parametrize(
    ("name", "content", "wanted"),
    [
        ("empty.tif", b"", "empty-file"),
        ("notes.txt", b"hello", "unsupported-file"),
        ("scan.lif", b"\x70\0\0\0", "damaged-file"),
        ("no-ending", b"II*\0", "damaged-file"),
        ("no-ending", b"hello", "unsupported-file"),
        ("text.png", b"this is text", "damaged-file"),
        ("wrong.tif", b"\x89PNG\r\n\x1a\nIEND\xaeB`\x82", "damaged-file"),
        ("cut.jpg", b"\xff\xd8\xff\xe0" + bytes(100), "damaged-file"),
        ("header-only.tif", b"II*\0", "damaged-file"),
        ("loop.tif", b"II*\0\x08\0\0\0" + b"\0\0" + b"\x08\0\0\0", "damaged-file"),
    ],
)
def test_bad_files(tmp_path: Path, name: str, content: bytes, wanted: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    result = judge(path)
    assert code(result) == (Severity.BLOCKED, wanted)
    assert path.name in result.sentence


@pytest.mark.parametrize("ending", [".jpg", ".JPEG", ".jpe"])
def test_every_ending_of_jpeg(tmp_path: Path, ending: str) -> None:
    # Bio-Formats 7.3.1 takes the same three.
    (tmp_path / f"a{ending}").write_bytes(b"\xff\xd8\xff\xe0" + bytes(100) + b"\xff\xd9")
    assert judge(tmp_path / f"a{ending}").level is Severity.OK


def test_vendor_formats_need_the_servers_readers() -> None:
    (candidate,) = group(scan([SAMPLE / "nd2-confocal-4d"]))
    bare = PreflightSettings(target=embedded_formats(missing=[CZI, ND2]))
    result = preflight(candidate, bare, Later())
    assert code(result) == (Severity.BLOCKED, "unsupported-file")
    assert result.sentence == (
        "The embedded repository of this server has no reader for Nikon ND2. Ask your"
        " administrator to install it there (pip install 'transferapp[readers]'), or export"
        " it as OME-TIFF."
    )


def test_vanished_and_changed_since_the_scan(tmp_path: Path) -> None:
    path = Path(shutil.copy(SAMPLE / "png-cells" / "cell.png", tmp_path))
    (candidate,) = group(scan([path]))
    os.utime(path, ns=(1, 1))
    assert code(preflight(candidate, clock=Later())) == (Severity.WARNING, "changed-file")
    path.unlink()
    assert code(preflight(candidate, clock=Later())) == (Severity.BLOCKED, "vanished-file")


def test_a_file_touched_seconds_ago_is_still_being_written(tmp_path: Path) -> None:
    path = Path(shutil.copy(SAMPLE / "png-cells" / "cell.png", tmp_path))
    (candidate,) = group(scan([path]))
    assert code(preflight(candidate)) == (Severity.WARNING, "changed-file")
    relaxed = PreflightSettings(still_writing_s=0)
    assert code(preflight(candidate, relaxed)) == (Severity.OK, "")


@pytest.mark.skipif(sys.platform != "linux", reason="leases are Linux's")
def test_a_file_held_open_for_writing_is_reported(tmp_path: Path) -> None:
    path = Path(shutil.copy(SAMPLE / "png-cells" / "cell.png", tmp_path))
    assert not being_written(path)
    with path.open("rb"):
        assert not being_written(path)
    with path.open("ab"):
        assert being_written(path)
        assert code(judge(path, clock=Later(seconds=60))) == (Severity.WARNING, "changed-file")
        # Whoever has not written for so long is asked for again before the upload.
        assert code(judge(path)) == (Severity.OK, "")
    assert not being_written(path)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become someone else")
def test_unreadable_file(open_folder: Path) -> None:
    shutil.copy(SAMPLE / "png-cells" / "cell.png", open_folder / "cell.png")
    shutil.copytree(
        SAMPLE / "ome-zarr-v05-organoid" / "organoid.ome.zarr", open_folder / "e.zarr"
    )
    (open_folder / "cell.png").chmod(0o600)
    (open_folder / "e.zarr" / "0" / "zarr.json").chmod(0o600)
    # Root may read all, so another account has to try.
    script = (
        "import os, sys; from pathlib import Path\n"
        "from transferapp.intake.scanning import scan\n"
        "from transferapp.intake.grouping import group\n"
        "from transferapp.intake.preflight import preflight\n"
        f"os.seteuid({NOBODY})\n"
        "print(*[preflight(c).code for c in group(scan([Path(sys.argv[1])]))])"
    )
    command = [sys.executable, "-c", script, str(open_folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["unreadable-file", "unreadable-file"]


@pytest.mark.parametrize(("dtype", "level"), [("<u2", Severity.OK), ("<i8", Severity.BLOCKED)])
def test_pixel_types_are_known_without_a_reader(
    tmp_path: Path, dtype: str, level: Severity
) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.ones((8, 8), dtype))
    assert judge(tmp_path / "a.tif").level is level
    scales = {"axes": ["y", "x"], "datasets": [{"path": "0"}]}
    array = {"zarr_format": 2, "shape": [8, 8], "chunks": [8, 8], "dtype": dtype}
    (tmp_path / "a.zarr" / "0").mkdir(parents=True)
    for name, content in {
        ".zgroup": {"zarr_format": 2},
        ".zattrs": {"multiscales": [scales]},
        "0/.zarray": array,
    }.items():
        (tmp_path / "a.zarr" / name).write_text(json.dumps(content))
    (tmp_path / "a.zarr" / "0" / "0.0").write_bytes(bytes(512))
    assert judge(tmp_path / "a.zarr").level is level


def candidate_named(path: Path, client_path: str) -> FilesetCandidate:
    return FilesetCandidate("x", (FoundFile(str(path), client_path, 1, 1),), None)


def test_names_that_cannot_be_stored(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    long_part = candidate_named(path, "ü" * 128 + ".tif")
    long_path = candidate_named(path, "/".join(["d" * 200] * 21))
    surrogate = candidate_named(path, "bad\udcff.tif")
    for candidate in (long_part, long_path, surrogate):
        result = preflight(candidate)
        assert code(result) == (Severity.BLOCKED, "name-not-allowed")
        result.sentence.encode()
    assert r"'bad\xff.tif' has characters that are not text" in preflight(surrogate).sentence


def test_emoji_and_long_paths_are_fine(tmp_path: Path) -> None:
    folder = tmp_path / ("a" * 100) / ("b" * 100) / ("c" * 100)
    folder.mkdir(parents=True)
    shutil.copy(SAMPLE / "png-cells" / "cell.png", folder / "🔬 embryo 🐣.png")
    assert code(judge(tmp_path / ("a" * 100))) == (Severity.OK, "")


def test_findings_become_rows_too(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    (finding,) = scan([tmp_path]).findings
    result = refused(finding)
    assert code(result) == (Severity.BLOCKED, "link-loop")
    assert "loop" in result.sentence


@pytest.mark.parametrize(
    ("folder", "remedy"),
    [("ome-zarr-v05-organoid", "sharding"), ("ome-tiff-companion-ecoli", "one OME-TIFF")],
)
def test_more_files_than_omero_digests_are_a_warning(folder: str, remedy: str) -> None:
    (candidate,) = group(scan([SAMPLE / folder]))
    count = len(candidate.files)
    at_limit = preflight(candidate, PreflightSettings(many_files=count), Later())
    assert (at_limit.level, at_limit.sentence) == (Severity.OK, "")
    result = preflight(candidate, PreflightSettings(many_files=count - 1), Later())
    assert code(result) == (Severity.WARNING, "")
    assert f"{count} files" in result.sentence
    assert remedy in result.sentence
    assert "in-place" in result.sentence


def test_what_is_wrong_comes_before_how_much_it_is(tmp_path: Path) -> None:
    shutil.copytree(SAMPLE / "ome-tiff-companion-ecoli", tmp_path / "set")
    next((tmp_path / "set").glob("*.tif")).write_bytes(b"")
    (candidate,) = group(scan([tmp_path]))
    assert preflight(candidate, PreflightSettings(many_files=1), Later()).blocked


def test_the_limit_is_the_one_that_omero_documents() -> None:
    assert PreflightSettings().many_files == MANY_FILES == 10_000
