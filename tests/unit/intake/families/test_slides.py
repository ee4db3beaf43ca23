"""Sets of slide scanners; Bio-Formats 7.3.1 gave these files in this order (AFIReader,
NDPISReader, HamamatsuVMSReader; it has no reader for MRXS).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.file_sets import only_set, paths, sets, touched_tiff
from tests.support.vendor_sets import write_afi, write_ndpis, write_vms

VMS = ["a.vms", "a.jpg", "a(1,0).jpg", "a(0,1).jpg", "a(1,1).jpg", "a_map2.jpg", "a.opt"]


def test_an_afi_and_its_slides_in_its_order(tmp_path: Path) -> None:
    made = only_set(write_afi(tmp_path, ["x_FITC.svs", "below/x_DAPI.svs"]))
    assert paths(made, tmp_path) == ["x.afi", "x_FITC.svs", "below/x_DAPI.svs"]
    assert not made.problems


def test_an_ndpis_and_its_slides_in_its_order(tmp_path: Path) -> None:
    made = only_set(write_ndpis(tmp_path))
    assert paths(made, tmp_path) == ["a.ndpis", "b.ndpi", "a.ndpi"]
    assert not made.problems


def test_a_vms_and_its_pictures_by_rows(tmp_path: Path) -> None:
    made = only_set(write_vms(tmp_path))
    assert paths(made, tmp_path) == [*VMS, "a_macro.jpg"]
    assert not made.problems


def test_only_the_optimisation_file_of_a_vms_may_be_absent(tmp_path: Path) -> None:
    write_vms(tmp_path)
    (tmp_path / "a.opt").unlink()
    assert not only_set(tmp_path).problems
    for name in ("a_map2.jpg", "a_macro.jpg", "a(0,1).jpg"):
        (tmp_path / name).unlink()
        assert f"'{name}'" in only_set(tmp_path).problems[0].message


def test_one_absent_slide_forbids_the_set(tmp_path: Path) -> None:
    write_afi(tmp_path / "afi")
    write_ndpis(tmp_path / "ndpis")
    (tmp_path / "afi" / "x_DAPI.svs").unlink()
    (tmp_path / "ndpis" / "a.ndpi").unlink()
    for folder, name in (("afi", "x_DAPI.svs"), ("ndpis", "a.ndpi")):
        made = only_set(tmp_path / folder)
        assert f"'{name}' is missing" in made.problems[0].message
        assert len(made.files) == 2


@pytest.mark.parametrize("name", ["../secret.svs", "/etc/hostname", "C:\\data\\x_DAPI.svs"])
def test_a_name_that_leads_elsewhere_is_missing(name: str, tmp_path: Path) -> None:
    touched_tiff(tmp_path / "secret.svs")
    run = tmp_path / "run"
    run.mkdir()
    text = f"<ImageList><Image><Path>{name}</Path></Image></ImageList>"
    (run / "x.afi").write_text(text)
    made = only_set(run)
    assert paths(made, run) == ["x.afi"]
    assert made.problems


@pytest.mark.parametrize("text", ["hello", "<a>", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"])
def test_another_afi_is_reported_as_damaged(text: str, tmp_path: Path) -> None:
    (tmp_path / "x.afi").write_text(text)
    (problem,) = only_set(tmp_path).problems
    assert "is damaged" in problem.message


def test_a_lone_tile_of_a_vms_is_reported(tmp_path: Path) -> None:
    write_vms(tmp_path)
    (tmp_path / "a.vms").unlink()
    (doubt,) = only_set(tmp_path / "a(1,0).jpg").doubts
    assert "its .vms file is missing" in doubt


def test_an_mrxs_stays_with_its_folder_and_states_what_reads_it(tmp_path: Path) -> None:
    (tmp_path / "a" / "deep").mkdir(parents=True)
    for name in ("a.mrxs", "a/Slidedat.ini", "a/Data0000.dat", "a/deep/x.dat"):
        (tmp_path / name).write_bytes(b"x")
    made = only_set(tmp_path)
    assert paths(made, tmp_path)[0] == "a.mrxs"
    assert len(made.files) == 4
    assert "bioformats2raw" in made.problems[0].message


@pytest.mark.parametrize(
    "name", ["a.ndpi", "a.scn", "a.svs", "a.lif", "a.lof", "a.oib", "a.oir"]
)
def test_formats_of_one_file_stand_by_themselves(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"II*\0")
    (tmp_path / f"b{name}").write_bytes(b"II*\0")
    assert all(len(files) == 1 for files in sets(tmp_path).values())
