"""Operetta's plates; Bio-Formats 7.3.1 gave these files in this order (OperettaReader)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.file_sets import only_set, paths, sets, touched_tiff
from tests.support.plate_sets import make_operetta
from transferapp.intake.grouping import group
from transferapp.intake.preflight import preflight
from transferapp.intake.scanning import scan

#: Row, column, field, plane, channel; the index lists them the other way round.
IMAGES = [
    f"r01c0{c}f0{f}p0{p}-ch{ch}sk1fk1fl1.tiff"
    for c in (1, 2)
    for f in (1, 2)
    for p in (1, 2)
    for ch in (1, 2)
]


@pytest.mark.parametrize("index", ["Index.idx.xml", "Index.ref.xml", "Index.xml"])
def test_the_index_is_opened_and_the_images_follow_by_well(tmp_path: Path, index: str) -> None:
    make_operetta(tmp_path / "run", f"Images/{index}")
    made = only_set(tmp_path / "run")
    assert paths(made, tmp_path / "run/Images") == [index, *IMAGES]
    assert made.plate
    assert not made.problems
    assert not made.doubts


def test_what_lies_beside_the_folder_of_images_comes_before_them(tmp_path: Path) -> None:
    make_operetta(tmp_path / "run")
    for name in ("b.txt", "Z/a10.txt", "Z/a9.txt", "Z/deep/no.txt", "no.tiff"):
        (tmp_path / "run" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "run" / name).write_text("x")
    made = sets(tmp_path / "run")["Index.idx.xml"]
    assert made[:5] == [
        "Images/Index.idx.xml",
        "Z/a10.txt",
        "Z/a9.txt",
        "b.txt",
        f"Images/{IMAGES[0]}",
    ]
    assert len(made) == 4 + len(IMAGES)


def test_two_measurements_beside_each_other_stay_two(tmp_path: Path) -> None:
    make_operetta(tmp_path / "run")
    make_operetta(tmp_path / "run", "Second/Index.idx.xml", "Second")
    assert [len(made.files) for made in group(scan([tmp_path / "run"]))] == [17, 17]


def test_an_index_above_its_images_takes_them(tmp_path: Path) -> None:
    """As Bio-Formats does it since PR 4314; 7.3.1 uses the index alone."""
    make_operetta(tmp_path / "run", "Index.xml", version="HarmonyV7")
    made = only_set(tmp_path / "run")
    assert paths(made, tmp_path / "run") == ["Index.xml", *(f"Images/{n}" for n in IMAGES)]


def test_images_that_the_index_names_and_are_not_there_are_reported(tmp_path: Path) -> None:
    make_operetta(tmp_path / "run")
    (tmp_path / "run/Images" / IMAGES[3]).unlink()
    made = only_set(tmp_path / "run")
    assert len(made.files) == 16
    assert made.doubts[0].startswith(f"'{IMAGES[3]}' is missing, though 'Index.idx.xml'")


def test_an_index_without_its_images_is_refused(tmp_path: Path) -> None:
    make_operetta(tmp_path / "run")
    for name in IMAGES:
        (tmp_path / "run/Images" / name).unlink()
    result = preflight(only_set(tmp_path / "run"))
    assert result.blocked
    assert "none of them is there" in result.sentence


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"\x8f\x00\x17encrypted", "encrypted?"),
        (b'<?xml version="1.0"?><EvaluationInputData xmlns="HarmonyV5"><Im', "no complete XML"),
        (
            b'<!DOCTYPE a [<!ENTITY b "c">]><EvaluationInputData xmlns="HarmonyV5"/>',
            "no complete XML",
        ),
        (b'<EvaluationInputData xmlns="HarmonyV5"/>', "names no images"),
    ],
)
def test_an_index_that_cannot_be_read_keeps_its_folder_together(
    tmp_path: Path, content: bytes, why: str
) -> None:
    make_operetta(tmp_path / "run")
    (tmp_path / "run/Images/Index.idx.xml").write_bytes(content)
    made = only_set(tmp_path / "run")
    assert len(made.files) == 17
    assert why in made.problems[0].message


def test_an_index_of_a_version_that_nobody_knows_is_kept_together_and_reported(
    tmp_path: Path,
) -> None:
    make_operetta(tmp_path / "run", version="Symphony1")
    made = only_set(tmp_path / "run")
    assert len(made.files) == 17
    assert not made.problems
    assert "of a version that nobody has tried" in made.doubts[0]


def test_a_lone_member_is_reported(tmp_path: Path) -> None:
    (doubt,) = only_set(touched_tiff(tmp_path / IMAGES[0])).doubts
    assert "Operetta set, and Index.idx.xml is missing" in doubt


def test_other_files_of_that_name_are_none(tmp_path: Path) -> None:
    (tmp_path / "Index.xml").write_text("<?xml version='1.0'?><site/>")
    touched_tiff(tmp_path / "a.tif")
    assert not any(made.plate for made in group(scan([tmp_path])))


def test_a_name_that_leads_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    make_operetta(tmp_path / "run", "Index.xml", ".")
    touched_tiff(tmp_path / "secret.tif")
    index = tmp_path / "run/Index.xml"
    index.write_text(index.read_text().replace(f"<URL>{IMAGES[0]}", "<URL>../secret.tif"))
    made = sets(tmp_path)
    assert not any("secret" in path for path in made["Index.xml"])
