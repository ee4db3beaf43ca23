"""Filesets whose images lie in the wells of a plate."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from transferapp.host.resources import resource
from transferapp.intake.grouping import group
from transferapp.intake.scanning import scan


@pytest.mark.parametrize(
    ("sample", "wanted"),
    [
        ("ome-tiff-plate-cells", True),
        ("ome-tiff-multifile-organoid", False),
        ("ome-tiff-timelapse", False),
        ("ome-zarr-v04-confocal-5d", False),
        ("ome-zarr-v05-organoid", False),
    ],
)
def test_samples(sample: str, wanted: bool) -> None:
    (candidate,) = group(scan([resource("sample-data", sample)]))[:1]
    assert candidate.plate is wanted


@pytest.mark.parametrize(
    ("name", "content", "wanted"),
    [
        (".zattrs", {"plate": {"wells": []}}, True),
        ("zarr.json", {"attributes": {"ome": {"plate": {"wells": []}}}}, True),
        ("zarr.json", {"attributes": {"ome": {"multiscales": []}}}, False),
        ("zarr.json", {"attributes": None}, False),
        ("zarr.json", [], False),
        ("zarr.json", "{", False),
    ],
)
def test_ome_zarr(tmp_path: Path, name: str, content: object, wanted: bool) -> None:
    folder = tmp_path / "x.zarr"
    folder.mkdir()
    (folder / name).write_text("{" if content == "{" else json.dumps(content))
    (candidate,) = group(scan([folder]))
    assert candidate.plate is wanted
