"""Files into filesets."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings, strategies as st

from tests.support.ome_files import block, image, ome, pointer, uuid
from transferapp.host.resources import resource
from transferapp.intake.candidate_names import natural_key
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.grouping import group
from transferapp.intake.scanning import scan

PLATES = ("companion-missing-file", "ome-tiff-plate-cells")


def grouped(*roots: Path) -> dict[str, FilesetCandidate]:
    return {candidate.name: candidate for candidate in group(scan(roots))}


def names(candidate: FilesetCandidate) -> list[str]:
    return [file.path.name for file in candidate.files]


def ome_xml(*siblings: str, companion: str = "") -> str:
    if companion:
        return pointer(companion, own="", target=uuid(0))
    blocks = [block(c=n, file=name, own=uuid(n)) for n, name in enumerate(siblings)]
    return ome(image("".join(blocks), sizes=(1, len(blocks), 1)))


def write_tiff(path: Path, xml: str | None = None) -> None:
    tifffile.imwrite(
        path, np.zeros((4, 4), np.uint8), description=xml, metadata=None, software=None
    )


def test_samples() -> None:
    found = grouped(resource("sample-data"))
    assert names(found["ecoli"])[0] == "ecoli.companion.ome"
    assert len(found["ecoli"].files) == 19
    assert names(found["organoid_C0.ome.tif"]) == [f"organoid_C{n}.ome.tif" for n in range(3)]
    assert found["cluster.ome.zarr"].files[0].path.name == ".zattrs"
    assert found["organoid.ome.zarr"].files[0].path.name == "zarr.json"
    broken, whole = (found[f"{folder}/plate"] for folder in PLATES)
    assert [p.code for p in broken.problems] == ["missing-companion"]
    assert "A02_f1.ome.tif" in broken.problems[0].message
    assert (len(whole.files), whole.problems) == (5, ())
    assert found["cluster.nd2"].format is not None


def test_companion_alone_brings_its_siblings() -> None:
    folder = resource("sample-data", "ome-tiff-plate-cells")
    (candidate,) = group(scan([folder / "plate.companion.ome"]))
    assert len(candidate.files) == 5
    assert {f.client_path.count("/") for f in candidate.files} == {0}


def test_one_tiff_alone_brings_its_companion() -> None:
    folder = resource("sample-data", "ome-tiff-plate-cells")
    (candidate,) = group(scan([folder / "A01_f0.ome.tif"]))
    assert names(candidate)[0] == "plate.companion.ome"
    assert len(candidate.files) == 5


def test_tiffs_whose_companion_is_missing_are_one(tmp_path: Path) -> None:
    for n in range(3):
        write_tiff(tmp_path / f"{n}.ome.tif", ome_xml(companion="x.companion.ome"))
    (candidate,) = group(scan([tmp_path]))
    assert len(candidate.files) == 3
    assert "x.companion.ome" in candidate.problems[0].message


def test_unnamed_pointers_join_their_companion(tmp_path: Path) -> None:
    (tmp_path / "x.companion.ome").write_text(ome_xml("a.ome.tif"))
    for name in ("a", "b"):
        write_tiff(tmp_path / f"{name}.ome.tif", ome_xml(companion="x.companion.ome"))
    (candidate,) = group(scan([tmp_path]))
    assert names(candidate) == ["x.companion.ome", "a.ome.tif", "b.ome.tif"]


def test_dropped_apart_they_still_lie_side_by_side(tmp_path: Path) -> None:
    folder = tmp_path / "exp"
    folder.mkdir()
    (folder / "x.companion.ome").write_text(ome_xml("sub/a.ome.tif"))
    (folder / "sub").mkdir()
    write_tiff(folder / "sub" / "a.ome.tif", ome_xml(companion="../x.companion.ome"))
    (candidate,) = group(scan([folder / "x.companion.ome", folder / "sub"]))
    assert [f.client_path for f in candidate.files] == ["x.companion.ome", "sub/a.ome.tif"]


@pytest.mark.parametrize("name", ["../secret.tif", "/etc/passwd", "..\\secret.tif"])
def test_names_that_lead_outside_are_missing(tmp_path: Path, name: str) -> None:
    write_tiff(tmp_path / "secret.tif")
    (tmp_path / "exp").mkdir()
    (tmp_path / "exp" / "x.companion.ome").write_text(ome_xml(name))
    (candidate,) = group(scan([tmp_path / "exp"]))
    assert names(candidate) == ["x.companion.ome"]
    assert [p.code for p in candidate.problems] == ["missing-companion"]


def test_hostile_and_broken_xml(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><OME>&b;</OME>'
    (tmp_path / "a.companion.ome").write_text(bomb)
    (tmp_path / "b.companion.ome").write_text("<OME><Image")
    found = group(scan([tmp_path]))
    assert [c.problems[0].code for c in found] == ["damaged-file", "damaged-file"]


def test_plain_files_stay_single_and_in_natural_order(tmp_path: Path) -> None:
    for n in (10, 2, 1):
        write_tiff(tmp_path / f"t{n}.tif")
    assert [c.name for c in group(scan([tmp_path]))] == ["t1.tif", "t2.tif", "t10.tif"]


def test_natural_key_is_a_total_order() -> None:
    assert natural_key("a1") != natural_key("A1")
    assert natural_key("a01") != natural_key("a1")
    assert sorted(["b", "a10", "1", "a9", "²"], key=natural_key) == ["a9", "a10", "b", "²", "1"]


NAMES = [f"{letter}.ome.tif" for letter in "abcdefg"]


@settings(max_examples=40, deadline=None)
@given(
    set_of=st.fixed_dictionaries({name: st.integers(0, 3) for name in NAMES}),
    gone=st.sets(st.sampled_from(NAMES), max_size=3),
    # Such a set is held together by a companion; its files say so, or say nothing.
    companions=st.dictionaries(st.integers(0, 3), st.booleans()),
)
def test_every_file_is_in_exactly_one_fileset(
    set_of: dict[str, int], gone: set[str], companions: dict[int, bool]
) -> None:
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root)
        wanted: dict[int, set[str]] = {}
        for number in set(set_of.values()):
            members = [name for name in NAMES if set_of[name] == number]
            present = set(members) - gone
            companion = f"{number}.companion.ome" if number in companions else ""
            xml = ome_xml(companion=companion) if companion else ome_xml(*members)
            for name in present:
                write_tiff(folder / name, None if companions.get(number) else xml)
            if companion:
                (folder / companion).write_text(ome_xml(*members))
                present.add(companion)
            if present:
                wanted[number] = present
        scanned = scan([folder])
        found = group(scanned)
        listed = sorted(str(file.path) for c in found for file in c.files)
        assert listed == sorted(str(file.path) for file in scanned.files)
        assert sorted(map(sorted, wanted.values())) == sorted(sorted(names(c)) for c in found)
        for candidate in found:
            (number,) = [n for n, present in wanted.items() if present == set(names(candidate))]
            missing = {name for name in gone if set_of[name] == number}
            assert bool(candidate.problems) == bool(missing)
            if number in companions:
                assert candidate.files[0].path.name.endswith(".companion.ome")


def test_overlapping_sets_become_one(tmp_path: Path) -> None:
    write_tiff(tmp_path / "a.ome.tif", ome_xml("a.ome.tif", "b.ome.tif"))
    write_tiff(tmp_path / "c.ome.tif", ome_xml("b.ome.tif", "c.ome.tif"))
    write_tiff(tmp_path / "b.ome.tif")
    (tmp_path / "x.companion.ome").write_text(ome_xml("b.ome.tif"))
    (candidate,) = group(scan([tmp_path]))
    assert names(candidate)[0] == "x.companion.ome"
    assert sorted(names(candidate)[1:]) == ["a.ome.tif", "b.ome.tif", "c.ome.tif"]
