"""What images are called after their import."""

from __future__ import annotations

from hypothesis import given, strategies as st

from transferapp.repositories.local.imports.names import image_names


def test_one_image_is_called_as_its_file() -> None:
    assert image_names("cells.czi", ["Position 1"]) == ["cells.czi"]


def test_two_files_that_name_their_series_alike_stay_apart() -> None:
    series = ["Position 1", "Position 2"]
    names = image_names("mouse7.ome.tif", series) + image_names("mouse8.ome.tif", series)
    assert names[0] == "mouse7.ome.tif [Position 1]"
    assert len(set(names)) == 4


def test_series_without_a_name_or_with_the_same_one_are_numbered() -> None:
    assert image_names("a.tif", ["", " "]) == ["a.tif [1]", "a.tif [2]"]
    assert image_names("a.tif", ["x", "x", "y"]) == ["a.tif [1 x]", "a.tif [2 x]", "a.tif [y]"]


def test_a_number_in_front_does_not_make_a_name_that_is_there() -> None:
    names = image_names("a.tif", ["x", "x", "1 x"])
    assert names == ["a.tif [1 x]", "a.tif [2 x]", "a.tif [3 1 x]"]


@given(st.lists(st.text(st.sampled_from("1 2a"), max_size=4), min_size=2, max_size=6))
def test_all_names_differ(series: list[str]) -> None:
    assert len(set(image_names("a.tif", series))) == len(series)
