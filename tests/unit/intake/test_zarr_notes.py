"""The document that bioformats2raw writes about its Zarr is no image, and no fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.file_sets import touched_tiff
from transferapp.formats.embedded import embedded_formats
from transferapp.formats.omero import omero_formats
from transferapp.formats.read_formats import RepositoryFormats
from transferapp.intake.judging import apart, in_order, judge
from transferapp.intake.preflight import PreflightSettings
from transferapp.intake.scanning import scan

_OME_XML = (
    '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0">'
    '<Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint8" SizeX="4" SizeY="4" SizeZ="1"'
    ' SizeC="1" SizeT="1"><MetadataOnly/></Pixels></Image></OME>'
)


def _names(folder: Path, target: RepositoryFormats) -> tuple[list[str], list[str]]:
    settings = PreflightSettings(still_writing_s=0.0, target=target)
    judged = [one for some in judge(scan([folder]), settings) for one in some]
    found = apart(in_order(judged))
    return [one.name for one, _ in found.filesets], [one.name for one, _ in found.others]


def _notes(folder: Path, name: str = "METADATA.ome.xml") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(_OME_XML)


@pytest.mark.parametrize("target", [omero_formats(), embedded_formats()], ids=str)
@pytest.mark.parametrize("place", [".", "OME"])
def test_beside_its_zarr_it_is_another_file(
    place: str, target: RepositoryFormats, tmp_path: Path
) -> None:
    (tmp_path / "cells.zarr").mkdir()
    (tmp_path / "cells.zarr" / ".zattrs").write_text("{}")
    _notes(tmp_path / place)
    assert _names(tmp_path, target) == (["cells.zarr"], ["METADATA.ome.xml"])


def test_inside_it_is_a_part_of_the_zarr(tmp_path: Path) -> None:
    _notes(tmp_path / "cells.zarr" / "OME")
    (tmp_path / "cells.zarr" / ".zattrs").write_text("{}")
    assert _names(tmp_path, omero_formats()) == (["cells.zarr"], [])


@pytest.mark.parametrize("name", ["METADATA.ome.xml", "cells.ome.xml"])
def test_without_a_zarr_it_is_reported(name: str, tmp_path: Path) -> None:
    _notes(tmp_path, name)
    touched_tiff(tmp_path / "a.tif")
    assert name in _names(tmp_path, omero_formats())[0]
