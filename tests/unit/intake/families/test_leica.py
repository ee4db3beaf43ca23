"""Leica's sets; Bio-Formats 7.3.1 gave these files in this order (XLEFReader). No ``.lei``
could be made for it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.file_sets import only_set, paths, sets, touched_tiff
from tests.support.vendor_sets import write_xlef

LEI_IMAGES = ["run_Series001_z000_ch00.tif", "run_Series001_z001_ch00.tif"]


def write_lei(folder: Path, images: list[str]) -> None:
    for name in images:
        touched_tiff(folder / name)
    names = b"".join(name.encode("utf-16-le") + bytes(8) for name in LEI_IMAGES)
    (folder / "run.lei").write_bytes(b"IIII" + bytes(20) + names + bytes(40))


def test_an_xlef_and_all_that_it_leads_to_by_their_paths(tmp_path: Path) -> None:
    made = only_set(write_xlef(tmp_path))
    others = ["Metadata/c.xlcf", "Metadata/i 1.xlif", "a.tif", "b.tif"]
    assert paths(made, tmp_path) == ["p.xlef", *others]
    assert not made.problems
    assert not made.doubts


def test_an_absent_image_forbids_the_project(tmp_path: Path) -> None:
    write_xlef(tmp_path)
    (tmp_path / "a.tif").unlink()
    made = only_set(tmp_path)
    assert "is missing: 'p.xlef' names it" in made.problems[0].message
    assert len(made.files) == 4


def test_an_absent_description_is_reported(tmp_path: Path) -> None:
    write_xlef(tmp_path)
    text = (tmp_path / "p.xlef").read_text()
    more = '<Reference File="Metadata/gone.xlif"/></Children>'
    (tmp_path / "p.xlef").write_text(text.replace("</Children>", more))
    (doubt,) = only_set(tmp_path).doubts
    assert "'Metadata/gone.xlif' is missing" in doubt


def test_a_project_without_images_is_refused(tmp_path: Path) -> None:
    write_xlef(tmp_path)
    for name in ("a.tif", "b.tif"):
        (tmp_path / name).unlink()
    (problem,) = only_set(tmp_path).problems
    assert "none of them is there" in problem.message


def test_a_project_that_leads_to_itself_ends(tmp_path: Path) -> None:
    write_xlef(tmp_path)
    text = (tmp_path / "Metadata" / "c.xlcf").read_text()
    more = '<Reference File="../p.xlef"/><Reference File="c.xlcf"/></Children>'
    (tmp_path / "Metadata" / "c.xlcf").write_text(text.replace("</Children>", more))
    assert len(only_set(tmp_path).files) == 5


def test_a_project_does_not_lead_out_of_what_was_dropped(tmp_path: Path) -> None:
    touched_tiff(tmp_path / "a.tif")
    run = write_xlef(tmp_path / "run", images=["b.tif"])
    text = (run / "Metadata" / "i 1.xlif").read_text()
    (run / "Metadata" / "i 1.xlif").write_text(text.replace("../B.TIF", "../../a.tif"))
    assert all(file.path.is_relative_to(run) for file in only_set(run / "p.xlef").files)


@pytest.mark.parametrize("text", ["hello", "<a/>", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"])
def test_another_xlef_is_reported_as_damaged(text: str, tmp_path: Path) -> None:
    (tmp_path / "x.xlef").write_text(text)
    (problem,) = only_set(tmp_path).problems
    assert "is damaged" in problem.message


def test_a_lei_and_the_images_that_it_names(tmp_path: Path) -> None:
    write_lei(tmp_path, [*LEI_IMAGES, "mask.tif"])
    made = sets(tmp_path)
    assert made == {"mask.tif": ["mask.tif"], "run.lei": ["run.lei", *LEI_IMAGES]}


def test_absent_images_of_a_lei_are_reported(tmp_path: Path) -> None:
    write_lei(tmp_path, LEI_IMAGES[1:])
    assert LEI_IMAGES[0] in only_set(tmp_path).doubts[0]


def test_a_lei_without_images_is_refused(tmp_path: Path) -> None:
    write_lei(tmp_path, [])
    assert "none of them is there" in only_set(tmp_path).problems[0].message


def test_an_exported_plane_is_reported(tmp_path: Path) -> None:
    touched_tiff(tmp_path / "scan_Series014_z000_ch00.tif")
    (doubt,) = only_set(tmp_path).doubts
    assert ".lif" in doubt


def test_another_lei_is_none(tmp_path: Path) -> None:
    (tmp_path / "x.lei").write_text("hello")
    assert only_set(tmp_path).format is None
