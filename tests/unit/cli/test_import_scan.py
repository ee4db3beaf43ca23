"""What the command line leaves out of an import, and how it accounts for it."""

from __future__ import annotations

import os
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import tifffile

from tests.support.ome_zarrs import write_image
from transferapp.cli.import_scan import ScannedDrop, scan_at
from transferapp.client.dropping import drop_message, drop_on_disk, others_text
from transferapp.errors import Invalid
from transferapp.host.clock import SystemClock
from transferapp.intake.preflight import PreflightSettings
from transferapp.model.drops import LeftOutReason

LONG_AGO = 1_700_000_000
REFUSED, IGNORED = LeftOutReason.REFUSED, LeftOutReason.IGNORED


def an_image(path: Path) -> Path:
    tifffile.imwrite(path, np.zeros((8, 8), "uint16"))
    os.utime(path, (LONG_AGO, LONG_AGO))
    return path


@pytest.fixture
def day(tmp_path: Path) -> Path:
    """A folder with an image, notes, an unfinished download and litter."""
    folder = tmp_path / "day 3"
    folder.mkdir()
    an_image(folder / "a.tif")
    for name in ("notes.txt", "b.tif.part", "Thumbs.db"):
        (folder / name).write_bytes(b"x")
        os.utime(folder / name, (LONG_AGO, LONG_AGO))
    return folder


def scanned_at(
    path: Path, *ignore: str, rests_s: float = 10.0, anyway: bool = False
) -> tuple[ScannedDrop, list[str]]:
    stated: list[str] = []
    settings = PreflightSettings(still_writing_s=rests_s, anyway=anyway)
    return scan_at([path], ignore, settings, stated.append), stated


def reasons(scanned: ScannedDrop) -> dict[str, LeftOutReason]:
    return {one.left_out.client_path: one.left_out.reason for one in scanned.dropped.left_out}


def test_everything_that_was_given_is_accounted_for(day: Path) -> None:
    scanned, _ = scanned_at(day, rests_s=0.2)
    assert [candidate.name for candidate in scanned.ready] == ["a.tif"]
    assert reasons(scanned) == {"day 3/notes.txt": REFUSED, "day 3/b.tif.part": REFUSED}
    assert scanned.dropped.litter_files == 1
    assert scanned.dropped.roots == (day,)
    assert len(scanned.refused) == scanned.others == 1
    assert "stays where it is" in scanned.dropped.left_out[-1].left_out.sentence


@pytest.mark.parametrize("pattern", ["*.txt", "day 3/notes.*"])
def test_what_is_ignored_by_name_is_not_missed(day: Path, pattern: str) -> None:
    scanned, _ = scanned_at(day, pattern, "*.part", rests_s=0.2)
    assert reasons(scanned) == {"day 3/notes.txt": IGNORED, "day 3/b.tif.part": IGNORED}
    assert scanned.refused == ()


def test_other_files_are_attached_where_that_is_requested(day: Path) -> None:
    """What is attached is not left out; what is unfinished or litter is not attached."""
    (day / "ignored.log").write_bytes(b"x")
    os.utime(day / "ignored.log", (LONG_AGO, LONG_AGO))
    stated: list[str] = []
    settings = PreflightSettings(still_writing_s=0.2)
    scanned = scan_at([day], ["*.log"], settings, stated.append, attach_others=True)
    assert [file.client_path for file in scanned.attachments] == ["day 3/notes.txt"]
    assert reasons(scanned) == {"day 3/b.tif.part": REFUSED, "day 3/ignored.log": IGNORED}
    assert scanned.others_reported() == (
        "1 other file is not an image; it is attached to the target.",
    )
    assert drop_message(scanned.dropped).left_out_files == 1


def test_attachments_alone_are_no_import(day: Path) -> None:
    (day / "a.tif").unlink()
    settings = PreflightSettings(still_writing_s=0.2)
    stated: list[str] = []
    scanned = scan_at([day], (), settings, stated.append, attach_others=True)
    with pytest.raises(Invalid, match="1 other file is not an image; it stays where it is"):
        scanned.check_ready()


def test_a_file_that_is_named_by_itself_is_reported_of(day: Path) -> None:
    notes = day / "notes.txt"
    scanned, _ = scanned_at(notes)
    assert (scanned.ready, scanned.others) == ((), 0)
    assert scanned.refused[0].endswith("To import it all the same, add --anyway.")


def test_what_nobody_knows_is_imported_where_it_is_named(day: Path) -> None:
    scanned, _ = scanned_at(day / "notes.txt", anyway=True)
    assert [candidate.name for candidate in scanned.ready] == ["notes.txt"]
    assert "because you wish it" in scanned.notes[0]
    scanned, _ = scanned_at(day, "*.part", anyway=True)
    assert [candidate.name for candidate in scanned.ready] == ["a.tif"]


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, ""),
        (1, "1 other file is not an image; it stays where it is."),
        (1400, "1,400 other files are not images; they stay where they are."),
    ],
)
def test_other_files_are_one_line(count: int, text: str) -> None:
    assert others_text(count) == text


def test_a_name_that_is_no_text_is_spelled_as_a_scan_spells_it(day: Path) -> None:
    path = day / "caf\udce9.tif"
    try:
        path.write_bytes(b"II*\0")
    except OSError:
        pytest.skip("this file system takes text only")
    scanned, _ = scanned_at(day)
    (refused,) = (one for one in scanned.refused if "caf" in one)
    assert refused.startswith(rf"{day}/caf\xe9.tif: 'day 3/caf\xe9.tif' has characters that")
    assert r"day 3/caf\xe9.tif" in reasons(scanned)
    assert rf"{day}/caf\xe9.tif" in [o.path for o in drop_on_disk(scanned.dropped).left_out]


def test_what_was_just_written_is_waited_for_once(tmp_path: Path) -> None:
    path = an_image(tmp_path / "a.tif")
    os.utime(path)
    scanned, stated = scanned_at(path, rests_s=0.5)
    assert len(scanned.ready) == 1
    assert len(stated) == 1


def test_what_is_still_being_written_is_not_sent(tmp_path: Path) -> None:
    path = an_image(tmp_path / "a.tif")
    a_minute_ago = SystemClock().now().timestamp() - 60
    os.utime(path, (a_minute_ago, a_minute_ago))
    with path.open("ab"):
        scanned, _ = scanned_at(path, rests_s=0.2)
    assert scanned.ready == ()
    assert reasons(scanned) == {"a.tif": REFUSED}
    assert "still being written" in scanned.refused[0]


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="does not exist"):
        scanned_at(tmp_path / "gone")


def test_a_name_that_scans_like_a_pattern_is_ignored_as_it_stands(tmp_path: Path) -> None:
    (tmp_path / "notes [1].txt").touch()
    scanned = scan_at([tmp_path], ["notes [1].txt"], PreflightSettings(), lambda _: None)
    assert not scanned.refused


def test_a_set_of_which_a_part_is_ignored_is_imported_whole_and_that_is_reported(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "a.ome.zarr"
    write_image(folder, np.ones((4, 4), "uint8"))
    settings = PreflightSettings(still_writing_s=0)
    scanned = scan_at([folder], [".zattrs", "zarr.json"], settings, lambda _: None)
    assert len(scanned.ready) == 1
    assert "imported whole" in scanned.notes[0]


def test_a_note_that_many_have_in_common_is_one(tmp_path: Path) -> None:
    for well, number in product("ab", range(8)):
        (tmp_path / well).mkdir(exist_ok=True)
        an_image(tmp_path / well / f"img_{number:09}_DAPI_000.tif")
    scanned, _ = scanned_at(tmp_path)
    assert len(scanned.ready) == 16
    (note,) = scanned.notes
    assert note.startswith("16 items, such as a/img_000000000_DAPI_000.tif: Each looks like a")
