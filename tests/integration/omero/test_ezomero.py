"""ezomero 3.2, unmodified, on the sandbox: what its scripts post and get."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from transferapp.host.resources import resource
from transferapp.sandbox.omero_sandbox.fixture import RunningSandbox

pytest.importorskip("omero")
ezomero = pytest.importorskip("ezomero")

import omero  # noqa: E402
from ezomero import rois  # noqa: E402

from tests.support.omero_sandbox_env import (  # noqa: E402
    gateway,
    import_files,
    make_dataset,
    unloaded,
)

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
CELLS = min(resource("sample-data", "tiff-channels-cells").glob("*.tif"))
SLIDE = resource("sample-data", "ome-tiff-pyramid") / "slide.ome.tiff"
PLATE = resource("sample-data", "ome-tiff-plate-cells")


@pytest.fixture(scope="module")
def conn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with (
        RunningSandbox(tmp_path_factory.mktemp("omero")) as sandbox,
        gateway(sandbox) as made,
    ):
        yield made


@pytest.fixture(scope="module")
def cells(conn: Any) -> int:
    """An image in a dataset of its own."""
    dataset = unloaded(make_dataset(conn, "cells"))
    return int(import_files(conn, [CELLS], dataset).objects[0].id.val)


def test_projects_datasets_and_screens(conn: Any) -> None:
    project = ezomero.post_project(conn, "a project", "of words")
    dataset = ezomero.post_dataset(conn, "a dataset", project_id=project)
    later = ezomero.post_dataset(conn, "another")
    assert ezomero.get_dataset_ids(conn, project=project) == [dataset]
    ezomero.link_datasets_to_project(conn, [later], project)
    assert sorted(ezomero.get_dataset_ids(conn, project=project)) == [dataset, later]
    assert project in ezomero.get_project_ids(conn)
    screen = ezomero.post_screen(conn, "a screen")
    assert screen in ezomero.get_screen_ids(conn)
    ezomero.put_description(conn, "Dataset", dataset, "other words")
    assert conn.getObject("Dataset", dataset).getDescription() == "other words"


def test_an_imported_image_is_read(conn: Any, cells: int) -> None:
    image, pixels = ezomero.get_image(conn, cells)
    assert image.getName() == CELLS.name
    assert np.array_equal(np.squeeze(pixels), tifffile.imread(CELLS))


def test_an_image_is_posted_and_a_region_of_it_read(conn: Any) -> None:
    dataset = ezomero.post_dataset(conn, "posted")
    array = np.arange(2 * 3 * 4 * 5, dtype=np.uint16).reshape(5, 4, 3, 2, 1)
    made = ezomero.post_image(conn, array, "a stack", dataset_id=dataset, dim_order="xyzct")
    assert ezomero.get_image_ids(conn, dataset=dataset) == [made]
    _image, back = ezomero.get_image(conn, made, dim_order="xyzct")
    assert np.array_equal(back, array)
    _image, region = ezomero.get_image(
        conn, made, start_coords=(1, 0, 2, 1, 0), axis_lengths=(3, 4, 1, 1, 1), xyzct=True
    )
    assert np.array_equal(region, array[1:4, :, 2:3, 1:2, :])
    _image, padded = ezomero.get_image(
        conn, made, start_coords=(4, 0, 0, 0, 0), axis_lengths=(2, 4, 3, 2, 1),
        pad=True, xyzct=True,
    )  # fmt: skip
    assert np.array_equal(padded[:1], array[4:])
    assert not padded[1:].any()


def test_images_are_moved_and_found(conn: Any, cells: int) -> None:
    target = ezomero.post_dataset(conn, "also here")
    ezomero.link_images_to_dataset(conn, [cells], target)
    assert ezomero.get_image_ids(conn, dataset=target) == [cells]
    assert ezomero.filter_by_filename(conn, [cells], CELLS.name) == [cells]
    (path,) = ezomero.get_original_filepaths(conn, cells)
    assert path.endswith(CELLS.name)
    assert ezomero.get_series_index(conn, cells) == 0
    assert ezomero.get_user_id(conn, "alice") == conn.getUser().getId()
    assert ezomero.get_group_id(conn, "lab") == conn.getGroupFromContext().getId()


def test_levels_of_a_pyramid(conn: Any) -> None:
    slide = import_files(conn, [SLIDE]).objects[0].id.val
    levels = ezomero.get_pyramid_levels(conn, slide)
    with tifffile.TiffFile(SLIDE) as tif:
        stored = tif.series[0].levels
        assert levels == [(level.shape[-1], level.shape[-2]) for level in stored]
        smallest = len(stored) - 1
        _image, pixels = ezomero.get_image(
            conn, slide, pyramid_level=smallest, dim_order="tzcyx"
        )
        assert np.array_equal(pixels[0, 0], stored[smallest].asarray())
    _image, corner = ezomero.get_image(
        conn, slide, start_coords=(100, 50, 0, 1, 0), axis_lengths=(64, 32, 1, 1, 1)
    )
    assert np.array_equal(np.squeeze(corner), tifffile.imread(SLIDE)[1, 50:82, 100:164])


def test_pairs_comments_and_files_are_annotations(
    conn: Any, cells: int, tmp_path: Path
) -> None:
    pairs = {"dye": "DAPI", "doses": ["1", "2"]}
    made = ezomero.post_map_annotation(conn, "Image", cells, pairs, "ns")
    assert ezomero.get_map_annotation_ids(conn, "Image", cells, ns="ns") == [made]
    assert ezomero.get_map_annotation(conn, made) == pairs
    assert ezomero.filter_by_kv(conn, [cells], "dye", "DAPI") == [cells]
    ezomero.put_map_annotation(conn, made, {"dye": "Hoechst"}, "ns")
    assert ezomero.get_map_annotation(conn, made) == {"dye": "Hoechst"}
    comment = ezomero.post_comment_annotation(conn, "Image", cells, "so bright", "ns")
    assert ezomero.get_comment_annotation_ids(conn, "Image", cells) == [comment]
    assert ezomero.get_comment_annotation(conn, comment) == "so bright"
    file = tmp_path / "notes.txt"
    file.write_text("words of a file")
    attached = ezomero.post_file_annotation(conn, str(file), "ns", "Image", cells)
    assert ezomero.get_file_annotation_ids(conn, "Image", cells) == [attached]
    back = ezomero.get_file_annotation(conn, attached, str(tmp_path / "back"))
    assert Path(back).read_text() == "words of a file"


def test_regions_of_interest(conn: Any, cells: int) -> None:
    shapes = [
        rois.Point(10.0, 20.0, z=0, label="a point"),
        rois.Rectangle(1.0, 2.0, 30.0, 40.0, fill_color=(255, 0, 0, 128), stroke_width=2.0),
        rois.Polygon([(1.0, 1.0), (5.0, 1.0), (5.0, 5.0)], c=0),
        rois.Ellipse(50.0, 60.0, 7.0, 8.0, stroke_color=(0, 255, 0, 255)),
    ]
    roi = ezomero.post_roi(conn, cells, shapes, name="cells", description="of four")
    assert ezomero.get_roi_ids(conn, cells) == [roi]
    found = [ezomero.get_shape(conn, id_) for id_ in ezomero.get_shape_ids(conn, roi)]
    assert [type(shape) for shape in found] == [type(shape) for shape in shapes]
    point, rectangle, polygon, ellipse = found
    assert (point.x, point.y, point.z, point.label) == (10.0, 20.0, 0, "a point")
    assert rectangle.fill_color == (255, 0, 0, 128)
    assert (rectangle.width, rectangle.height, rectangle.stroke_width) == (30.0, 40.0, 2.0)
    assert polygon.points == shapes[2].points
    assert ellipse.stroke_color == (0, 255, 0, 255)


def test_plates_and_wells(conn: Any) -> None:
    files = sorted(PLATE.iterdir(), key=lambda file: file.suffix != ".ome")
    import_files(conn, files)
    (plate,) = ezomero.get_plate_ids(conn)
    wells = ezomero.get_well_ids(conn, plate=plate)
    assert len(wells) == 2
    assert ezomero.get_well_id(conn, plate, row=0, column=1) == wells[1]
    assert len(ezomero.get_image_ids(conn, well=wells[0])) == 2


def test_tables(conn: Any, cells: int) -> None:
    pytest.importorskip("tables", reason="needs PyTables")
    rows = [["gene", "area", "count", "good"], ["ACTB", 1.5, 3, True], ["µ", 2.5, 4, False]]
    made = ezomero.post_table(conn, rows, "Image", cells, title="of cells")
    table = ezomero.get_table(conn, made)
    assert list(table.columns) == rows[0]
    assert table.to_numpy().tolist() == rows[1:]
    other = ezomero.post_file_annotation(conn, __file__, "ns", "Image", cells)
    assert ezomero.get_table(conn, other) is None
    with pytest.raises(omero.ValidationException, match="byte"):
        # ezomero counts characters, OMERO bytes.
        ezomero.post_table(conn, [["unit"], ["µm"]], "Image", cells)
