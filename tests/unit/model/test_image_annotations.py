"""Which image of a file a person means by a name."""

from __future__ import annotations

import pytest

from transferapp.model.annotations import annotations_of
from transferapp.model.image_annotations import (
    ImageAnnotations,
    images_meant,
    splits_of,
    wrong_image_annotations,
)

NAMES = (
    "run.lif [Position 1]",
    "run.lif [b [2]]",
    "run.lif [#1]",
    "run.lif [b]",
    "run.lif [b]",
)


@pytest.mark.parametrize(
    ("image", "places"),
    [
        ("Position 1", [0]),
        ("run.lif [Position 1]", [0]),
        ("b [2]", [1]),
        ("2]", []),
        ("#1", [2]),
        ("#2", [1]),
        ("#5", [4]),
        ("#6", []),
        ("#0", []),
        ("1", []),
        ("b", [3, 4]),
        ("position 1", []),
        ("run.lif", []),
    ],
)
def test_a_name_goes_before_a_place(image: str, places: list[int]) -> None:
    assert images_meant(image, "run.lif", NAMES) == places


def test_a_name_that_omero_had_to_cut_is_found_by_its_end() -> None:
    name = f"…{'x' * 240} [Position 1]"
    assert images_meant("Position 1", "x" * 300, (name, "…x [Position 2]")) == [0]


def test_a_lone_image_is_called_by_its_file() -> None:
    assert images_meant("a.tif", "a.tif", ("a.tif",)) == [0]
    assert images_meant("#1", "a.tif", ("a.tif",)) == [0]


def test_a_name_is_split_in_every_way_that_it_can_be_meant() -> None:
    assert list(splits_of("a [b].lif [c]")) == [("a", "b].lif [c"), ("a [b].lif", "c")]
    assert list(splits_of("a.lif")) == list(splits_of(" [a]")) == []


def test_values_of_images_are_checked() -> None:
    given = annotations_of((), pairs=[("stain", "DAPI")])
    one = ImageAnnotations("a", given)
    assert not wrong_image_annotations((one, ImageAnnotations("b", given)))
    assert "named twice" in wrong_image_annotations((one, one))
    assert "no name" in wrong_image_annotations((ImageAnnotations(" ", given),))
    empty = ImageAnnotations("c", annotations_of((), pairs=[(" ", "x")]))
    assert "The image 'c'" in wrong_image_annotations((empty,))
