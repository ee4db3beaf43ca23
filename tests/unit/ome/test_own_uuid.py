"""The UUID of a TIFF's own document, without reading the document."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import tifffile

from tests.support.ome_files import SHAPE, image, ome, uuid
from transferapp.ome.own_uuid import own_uuid


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("own", [uuid(7), ""])
def test_uuid_of_every_kind_of_tiff(
    tmp_path: Path, byteorder: Literal["<", ">"], big: bool, own: str
) -> None:
    path = tmp_path / "a.ome.tif"
    xml = ome(image(), own=own)
    options = {"byteorder": byteorder, "bigtiff": big, "description": xml, "metadata": None}
    tifffile.imwrite(path, np.zeros(SHAPE, np.uint8), **options)  # type: ignore[arg-type]
    assert own_uuid(path) == own


def test_the_uuid_of_a_plane_is_not_the_files(tmp_path: Path) -> None:
    path = tmp_path / "a.ome.tif"
    xml = '<OME:OME xmlns:OME="x"><Image UUID="no"/><UUID FileName="a">no</UUID></OME:OME>'
    tifffile.imwrite(path, np.zeros(SHAPE, np.uint8), description=xml, metadata=None)
    assert own_uuid(path) == ""


@pytest.mark.parametrize("content", [b"", b"II", b"II*\0", b"II*\0\xff\xff\xff\xff", b"<OME/>"])
def test_other_files_have_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a").write_bytes(content)
    assert own_uuid(tmp_path / "a") == ""
    assert own_uuid(tmp_path / "missing") == ""
