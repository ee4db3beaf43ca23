"""Walking what was dropped."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from transferapp.errors import Cancelled, ChangedFile
from transferapp.host.resources import resource
from transferapp.intake.grouping import group
from transferapp.intake.scanning import Scan, scan

NOBODY = 65534


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other accounts can enter; pytest's own are closed to them."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def put(path: Path, content: bytes = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def paths(found: Scan) -> list[str]:
    return [file.client_path for file in found.files]


def codes(found: Scan) -> list[str]:
    return [finding.error.code for finding in found.findings]


def test_client_paths_begin_with_what_was_dropped(tmp_path: Path) -> None:
    put(tmp_path / "exp" / "day 2" / "b.tif", b"123")
    single = put(tmp_path / "elsewhere" / "a.tif")
    found = scan([tmp_path / "exp", single])
    assert paths(found) == ["a.tif", "exp/day 2/b.tif"]
    assert found.files[1].size_bytes == 3
    assert found.files[1].modified_ns == (tmp_path / "exp/day 2/b.tif").stat().st_mtime_ns


def test_relative_and_dotted_roots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "exp" / "a.tif")
    (tmp_path / "exp" / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "exp" / "sub")
    assert paths(scan([Path("..")])) == ["exp/a.tif"]
    monkeypatch.chdir(tmp_path / "exp")
    assert paths(scan([Path()])) == ["exp/a.tif"]


APPLE_DOUBLE = b"\0\5\x16\7\0\2\0\0"


def test_litter_is_ignored_and_counted(tmp_path: Path) -> None:
    names = [".DS_Store", "Thumbs.db", "desktop.ini", "._a.tif", "~$a.docx"]
    for name in names:
        put(tmp_path / "exp" / name, APPLE_DOUBLE)
    put(tmp_path / "exp" / "a.tif")
    put(tmp_path / "exp" / "@eaDir" / "a.jpg")
    found = scan([tmp_path / "exp"])
    assert paths(found) == ["exp/a.tif"]
    assert found.ignored_count == len(names) + 1
    assert found.findings == ()


def test_what_only_has_the_name_of_litter_is_not_ignored(tmp_path: Path) -> None:
    tiff = b"II*\0" + bytes(2000)
    for name in ("~$raw/a.tif", "desktop.ini/b.tif", "~$big.tif", "tmp.tif"):
        put(tmp_path / "exp" / name, tiff)
    put(tmp_path / "exp" / "._c.tif", tiff)
    found = scan([tmp_path / "exp"])
    assert paths(found) == [
        "exp/desktop.ini/b.tif", "exp/tmp.tif", "exp/~$big.tif", "exp/~$raw/a.tif"
    ]  # fmt: skip
    assert [finding.path.name for finding in found.findings] == ["._c.tif"]
    assert found.ignored_count == 0


def test_an_unfinished_folder_counts_its_files(tmp_path: Path) -> None:
    for name in ("a.tif", "sub/b.tif", "sub/c.tif"):
        put(tmp_path / "exp" / "run.tmp" / name)
    (finding,) = scan([tmp_path / "exp"]).findings
    assert "'run.tmp' is an unfinished folder" in finding.error.message
    assert finding.file_count == 3


@pytest.mark.parametrize("target", ["/nonexistent", "notes.lnk"])
def test_a_dead_link_in_a_zarr_blocks_it_and_loses_nothing(tmp_path: Path, target: str) -> None:
    for name in ("zarr.json", "0/zarr.json", "0/c/0/0"):
        put(tmp_path / "a.ome.zarr" / name, b"{}")
    (tmp_path / "a.ome.zarr" / "notes.lnk").symlink_to(target)
    (zarr,) = scan([tmp_path]).zarr_folders
    assert len(zarr.files) == 3
    (candidate,) = group(scan([tmp_path]))
    (problem,) = candidate.problems
    assert "'notes.lnk'" in problem.message


@pytest.mark.parametrize(
    "name",
    ["b.tif.part", "b.PARTIAL", "b.crdownload", "b.tif.tmp", "notes.txt~", ".nfs0000000a"],
)
def test_unfinished_files_are_reported_by_name(tmp_path: Path, name: str) -> None:
    put(tmp_path / "exp" / "a.tif")
    put(tmp_path / "exp" / name)
    found = scan([tmp_path / "exp"])
    assert paths(found) == ["exp/a.tif"]
    (finding,) = found.findings
    assert (finding.path.name, type(finding.error)) == (name, ChangedFile)
    assert f"'{name}' is an unfinished file" in finding.error.message
    assert found.ignored_count == 0


def test_unfinished_chunks_of_a_zarr_are_reported_by_name(tmp_path: Path) -> None:
    for name in ("zarr.json", "0/zarr.json", "0/c/0/0", "0/c/0/1.5f3a.partial", "Thumbs.db"):
        put(tmp_path / "a.ome.zarr" / name)
    found = scan([tmp_path / "a.ome.zarr"])
    assert len(found.zarr_folders[0].files) == 3
    assert [f.path.name for f in found.findings] == ["1.5f3a.partial"]
    assert found.ignored_count == 1


def test_hidden_files_and_folders_are_reported(tmp_path: Path) -> None:
    put(tmp_path / "exp" / "a.tif")
    put(tmp_path / "exp" / ".calibration.tif")
    put(tmp_path / "exp" / ".cache" / "b.tif")
    found = scan([tmp_path / "exp"])
    assert paths(found) == ["exp/a.tif"]
    assert sorted(f.path.name for f in found.findings) == [".cache", ".calibration.tif"]
    assert all("is hidden" in f.error.message for f in found.findings)


def test_same_thing_dropped_twice_is_listed_once(tmp_path: Path) -> None:
    file = put(tmp_path / "exp" / "a.tif")
    assert paths(scan([tmp_path / "exp", file, tmp_path / "exp"])) == ["exp/a.tif"]


def test_a_zarr_is_one_thing_with_its_hidden_metadata() -> None:
    found = scan([resource("sample-data", "ome-zarr-v04-confocal-5d")])
    assert found.files == ()
    (folder,) = found.zarr_folders
    assert folder.client_path == "ome-zarr-v04-confocal-5d/cluster.ome.zarr"
    inside = {f.client_path.removeprefix(folder.client_path + "/") for f in folder.files}
    assert {".zattrs", ".zgroup", "0/.zarray"} <= inside
    on_disk = [p for p in folder.path.rglob("*") if p.is_file()]
    assert len(folder.files) == len(on_disk)


def test_a_zarr_dropped_by_itself_keeps_its_name() -> None:
    root = resource("sample-data", "ome-zarr-v05-organoid", "organoid.ome.zarr")
    (folder,) = scan([root]).zarr_folders
    assert all(f.client_path.startswith("organoid.ome.zarr/") for f in folder.files)


def test_link_loop_is_reported_and_left_out(tmp_path: Path) -> None:
    put(tmp_path / "exp" / "sub" / "a.tif")
    (tmp_path / "exp" / "sub" / "up").symlink_to(tmp_path / "exp")
    (tmp_path / "exp" / "self").symlink_to("self")
    found = scan([tmp_path / "exp"])
    assert paths(found) == ["exp/sub/a.tif"]
    assert codes(found) == ["link-loop", "link-loop"]


def test_linked_folders_and_files_are_followed_once(tmp_path: Path) -> None:
    put(tmp_path / "store" / "a.tif")
    put(tmp_path / "exp" / "real" / "b.tif")
    (tmp_path / "exp" / "a-link-to-real").symlink_to(tmp_path / "exp" / "real")
    (tmp_path / "exp" / "store").symlink_to(tmp_path / "store")
    (tmp_path / "exp" / "c.tif").symlink_to(tmp_path / "store" / "a.tif")
    found = scan([tmp_path / "exp"])
    assert paths(found) == ["exp/c.tif", "exp/real/b.tif", "exp/store/a.tif"]
    assert found.findings == ()


def test_links_cannot_multiply(tmp_path: Path) -> None:
    # 2^30 ways lead to the last folder.
    for n in range(30):
        (tmp_path / "exp" / str(n)).mkdir(parents=True)
    for n in range(29):
        for side in "ab":
            (tmp_path / "exp" / str(n) / side).symlink_to(tmp_path / "exp" / str(n + 1))
    put(tmp_path / "exp" / "29" / "a.tif")
    assert paths(scan([tmp_path / "exp" / "0"])) == ["0" + "/a" * 29 + "/a.tif"]


def test_what_cannot_be_imported_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe")
    found = scan([tmp_path, tmp_path / "gone"])
    assert found.files == ()
    assert codes(found) == ["vanished-file", "unreadable-file", "vanished-file"]
    assert all(finding.error.message for finding in found.findings)


def test_names_that_cannot_be_stored(tmp_path: Path) -> None:
    put(tmp_path / "exp" / "embryo 🐣.tif")
    with open(os.fsencode(tmp_path / "exp") + b"/bad\xff.tif", "wb"):  # noqa: PTH123 - bytes
        pass
    found = scan([tmp_path / "exp"])
    assert paths(found) == ["exp/embryo 🐣.tif"]
    assert codes(found) == ["name-not-allowed"]
    found.findings[0].error.message.encode()


def test_a_path_of_300_characters_is_fine(tmp_path: Path) -> None:
    put(tmp_path / ("a" * 100) / ("b" * 100) / ("c" * 96 + ".tif"))
    (path,) = paths(scan([tmp_path / ("a" * 100)]))
    assert len(path) == 302


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become someone else")
def test_unreadable_folder_is_reported(open_folder: Path) -> None:
    put(open_folder / "exp" / "a.tif")
    put(open_folder / "exp" / "secret" / "b.tif")
    (open_folder / "exp" / "secret").chmod(0o700)
    # Root may read all, so another account has to try.
    code = (
        "import os, sys; from pathlib import Path\n"
        "from transferapp.intake.scanning import scan\n"
        f"os.seteuid({NOBODY}); s = scan([Path(sys.argv[1])])\n"
        "print([f.client_path for f in s.files], [f.error.code for f in s.findings],"
        " s.findings[0].path.name)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(open_folder / "exp")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "['exp/a.tif'] ['unreadable-file'] secret"


def test_cancel_ends_a_long_scan(tmp_path: Path) -> None:
    for n in range(600):
        put(tmp_path / f"{n}.tif")
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        scan([tmp_path], cancel)
