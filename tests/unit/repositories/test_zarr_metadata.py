"""What OME-Zarr says of its images: axes, sizes and how to show them, in all versions."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.local_images import Opener, opener
from tests.support.ome_zarrs import axes, image_attributes, scale, write_image
from tests.support.zarr_reading import CYX, all_pixels, images, only
from transferapp.errors import UnsupportedFile
from transferapp.model.images import Level
from transferapp.repositories.local.readers.port import ImageHeader

__all__ = ["opener"]


def sizes(header: ImageHeader) -> tuple[int, int, int, Level]:
    return header.size_t, header.size_c, header.size_z, header.levels[0]


@pytest.mark.parametrize(
    "letters", ["yx", "xy", "zyx", "cyx", "tyx", "yxc", "xyz", "czyx", "tczyx", "zxtyc"]
)
@pytest.mark.parametrize("version", ["0.3", "0.4"])
def test_axes_in_any_order(opener: Opener, tmp_path: Path, letters: str, version: str) -> None:
    size = {"t": 2, "c": 3, "z": 4, "y": 5, "x": 6}
    pixels = (
        np.random.default_rng(5).integers(0, 999, [size[a] for a in letters]).astype(np.uint16)
    )
    listed: Any = list(letters.upper()) if version == "0.3" else axes(letters)
    attributes = image_attributes(letters, multiscales={"axes": listed})
    image = only(
        opener, write_image(tmp_path / "a.zarr", pixels, letters, attributes=attributes)
    )
    missing = [a for a in "tczyx" if a not in letters]
    full = pixels.reshape(*[1] * len(missing), *pixels.shape)
    order = [*missing, *letters]
    wanted = np.transpose(full, [order.index(a) for a in "tczyx"])
    np.testing.assert_array_equal(all_pixels(image), wanted)


@pytest.mark.parametrize(("ndim", "wanted"), [(5, (2, 3, 4)), (4, (1, 3, 4)), (2, (1, 1, 1))])
def test_no_axes_are_the_last_of_tczyx(
    opener: Opener, tmp_path: Path, ndim: int, wanted: tuple[int, int, int]
) -> None:
    pixels = np.ones((2, 3, 4, 5, 6)[-ndim:], np.uint8)
    attributes = image_attributes("tczyx"[-ndim:])
    del attributes["multiscales"][0]["axes"]
    header = only(
        opener, write_image(tmp_path / "a.zarr", pixels, attributes=attributes)
    ).header
    assert sizes(header) == (*wanted, Level(5, 6))
    assert header.pixel_size_um == (None, None, None)


def test_axes_of_other_names_go_by_their_type(opener: Opener, tmp_path: Path) -> None:
    named = [
        {"name": "frame", "type": "time"},
        {"name": "wavelength", "type": None},
        {"name": "depth", "type": "space", "unit": "nanometer"},
        {"name": "row", "type": "space", "unit": "nanometer"},
        {"name": "col", "type": "space", "unit": "nanometer"},
    ]
    attributes = image_attributes("tczyx", multiscales={"axes": named})
    pixels = np.ones((2, 3, 4, 5, 6), np.uint8)
    header = only(
        opener, write_image(tmp_path / "a.zarr", pixels, attributes=attributes)
    ).header
    assert sizes(header) == (2, 3, 4, Level(5, 6))
    assert header.pixel_size_um == (0.001, 0.001, 0.001)


@pytest.mark.parametrize("output", ["physical", {"name": "physical"}])
def test_axes_of_a_coordinate_system(opener: Opener, tmp_path: Path, output: Any) -> None:
    """As the draft of 0.6 has them."""
    attributes = image_attributes("tyx")
    [scales] = attributes["multiscales"]
    del scales["axes"]
    scales["coordinateSystems"] = [
        {"name": "world", "axes": axes("zyx")},
        {"name": "physical", "axes": axes("tyx", "nanometer")},
    ]
    way = {"type": "scale", "scale": [1, 20, 30], "input": "0", "output": output}
    scales["datasets"][0]["coordinateTransformations"] = [way]
    header = only(
        opener, write_image(tmp_path / "a.zarr", CYX, "tyx", attributes=attributes)
    ).header
    assert sizes(header) == (2, 1, 1, Level(6, 8))
    z, *y_x = header.pixel_size_um
    assert z is None
    assert y_x == [pytest.approx(0.02), pytest.approx(0.03)]


@pytest.mark.parametrize("named", [["a", "b", "c"], ["c", "c", "y"], ["t", "c", "x"], "cyx"])
def test_axes_that_cannot_be_shown(opener: Opener, tmp_path: Path, named: Any) -> None:
    attributes = image_attributes("cyx", multiscales={"axes": named})
    folder = write_image(tmp_path / "a.zarr", CYX, attributes=attributes)
    with pytest.raises(UnsupportedFile, match="Its axes are"):
        images(opener, folder)


# Sizes -----------------------------------------------------------------------------------


def pixel_size(
    opener: Opener, tmp_path: Path, own: list[Any], whole: Any = None, unit: Any = "micrometer"
) -> tuple[float | None, float | None, float | None]:
    datasets = [{"path": "0", "coordinateTransformations": own}]
    scales: dict[str, Any] = {"axes": axes("zyx", unit), "datasets": datasets}
    if whole is not None:
        scales["coordinateTransformations"] = whole
    attributes = image_attributes("zyx", multiscales=scales)
    folder = write_image(tmp_path / "a.zarr", CYX, attributes=attributes)
    return only(opener, folder).header.pixel_size_um


MOVED = [{"type": "translation", "translation": [5, 5, 5]}]


@pytest.mark.parametrize(
    ("own", "whole", "wanted"),
    [
        (scale(1, 1, 1), scale(2.0, 0.1625, 0.1625), (2.0, 0.1625, 0.1625)),
        (scale(4, 2, 2), scale(0.5, 0.25, 0.25), (2.0, 0.5, 0.5)),
        (scale(4, 2, 2) + MOVED, MOVED, (4.0, 2.0, 2.0)),
        (scale(0, -1, math.nan), None, (None, None, None)),
        (scale(math.inf, "2", True), None, (None, None, None)),
        (scale(1, None, 10**400), None, (1.0, None, None)),
        (scale(1, 2), None, (None, None, None)),
        ([{"type": "scale", "path": "scales/0"}], scale(2, 2, 2), (None, None, None)),
        (scale(3, 2, 1), "nonsense", (3.0, 2.0, 1.0)),
        ([], scale(3, 2, 1), (3.0, 2.0, 1.0)),
        ("nonsense", None, (None, None, None)),
        # As spatialdata and 0.6 write them: a way into another coordinate system.
        (
            scale(3, 2, 1),
            [{"type": "scale", "scale": [9, 9, 9], "output": {"name": "global"}}],
            (3.0, 2.0, 1.0),
        ),
    ],
)
def test_pixel_sizes(
    opener: Opener, tmp_path: Path, own: Any, whole: Any, wanted: tuple[float | None, ...]
) -> None:
    assert pixel_size(opener, tmp_path, own, whole) == wanted


@pytest.mark.parametrize(
    ("unit", "micrometres"),
    [
        ("angstrom", 1e-4), ("attometer", 1e-12), ("centimeter", 1e4), ("decimeter", 1e5),
        ("exameter", 1e24), ("femtometer", 1e-9), ("foot", 304800.0), ("gigameter", 1e15),
        ("hectometer", 1e8), ("inch", 25400.0), ("kilometer", 1e9), ("megameter", 1e12),
        ("meter", 1e6), ("micrometer", 1.0), ("mile", 1.609344e9), ("millimeter", 1e3),
        ("nanometer", 1e-3), ("parsec", 3.0856775814913673e22), ("petameter", 1e21),
        ("picometer", 1e-6), ("terameter", 1e18), ("yard", 914400.0), ("yoctometer", 1e-18),
        ("yottameter", 1e30), ("zeptometer", 1e-15), ("zettameter", 1e27), ("um", 1.0),
        ("µm", 1.0), ("micrometre", 1.0), ("unit", None), ("", None), (None, None),
        ("pixel", None),
    ],
)  # fmt: skip
def test_units_of_the_specification(
    opener: Opener, tmp_path: Path, unit: str | None, micrometres: float | None
) -> None:
    found = pixel_size(opener, tmp_path, scale(2, 2, 2), unit=unit)
    assert found[0] == (None if micrometres is None else pytest.approx(2 * micrometres))


# Display metadata ------------------------------------------------------------------------


def hints(opener: Opener, tmp_path: Path, omero: Any) -> Any:
    attributes = image_attributes("cyx", omero=omero)
    image = only(opener, write_image(tmp_path / "a.zarr", CYX, attributes=attributes))
    np.testing.assert_array_equal(all_pixels(image)[0, :, 0], CYX)
    return image.header.channels


@pytest.mark.parametrize(
    "omero",
    [
        None, "text", [], {}, {"channels": None}, {"channels": "two"}, {"rdefs": {}},
        {"channels": {"0": {}}},
    ],
)  # fmt: skip
def test_display_metadata_that_states_nothing(
    opener: Opener, tmp_path: Path, omero: Any
) -> None:
    assert hints(opener, tmp_path, omero) == ()


def test_channels_that_are_no_channels(opener: Opener, tmp_path: Path) -> None:
    found = hints(opener, tmp_path, {"channels": [None, "text", 5]})
    assert [(one.name, one.color, one.window) for one in found] == [("", None, None)] * 3


@pytest.mark.parametrize(
    ("color", "wanted"),
    [
        ("#FF8000", "FF8000"), ("ff8000", "FF8000"), ("#F80", "FF8800"), ("F80", "FF8800"),
        ("#FF8000CC", "FF8000"), ("FF8000ff", "FF8000"), (" #ff8000 ", "FF8000"), ("", None),
        ("#F8", None), ("orange", None), (16744448, None), ([255, 128, 0], None), (None, None),
    ],
)  # fmt: skip
def test_colours(opener: Opener, tmp_path: Path, color: Any, wanted: str | None) -> None:
    [found] = hints(opener, tmp_path, {"channels": [{"color": color}]})
    assert found.color == wanted


@pytest.mark.parametrize(
    ("window", "wanted"),
    [
        ({"start": 3, "end": 9, "min": 0, "max": 255}, (3.0, 9.0)),
        ({"start": "3", "end": "9.5"}, (3.0, 9.5)),
        ({"start": "0", "end": "abc"}, None),
        ({"min": 5, "max": 50}, None),
        ({"start": 9, "end": 3}, None),
        ({"start": 3, "end": 3}, None),
        ({"start": math.nan, "end": 3}, None),
        ({"start": 0, "end": math.inf}, None),
        ({"start": 0, "end": 10**400}, None),
        ({"start": [0], "end": {}}, None),
        ([0, 255], None),
        ("auto", None),
    ],
)
def test_windows(
    opener: Opener, tmp_path: Path, window: Any, wanted: tuple[float, float] | None
) -> None:
    [found] = hints(opener, tmp_path, {"channels": [{"window": window}]})
    assert found.window == wanted


def test_no_channel_is_called_none(opener: Opener, tmp_path: Path) -> None:
    labels = [{"label": None}, {}, {"label": 0}, {"label": "DAPI"}]
    found = hints(opener, tmp_path, {"channels": labels})
    assert [one.name for one in found] == ["", "", "0", "DAPI"]


@pytest.mark.parametrize(
    ("active", "wanted"),
    [([True, False], [True, False]), ([None, 1], [True, True]), ([False] * 2, [True, True])],
)
def test_channels_may_be_hidden_but_not_all(
    opener: Opener, tmp_path: Path, active: list[Any], wanted: list[bool]
) -> None:
    found = hints(opener, tmp_path, {"channels": [{"active": value} for value in active]})
    assert [one.active for one in found] == wanted
