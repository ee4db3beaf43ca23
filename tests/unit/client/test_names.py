from __future__ import annotations

from pathlib import PurePath

import pytest
from hypothesis import given, strategies as st

from transferapp.client.names import (
    folder_name,
    local_path,
    part_name,
    split_ending,
)
from transferapp.errors import NameNotAllowed
from transferapp.host.storable_names import extended_name, same_name


@given(st.text(max_size=40))
def test_no_path_ever_leaves_the_folder(client_path: str) -> None:
    try:
        path = local_path(client_path)
    except NameNotAllowed:
        return
    assert not path.is_absolute()
    assert path.parts
    assert ".." not in path.parts
    assert "\0" not in str(path)


@pytest.mark.parametrize(
    "bad", ["", "/", "..", "a/../b", ".", "a/\ud800", "x" * 256, "é" * 128]
)
def test_names_without_a_safe_form(bad: str) -> None:
    with pytest.raises(NameNotAllowed):
        local_path(bad)


def test_ordinary_names_stay_as_they_are() -> None:
    for name in ("a.tif", "Experiment 1/é 😀 (1).ome.tiff", "x" * 255):
        assert local_path(name) == PurePath(name)


@given(st.text(max_size=400))
def test_any_text_make_a_folder_name(text: str) -> None:
    try:
        name = folder_name(text)
    except NameNotAllowed:
        return
    assert 0 < len(name.encode()) <= 255
    assert not set(name) & set('\\/:*?"<>|\0')


@pytest.mark.parametrize(
    ("name", "is_folder", "parts"),
    [
        ("a.ome.tiff", False, ("a", ".ome.tiff")),
        ("img.companion.ome", False, ("img", ".companion.ome")),
        ("2026.11.20.czi", False, ("2026.11.20", ".czi")),
        (".x", False, (".x", "")),
        ("b", False, ("b", "")),
        ("image.ome.zarr", True, ("image", ".ome.zarr")),
        ("image.ZARR", True, ("image", ".ZARR")),
        ("2026.11.20", True, ("2026.11.20", "")),
        (".zarr", True, (".zarr", "")),
    ],
)
def test_endings(name: str, is_folder: bool, parts: tuple[str, str]) -> None:
    assert split_ending(name, is_folder=is_folder) == parts


def test_an_extended_name_can_be_stored() -> None:
    assert extended_name("image", "mouse2", ".ome.zarr") == "image (mouse2).ome.zarr"
    long = extended_name("😀" * 63, "2", ".ome.zarr")
    assert len(long.encode()) <= 255
    assert long.endswith("😀 (2).ome.zarr")


def test_names_that_some_disks_cannot_report_apart() -> None:
    assert same_name("Position1") == same_name("position1")
    assert same_name("é") == same_name("e\u0301")
    assert same_name("a") != same_name("b")


def test_a_part_fits_beside_the_longest_name() -> None:
    part = part_name("😀" * 63, "0123456789abcdef")
    assert len(part.encode()) <= 255
    assert part.startswith(".😀")
    assert part.endswith(".01234567.part")
