"""Readers on the sample images, whole and broken."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile

from tests.support.local_images import Opener, opener
from transferapp.errors import (
    DamagedFile,
    EmptyFile,
    MissingCompanion,
    TransferAppError,
    UnsupportedFile,
)
from transferapp.host.resources import resource
from transferapp.model.images import TileRegion
from transferapp.repositories.local.pixels.levels import Plane
from transferapp.repositories.local.readers.port import OpenFileset, ReadImage, WellPosition

__all__ = ["opener"]

SAMPLES = resource("sample-data")


def opened(opener: Opener, name: str) -> OpenFileset:
    return opener(SAMPLES / name, SAMPLES / Path(name).parts[0])


def plane(image: ReadImage, c: int = 0, z: int = 0, t: int = 0, level: int = 0) -> Plane:
    size = image.header.levels[level]
    return image.read(TileRegion(level, t, c, z, 0, 0, size.size_y, size.size_x))


def check_all(fileset: OpenFileset) -> None:
    for image in fileset.images:
        image.check()


@pytest.mark.parametrize("first", ["ecoli.companion.ome", "ecoli_C2_T4.ome.tif"])
def test_companion_set_from_any_of_its_files(opener: Opener, first: str) -> None:
    fileset = opened(opener, f"ome-tiff-companion-ecoli/{first}")
    [image] = fileset.images
    header = image.header
    assert (header.size_t, header.size_c, header.size_z) == (6, 3, 1)
    assert (header.dtype, header.name) == ("uint16", "ecoli nucleoid ori ter")
    wanted = tifffile.imread(SAMPLES / "ome-tiff-companion-ecoli" / "ecoli_C1_T3.ome.tif")
    np.testing.assert_array_equal(plane(image, c=1, t=3), wanted)
    check_all(fileset)


@pytest.mark.parametrize("number", [0, 2])
def test_multi_file_set_from_any_of_its_files(opener: Opener, number: int) -> None:
    fileset = opened(opener, f"ome-tiff-multifile-organoid/organoid_C{number}.ome.tif")
    [image] = fileset.images
    assert image.header.size_c == 3
    z, *y_x = image.header.pixel_size_um
    assert z is None
    assert y_x == [0.48, 0.48]
    path = SAMPLES / "ome-tiff-multifile-organoid" / "organoid_C2.ome.tif"
    with tifffile.TiffFile(path) as tif:
        np.testing.assert_array_equal(plane(image, c=2), tif.pages[0].asarray())
    check_all(fileset)


def test_plate_reports_wells_and_fields(opener: Opener) -> None:
    fileset = opened(opener, "ome-tiff-plate-cells/plate.companion.ome")
    assert fileset.plates == ("test plate",)
    wells = [image.header.well for image in fileset.images]
    assert wells == [
        WellPosition(0, 0, 0),
        WellPosition(0, 0, 1),
        WellPosition(0, 1, 0),
        WellPosition(0, 1, 1),
    ]
    assert [image.header.name for image in fileset.images][2] == "A02_f0"
    path = SAMPLES / "ome-tiff-plate-cells" / "A02_f0.ome.tif"
    with tifffile.TiffFile(path) as tif:
        np.testing.assert_array_equal(plane(fileset.images[2], c=2), tif.pages[2].asarray())
    check_all(fileset)


def test_pyramid_levels_are_the_files_own(opener: Opener) -> None:
    fileset = opened(opener, "ome-tiff-pyramid/slide.ome.tiff")
    [image] = fileset.images
    sizes = [(level.size_y, level.size_x) for level in image.header.levels]
    assert sizes == [(4000, 5000), (2000, 2500), (1000, 1250), (500, 625), (250, 312)]
    whole = tifffile.imread(SAMPLES / "ome-tiff-pyramid" / "slide.ome.tiff")
    # Across tile borders, and not beginning at one.
    region = TileRegion(0, 0, 1, 0, 1700, 2000, 600, 777)
    np.testing.assert_array_equal(image.read(region), whole[1, 1700:2300, 2000:2777])
    with tifffile.TiffFile(SAMPLES / "ome-tiff-pyramid" / "slide.ome.tiff") as tif:
        smallest = tif.series[0].levels[4].asarray()
    assert whole[1, 1700:2300, 2000:2777].std() > 0
    np.testing.assert_array_equal(plane(image, c=2, level=4), smallest[2])
    check_all(fileset)


def test_plain_tiff(opener: Opener) -> None:
    name = "tiff-channels-cells/cells_D03f00d0.tif"
    fileset = opened(opener, name)
    [image] = fileset.images
    np.testing.assert_array_equal(plane(image), tifffile.imread(SAMPLES / name))
    assert not fileset.plates
    check_all(fileset)


def test_png(opener: Opener) -> None:
    fileset = opened(opener, "png-cells/cell.png")
    [image] = fileset.images
    header = image.header
    assert (header.levels[0].size_y, header.levels[0].size_x) == (660, 550)
    assert (header.size_c, header.dtype) == (1, "uint8")
    assert plane(image).std() > 0
    check_all(fileset)


@pytest.mark.parametrize("first", [".zattrs", "0/.zarray", "0/0/0/0/0/0"])
def test_zarr_0_4_from_any_of_its_files(opener: Opener, first: str) -> None:
    fileset = opened(opener, f"ome-zarr-v04-confocal-5d/cluster.ome.zarr/{first}")
    [image] = fileset.images
    header = image.header
    assert (header.size_t, header.size_c, header.size_z) == (3, 2, 10)
    assert (header.dtype, header.name) == ("uint16", "cluster")
    assert header.channels[0].color == "0000FF"
    z, *y_x = header.pixel_size_um
    assert z == 0.5
    assert y_x == [pytest.approx(0.1678, abs=1e-4)] * 2
    assert [(level.size_y, level.size_x) for level in header.levels] == [(31, 38), (15, 19)]
    check_all(fileset)


def test_zarr_0_5(opener: Opener) -> None:
    fileset = opened(opener, "ome-zarr-v05-organoid/organoid.ome.zarr/zarr.json")
    [image] = fileset.images
    assert (image.header.size_c, len(image.header.levels)) == (3, 4)
    # The same organoid as the OME-TIFF.
    path = SAMPLES / "ome-tiff-multifile-organoid" / "organoid_C1.ome.tif"
    with tifffile.TiffFile(path) as tif:
        np.testing.assert_array_equal(plane(image, c=1), tif.pages[0].asarray())
    check_all(fileset)


@pytest.mark.parametrize(
    ("name", "module", "magic"),
    [
        ("a.czi", "pylibCZIrw.czi", b"ZISRAWFILE"),
        ("a.nd2", "nd2", b"\xda\xce\xbe\x0a"),
        ("a.lif", "liffile", b"\x70\0\0\0"),
        ("a.oib", "olefile", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
        ("a.ims", "h5py", b"\x89HDF\r\n\x1a\n"),
        ("a.mrc", "mrcfile", bytes(208) + b"MAP DA"),
        ("a.dcm", "pydicom", bytes(128) + b"DICM"),
        ("IM000001", "imagecodecs", bytes(128) + b"DICM"),
    ],
)
def test_vendor_formats_name_the_extra_that_is_missing(
    opener: Opener,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    module: str,
    magic: bytes,
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    (tmp_path / name).write_bytes(magic.ljust(64, b"\0"))
    with pytest.raises(UnsupportedFile, match=r"pip install 'transferapp\[readers\]'"):
        opener(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "error", "text"),
    [
        ("broken/truncated-30pct.tif", DamagedFile, "not copied completely"),
        ("broken/truncated-50pct.png", DamagedFile, "truncated-50pct.png"),
        (
            "broken/companion-missing-file/plate.companion.ome",
            MissingCompanion,
            "A02_f1.ome.tif",
        ),
        ("broken/companion-missing-file/A01_f0.ome.tif", MissingCompanion, "A02_f1.ome.tif"),
        ("README.md", UnsupportedFile, "README.md"),
    ],
)
def test_broken_samples(
    opener: Opener, name: str, error: type[TransferAppError], text: str
) -> None:
    with pytest.raises(error, match=text):
        check_all(opened(opener, name))


def test_one_file_of_a_set_names_what_is_missing(opener: Opener, tmp_path: Path) -> None:
    shutil.copy(SAMPLES / "ome-tiff-multifile-organoid" / "organoid_C0.ome.tif", tmp_path)
    with pytest.raises(MissingCompanion, match=r"organoid_C[12]\.ome\.tif"):
        opener(tmp_path / "organoid_C0.ome.tif", tmp_path)


def test_member_without_its_companion_names_it(opener: Opener, tmp_path: Path) -> None:
    shutil.copy(SAMPLES / "ome-tiff-plate-cells" / "A01_f0.ome.tif", tmp_path)
    with pytest.raises(MissingCompanion, match=r"plate\.companion\.ome"):
        opener(tmp_path / "A01_f0.ome.tif", tmp_path)


def test_names_that_lead_out_of_the_fileset_are_missing(opener: Opener, tmp_path: Path) -> None:
    source = SAMPLES / "ome-tiff-companion-ecoli"
    folder = tmp_path / "fileset"
    shutil.copytree(source, folder)
    (folder / "ecoli_C0_T0.ome.tif").rename(tmp_path / "secret.ome.tif")
    companion = folder / "ecoli.companion.ome"
    text = companion.read_text()
    companion.write_text(text.replace("ecoli_C0_T0.ome.tif", "../secret.ome.tif"))
    with pytest.raises(MissingCompanion, match="secret"):
        opener(companion, folder)


@pytest.mark.parametrize("name", ["cells.tif", "cells.czi", "cells.ome.tiff", "notes.txt"])
def test_empty_file(opener: Opener, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.touch()
    with pytest.raises(EmptyFile, match=name):
        opener(path, tmp_path)


@pytest.mark.parametrize("name", ["cells.tif", "cells.PNG", "cells.nd2", "cells.companion.ome"])
def test_content_that_is_not_what_the_name_states(
    opener: Opener, tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    path.write_text("Dear colleague, the images follow by post.")
    with pytest.raises(DamagedFile, match=name):
        opener(path, tmp_path)


@pytest.mark.parametrize("name", ["ecoli_C0_T0.ome.tif", "ecoli_C2_T5.ome.tif"])
def test_empty_member_of_a_set_is_named(opener: Opener, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "set"
    shutil.copytree(SAMPLES / "ome-tiff-companion-ecoli", folder)
    (folder / name).write_bytes(b"")
    with pytest.raises(EmptyFile, match=name):
        check_all(opener(folder / "ecoli.companion.ome"))


def test_bytes_decide_not_the_name(opener: Opener, tmp_path: Path) -> None:
    path = tmp_path / "no ending"
    tifffile.imwrite(path, np.ones((4, 5), np.uint8))
    assert opener(path, tmp_path).images[0].header.levels[0].size_x == 5


def test_zarr_without_a_level_is_damaged(opener: Opener, tmp_path: Path) -> None:
    folder = tmp_path / "organoid.ome.zarr"
    shutil.copytree(SAMPLES / "ome-zarr-v05-organoid" / "organoid.ome.zarr", folder)
    shutil.rmtree(folder / "2")
    with pytest.raises(DamagedFile, match="its level '2' is missing"):
        check_all(opener(folder / "zarr.json", tmp_path))


def test_zarr_with_broken_metadata_is_damaged(opener: Opener, tmp_path: Path) -> None:
    folder = tmp_path / "organoid.ome.zarr"
    shutil.copytree(SAMPLES / "ome-zarr-v05-organoid" / "organoid.ome.zarr", folder)
    (folder / "0" / "zarr.json").write_text('{"zarr_format": 3, "node_type": "arr')
    with pytest.raises(DamagedFile, match="organoid"):
        check_all(opener(folder / "zarr.json", tmp_path))


def test_zarr_plate(opener: Opener, tmp_path: Path) -> None:
    folder = tmp_path / "plate.ome.zarr"
    organoid = SAMPLES / "ome-zarr-v05-organoid" / "organoid.ome.zarr"
    group = {"zarr_format": 3, "node_type": "group"}
    wells = [
        {"path": f"{r}/{c}", "rowIndex": i, "columnIndex": c - 1}
        for i, r in enumerate("AB")
        for c in (1, 2)
    ]
    for well in wells:
        for field in ("0", "1"):
            shutil.copytree(organoid, folder / str(well["path"]) / field)
        ome = {"version": "0.5", "well": {"images": [{"path": "0"}, {"path": "1"}]}}
        text = json.dumps({**group, "attributes": {"ome": ome}})
        (folder / str(well["path"]) / "zarr.json").write_text(text)
    for row in "AB":
        (folder / row / "zarr.json").write_text(json.dumps(group))
    ome = {"version": "0.5", "plate": {"name": "Embryos", "wells": wells}}
    (folder / "zarr.json").write_text(json.dumps({**group, "attributes": {"ome": ome}}))
    fileset = opener(folder / "zarr.json", tmp_path)
    assert (fileset.plates, len(fileset.images)) == (("Embryos",), 8)
    assert fileset.images[5].header.well == WellPosition(1, 0, 1)
    check_all(fileset)
