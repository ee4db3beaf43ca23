from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from transferapp.client.names import alternatives, local_path, part_path
from transferapp.errors import NameNotAllowed

FOLDER = Path("/exports")


@given(st.text(max_size=40))
def test_no_path_ever_leaves_the_folder(client_path: str) -> None:
    try:
        path = local_path(FOLDER, client_path)
    except NameNotAllowed:
        return
    assert path.is_relative_to(FOLDER)
    assert path != FOLDER
    assert ".." not in path.parts
    assert "\0" not in str(path)


@pytest.mark.parametrize(
    "bad", ["", "/", "..", "a/../b", ".", "a/\ud800", "x" * 256, "é" * 128]
)
def test_names_without_a_safe_form(bad: str) -> None:
    with pytest.raises(NameNotAllowed):
        local_path(FOLDER, bad)


def test_ordinary_names_stay_as_they_are() -> None:
    for name in ("a.tif", "Experiment 1/é 😀 (1).ome.tiff", "x" * 255):
        assert local_path(FOLDER, name) == FOLDER / name


def test_alternatives_keep_the_whole_ending() -> None:
    names = [path.name for path in islice(alternatives(FOLDER / "a.ome.tiff"), 3)]
    assert names == ["a.ome.tiff", "a (2).ome.tiff", "a (3).ome.tiff"]
    second = {
        name: list(islice(alternatives(FOLDER / name), 2))[1].name for name in (".x", "b")
    }
    assert second == {".x": ".x (2)", "b": "b (2)"}


def test_a_part_fits_beside_the_longest_name() -> None:
    part = part_path(FOLDER / ("😀" * 63), "0123456789abcdef")
    assert part.parent == FOLDER
    assert len(part.name.encode()) <= 255
    assert part.name.startswith(".😀")
    assert part.name.endswith(".01234567.part")
