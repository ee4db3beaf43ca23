"""The oracle's own parts: it sees what differs, reads its table, and outlives what hangs."""

from __future__ import annotations

import json
import stat
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bioformats_jar import VARIABLE
from tests.oracle import bio_formats
from tests.oracle.answers import FileSetAnswer, FolderAnswer, Picture, of_bio_formats
from tests.oracle.bio_formats import BioFormats, Hung, Missing
from tests.oracle.comparing import Comparison, Difference
from tests.oracle.table import Row, read_table

PICTURE = Picture(
    sizes={"x": 4, "y": 3, "z": 2, "c": 1, "t": 1},
    dtype="uint8",
    levels=1,
    pixel_size=(None, 0.5, 0.25),
    date=datetime(2026, 1, 21, 10, tzinfo=UTC),
    names=("DAPI",),
    colours=("0000FF",),
    planes={name: name for name in ("first", "last", "last z", "last c", "last t")},
)
SET = FileSetAnswer("a.tif", frozenset({"a.tif"}), (PICTURE,))


def differences(ours: FileSetAnswer, theirs: FileSetAnswer | None) -> list[str]:
    others = FolderAnswer((theirs,)) if theirs else FolderAnswer()
    return [str(found) for found in Comparison(FolderAnswer((ours,)), others).differences]


def test_what_agrees_is_counted() -> None:
    close = replace(PICTURE, pixel_size=(None, 0.500001, 0.25))
    both = FolderAnswer((SET,)), FolderAnswer((replace(SET, pictures=(close,)),))
    compared = Comparison(*both)
    assert compared.differences == []
    count = compared.count
    assert (count.filesets, count.pictures, count.fields) == (1, 1, 20)


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"dtype": "int8"}, "type: ours uint8 | theirs int8"),
        ({"levels": 2}, "levels: ours 1 | theirs 2"),
        ({"pixel_size": (1.0, 0.5, 0.25)}, "pixel size z: ours none | theirs 1"),
        ({"pixel_size": (None, 0.501, 0.25)}, "pixel size y: ours 0.5 | theirs 0.501"),
        (
            {"pixel_size": (None, 0.5, "1.0 pixel")},
            "pixel size x: ours 0.25 | theirs 1.0 pixel",
        ),
        ({"date": None}, "date: ours 2026-01-21 10:00:00 | theirs none"),
        ({"names": ("GFP",)}, "channel names: ours DAPI | theirs GFP"),
        ({"colours": (None,)}, "colours: ours 0000FF | theirs none"),
        (
            {"planes": {**PICTURE.planes, "last": "other"}},
            "last plane: ours last | theirs other",
        ),
    ],
)
def test_what_differs_is_reported(change: dict[str, object], wanted: str) -> None:
    other = replace(SET, pictures=(replace(PICTURE, **change),))  # type: ignore[arg-type]
    assert differences(SET, other) == [f"a.tif, series 0: {wanted}"]


def test_of_other_sizes_the_ends_are_compared() -> None:
    planes = dict.fromkeys(PICTURE.planes, "other")
    swapped = replace(PICTURE, sizes={**PICTURE.sizes, "z": 1, "t": 2}, planes=planes)
    found = differences(SET, replace(SET, pictures=(swapped,)))
    assert [text.split(": ")[1] for text in found] == ["z", "t", "first plane", "last plane"]
    fewer = replace(swapped, sizes={**PICTURE.sizes, "z": 1})
    found = differences(SET, replace(SET, pictures=(fewer,)))
    assert [text.split(": ")[1] for text in found] == ["z", "first plane"]


def test_sets_and_refusals_are_compared() -> None:
    two = replace(SET, files=frozenset({"a.tif", "b.tif"}), pictures=(PICTURE, PICTURE))
    assert differences(SET, two) == [
        "a.tif: files: ours no more | theirs b.tif",
        "a.tif: images: ours 1 | theirs 2",
    ]
    refused = replace(SET, pictures=(), refused="It is damaged.")
    assert differences(refused, SET) == ["a.tif: opens: ours refused | theirs read"]
    assert differences(SET, None) == ["a.tif: opens: ours read | theirs refused"]
    assert differences(refused, None) == []


def test_parts_of_one_set_are_not_compared_with_its_images() -> None:
    whole = replace(SET, files=frozenset({"a.tif", "b.tif"}), pictures=())
    parts = SET, replace(SET, opened="b.tif", files=frozenset({"b.tif"}))
    found = Comparison(FolderAnswer(parts), FolderAnswer((whole,))).differences
    assert [(each.file, each.field) for each in found] == [
        ("a.tif", "files"),
        ("b.tif", "files"),
    ]


def test_a_row_explains_its_kind_only() -> None:
    files = ("*.tif", "!*.ome.tif")
    row = Row(files, ("pixel size y", "pixel size x"), ("none",), ("> 5",), "why")
    size = Difference("a.tif", "pixel size y", "none", "352.778", 0)
    assert row.explains("data/x/a.tif", size)
    for other in (
        replace(size, theirs="4.9"),
        replace(size, theirs="none"),
        replace(size, ours="0.5"),
        replace(size, field="pixel size z"),
    ):
        assert not row.explains("data/x/a.tif", other)
    assert not row.explains("data/x/a.lsm", size)
    assert not row.explains("data/x/a.ome.tif", size)


def test_what_no_difference_needed_is_idle() -> None:
    row = Row(("made/a/*", "data/b/*"), ("z",), ("*",), ("*",), "why")
    assert row.unused(["made"]) == ["made/a/*"]
    assert row.explains("made/a/x", Difference("x", "z", "1", "2", 0))
    assert row.unused(["made"]) == []
    assert row.unused(["made", "data"]) == ["data/b/*"]
    assert Row(("*.tif",), ("z",), ("*",), ("*",), "why").unused(["made"]) == []


def test_every_row_of_the_page_is_whole() -> None:
    rows = read_table()
    assert len(rows) > 20
    for row in rows:
        assert row.files, row
        assert all(row.fields), row
        assert row.ours, row
        assert row.theirs, row
        assert row.why, row


ANSWER = {
    "version": "7.3.1",
    "filesets": [
        {
            "opened": "a.tif",
            "used": ["a.tif"],
            "series": [
                {
                    **PICTURE.sizes, "type": "float", "levels": 1, "px": [None, 0.5, 0.5],
                    "date": "2026-01-21T10:00:00.5", "channels": [["DAPI", "0000FFFF", 1]],
                    "first": "1", "last": "2", "zlast": "3", "clast": "4", "tlast": "5",
                }
            ],
        }
    ],
}  # fmt: skip


def test_an_answer_of_bio_formats_is_read() -> None:
    [found] = of_bio_formats(ANSWER).sets
    [picture] = found.pictures
    assert (picture.dtype, picture.colours, picture.names) == (
        "float32",
        ("0000FF",),
        ("DAPI",),
    )
    assert picture.date == datetime(2026, 1, 21, 10, tzinfo=UTC)
    assert picture.planes["last z"] == "3"


@pytest.fixture
def java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Java that answers for folders, but hangs or ends where their names say so."""
    program = tmp_path / "java"
    program.write_text(
        f"#!{sys.executable}\nimport sys, time\n"
        'if "--list-modules" in sys.argv:\n    sys.exit(print("jdk.compiler@17"))\n'
        "for line in sys.stdin:\n"
        '    print("opening " + line.strip() + "/a.tif", flush=True)\n'
        '    if line.endswith("/hangs\\n"):\n        time.sleep(600)\n'
        '    if line.endswith("/ends\\n"):\n        sys.exit(1)\n'
        f"    print({json.dumps(ANSWER)!r}, flush=True)\n"
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv(VARIABLE, __file__)
    monkeypatch.setattr(bio_formats, "_PATIENCE_S", 2.0)


@pytest.mark.usefixtures("java")
def test_a_file_that_hangs_is_named_and_the_next_folder_is_read(tmp_path: Path) -> None:
    oracle = BioFormats()
    try:
        assert oracle.ask(tmp_path).version == "7.3.1"
        for folder, text in (("hangs", "did not answer"), ("ends", "ended")):
            with pytest.raises(Hung, match=text) as caught:
                oracle.ask(tmp_path / folder)
            assert f"{folder}/a.tif" in str(caught.value)
            assert oracle.ask(tmp_path).version == "7.3.1"
    finally:
        oracle.close()


@pytest.mark.usefixtures("java")
def test_what_is_missing_is_stated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    with pytest.raises(Missing, match="default-jdk-headless"):
        BioFormats()
    monkeypatch.setenv(VARIABLE, str(tmp_path / "none.jar"))
    with pytest.raises(Missing, match=r"test -m oracle"):
        BioFormats()
