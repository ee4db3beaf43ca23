"""In which folders an export arrives: as in the repository, and nothing of two is mixed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import pytest
from pathvalidate import is_valid_filename

from transferapp.ledger.port import PlannedItem
from transferapp.model.containers import ContainerKind, ContainerRef
from transferapp.model.export_places import (
    ExportLayout,
    ImageLocation,
    NamedContainer,
    PlacedImage,
    WellField,
)
from transferapp.model.export_specs import ExportForm, ExportSpec
from transferapp.model.images import ImageSummary
from transferapp.operations.export_places import image_places, placed_items

PROJECT, DATASET = ContainerKind.PROJECT, ContainerKind.DATASET
SCREEN, PLATE = ContainerKind.SCREEN, ContainerKind.PLATE
#: A container is (kind, id, name).
Box = tuple[ContainerKind, int, str]


def location(image_id: int, *boxes: Box, well: WellField | None = None) -> ImageLocation:
    containers = (NamedContainer(ContainerRef(kind, key), name) for kind, key, name in boxes)
    return ImageLocation(image_id, tuple(containers), well)


def folders(
    *items: Iterable[ImageLocation] | None,
    form: ExportForm = ExportForm.ORIGINALS,
    layout: ExportLayout = ExportLayout.TREE,
    chosen: Iterable[str] = (),
) -> list[str]:
    """Each item has an image for every location's id; None: one in no container."""
    images, planned = {}, []
    for number, locations in enumerate(items):
        mine = list(locations or [])
        ids = list(dict.fromkeys(one.image_id for one in mine)) or [1000 + number]
        for key in ids:
            found = tuple(one for one in mine if one.image_id == key)
            images[key] = PlacedImage(key, f"image {key}", found)
        planned.append(PlannedItem("item", (), tuple(ids)))
    done = placed_items(planned, images, ExportSpec(form, layout=layout), chosen)
    assert [one.image_ids for one in done] == [one.image_ids for one in planned]
    places = [one.place for one in done]
    assert all(place is not None for place in places)
    return [
        "/".join((*one.folder, *([one.field] if one.field else []))) for one in places if one
    ]


def test_project_and_dataset() -> None:
    day = (DATASET, 5, "Day 1")
    assert folders(
        [location(1, (PROJECT, 3, "Embryos"), day)], [location(2, (DATASET, 6, "Loose"))], None
    ) == ["Embryos/Day 1", "Loose", "No dataset"]
    assert folders([location(1, day)], layout=ExportLayout.FLAT) == [""]


def test_two_of_one_name_are_told_apart_and_stay_so() -> None:
    """Also where only some disks take the names for one; whatever the order is."""
    lab = (PROJECT, 3, "Lab")
    items = [
        [location(1, lab, (DATASET, 5, "Control"))],
        [location(2, lab, (DATASET, 9, "control"))],
        [location(3, lab, (DATASET, 7, "caf\u00e9"))],
        [location(4, lab, (DATASET, 8, "cafe\u0301"))],
        [location(5, lab, (DATASET, 4, "Control (Dataset 5)"))],
        [location(6, (PROJECT, 4, "Other"), (DATASET, 6, "Control"))],
        [location(7, (DATASET, 10, "No dataset"))],
        None,
    ]
    wanted = [
        "Lab/Control (2)", "Lab/control (Dataset 9)", "Lab/caf\u00e9 (Dataset 7)",
        "Lab/caf\u00e9 (Dataset 8)", "Lab/Control (Dataset 5)", "Other/Control",
        "No dataset (Dataset 10)", "No dataset",
    ]  # fmt: skip
    assert folders(*items) == wanted
    assert folders(*reversed(items)) == wanted[::-1]


@pytest.mark.export_bad_input
def test_names_that_windows_cannot_store() -> None:
    names = ["CON", "a/b:c", "dots...", " .hidden", "x" * 300, "\U0001f52c" * 90, "..", ""]
    found = folders(
        *([location(n, (PROJECT, n, name), (DATASET, n, name))] for n, name in enumerate(names))
    )
    for folder in found:
        parts = folder.split("/")
        assert len(parts) == 2
        assert all(is_valid_filename(part, platform="universal") for part in parts), folder
        assert all(len(part.encode()) <= 60 for part in parts)
    assert found[0] == "CON_/CON_"
    assert found[6:] == ["Project 6/Dataset 6", "Project 7/Dataset 7"]


class OneImage:
    """Knows one image, which lies in two datasets."""

    id, name = 1, "image"

    async def locate(self, _ids: object) -> list[ImageLocation]:
        return [location(1, (DATASET, 5, "Zebra")), location(1, (DATASET, 9, "ant"))]


@pytest.mark.parametrize(("chosen", "first"), [((), "ant"), (("Dataset:5",), "Zebra")])
async def test_in_several_datasets_the_chosen_one_counts_else_the_first_by_name(
    chosen: tuple[str, ...], first: str
) -> None:
    one = OneImage()
    found = await image_places(one, [one], chosen)  # type: ignore[arg-type, list-item]
    assert len(found[1].locations) == 2
    assert found[1].locations[0].containers[0].name == first


def test_a_fileset_in_several_datasets_goes_where_its_chosen_or_first_image_lies() -> None:
    ant, zebra = location(2, (DATASET, 9, "ant")), location(1, (DATASET, 5, "Zebra"))
    assert folders([zebra, ant]) == ["ant"]
    assert folders([zebra, ant], chosen=["Dataset:5"]) == ["Zebra"]


def plate(image_id: int, row: int, column: int, field: int = 0, run: int = 1) -> ImageLocation:
    well = WellField(row, column, field, run, f"Run {run}")
    return location(image_id, (SCREEN, 1, "Screen"), (PLATE, 2, "Plate"), well=well)


def test_a_plate_is_sorted_by_wells() -> None:
    one, other = plate(1, 0, 0), plate(2, 27, 11)
    assert folders([one], [other]) == ["Screen/Plate/A01", "Screen/Plate/AB12"]
    # Files that several wells share lie above them.
    assert folders([one, other], [plate(3, 2, 3)]) == ["Screen/Plate", "Screen/Plate/C04"]


def test_runs_only_where_there_are_several() -> None:
    found = folders([plate(1, 0, 0, run=1)], [plate(2, 0, 0, run=2)])
    assert found == ["Screen/Plate/Run 1/A01", "Screen/Plate/Run 2/A01"]
    both = folders([plate(1, 0, 0, run=1), plate(2, 0, 0, run=2)])
    assert both == ["Screen/Plate/A01"]


def test_a_plate_as_ome_zarr_is_one_hierarchy() -> None:
    items = [plate(1, 0, 0, 0)], [plate(2, 0, 0, 1)], [plate(3, 1, 11, 0)]
    for form in (ExportForm.OME_ZARR, ExportForm.OME_ZARR_04):
        top = "Screen/Plate.ome.zarr"
        assert folders(*items, form=form) == [f"{top}/A/1/0", f"{top}/A/1/1", f"{top}/B/12/0"]
    assert folders(*items, form=ExportForm.PNG)[0] == "Screen/Plate/A01"
    flat = folders(*items, form=ExportForm.OME_ZARR, layout=ExportLayout.FLAT)
    assert flat == ["", "", ""]


class ManyImages:
    """Knows where 50,000 images lie, and counts how often it is asked."""

    def __init__(self, count: int) -> None:
        self.questions = 0
        self.images = [image(number) for number in range(1, count + 1)]

    async def locate(self, ids: list[int]) -> list[ImageLocation]:
        assert len(ids) <= 1000
        self.questions += 1
        return [
            location(one, (PROJECT, one % 7, f"P{one % 7}"), (DATASET, one % 700, "Control"))
            for one in ids
        ]


def image(number: int) -> ImageSummary:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return ImageSummary(number, f"image {number}", number, "ada", 1, 8, 8, 1, 1, 1, "uint8", at)


async def test_fifty_thousand_images_are_fifty_questions() -> None:
    many = ManyImages(50_000)
    known = await image_places(many, many.images, ())  # type: ignore[arg-type]
    assert many.questions == 50
    planned = [PlannedItem(one.name, (), (one.id,)) for one in many.images]
    done = placed_items(planned, known, ExportSpec(), ())
    folders_of_all = {item.place.folder for item in done if item.place}
    assert len(folders_of_all) == 700
    assert ("P3", "Control (Dataset 17)") in folders_of_all
