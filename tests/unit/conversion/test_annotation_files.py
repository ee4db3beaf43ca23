"""The JSON and the CSV beside an exported image."""

from __future__ import annotations

import base64
import csv
import errno
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from transferapp.client.placement import fileset
from transferapp.conversion import annotation_files
from transferapp.conversion.annotation_documents import COLUMNS
from transferapp.conversion.annotation_files import write_annotation_files
from transferapp.conversion.cut_image import cut_image
from transferapp.conversion.cut_place import rois_of_cut
from transferapp.conversion.forms import FORMS
from transferapp.conversion.names import stem
from transferapp.errors import ChecksumMismatch, StorageFull
from transferapp.model.export_specs import Cut, ExportForm, Span
from transferapp.model.images import Annotation, AnnotationKind, Channel, OriginalFile
from transferapp.model.rois import Affine, Roi, Shape, ShapeKind
from transferapp.testing.cut_images import ArrayReader, details_of
from transferapp.testing.form_suite import files_of, nothing

PIXELS = np.zeros((1, 2, 3, 40, 50), "uint16")
QUARTER = Affine(0, -1, 30, 1, 0, 0)
ROIS = (
    Roi(
        11,
        (
            Shape(21, ShapeKind.RECTANGLE, ((12.0, 6.5),), (10.0, 5.0), z=1, c=1,
                  text="=1+1", stroke_color="FF0000FF", fill_color="00FF0080"),
            Shape(22, ShapeKind.ELLIPSE, ((20.0, 15.0),), (4.0, 2.0), transform=QUARTER),
            Shape(23, ShapeKind.POINT, ((1.0, 1.0),)),
        ),
        "a cell\nof two \N{GREEK SMALL LETTER ALPHA}", "round", 2,
    ),
    Roi(
        12,
        (
            Shape(24, ShapeKind.POLYGON, ((11.0, 6.0), (30.1, 6.0), (30.0, 20.0))),
            Shape(25, ShapeKind.POLYLINE, ((11.0, 6.0), (30.0, 7.0))),
            Shape(26, ShapeKind.LINE, ((11.0, 6.0), (30.0, 7.0))),
            Shape(27, ShapeKind.LABEL, ((11.0, 6.0),), text="here, \"it\" is"),
            Shape(28, ShapeKind.MASK, ((11.0, 6.0),), (3.0, 1.0), mask=b"\xa0"),
            Shape(29, ShapeKind.MASK, ((11.0, 6.0),), (3.0, 1.0)),
        ),
    ),
    Roi(13, (Shape(30, ShapeKind.POINT, ((1.0, 1.0),)),)),
)  # fmt: skip
ONE_LINE = ROIS[0].name.replace("\n", " ")
CUT = Cut(0, z=Span(1, 2), y=Span(5, 30), x=Span(10, 40), channels=(1,))


def written(
    folder: Path,
    cut: Cut | None = CUT,
    rois: tuple[Roi, ...] = ROIS,
    form: ExportForm = ExportForm.OME_TIFF,
    **known: Any,
) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """Write, and return the document and the rows."""
    known = {"name": "cells.tif"} | known
    details = replace(
        details_of(PIXELS, **known),
        files=(OriginalFile(5, 1, "run/cells.tif", 1234, "SHA1-160", "ab"),),
        annotations=(
            Annotation(AnnotationKind.TAG, value="fixed"),
            Annotation(AnnotationKind.COMMENT, "ns", "two\nlines"),
            Annotation(AnnotationKind.KEY_VALUE, "ns", pairs=(("stain", "DAPI"), ("a", ""))),
        ),
        container_names=("Mouse 1",),
    )
    image = cut_image(details, cut, ArrayReader(PIXELS))
    image = replace(image, rois=rois_of_cut(rois, image.place))
    write_annotation_files(image, details, "The facility", form, folder)
    called = stem(image, form)
    document = json.loads((folder / f"{called}.json").read_bytes())
    with (folder / f"{called}.rois.csv").open(encoding="utf-8-sig", newline="") as file:
        return document, list(csv.DictReader(file))


def test_the_document(tmp_path: Path) -> None:
    document, _ = written(tmp_path)
    assert document["image"] == {
        "name": "cells.tif",
        "sizes": {"t": 1, "c": 1, "z": 2, "y": 30, "x": 40},
        "pixel_type": "uint16",
        "pixel_size": {
            "z": {"value": 2.0, "unit": "µm"},
            "y": {"value": 0.5, "unit": "µm"},
            "x": {"value": 0.25, "unit": "µm"},
        },
        "channels": [
            {
                "name": "GFP \N{GREEK SMALL LETTER ALPHA}",
                "color": "00ff00",
                "window": [0.0, 100.5],
                "active": False,
            }
        ],
    }
    assert document["repository"] == {
        "name": "The facility",
        "image_id": 7,
        "image_name": "cells.tif",
        "fileset_id": 1,
        "group_id": 3,
        "owner": "ada",
        "containers": ["Mouse 1"],
        "imported_at": datetime(2026, 11, 1, tzinfo=UTC).isoformat(),
        "acquired_at": None,
        "sizes": {"t": 1, "c": 2, "z": 3, "y": 40, "x": 50},
        "original_files": [
            {"path": "run/cells.tif", "size_bytes": 1234, "hasher": "SHA1-160", "hash": "ab"}
        ],
    }
    assert document["part"] == {
        "level": 0,
        "scale": {"y": 1.0, "x": 1.0},
        "t": {"first": 0, "count": 1},
        "z": {"first": 1, "count": 2},
        "y": {"first": 5, "count": 30},
        "x": {"first": 10, "count": 40},
        "channels": [1],
    }
    assert document["annotations"] == {
        "tags": [{"namespace": "", "value": "fixed"}],
        "comments": [{"namespace": "ns", "value": "two\nlines"}],
        "key_values": [{"namespace": "ns", "pairs": [["stain", "DAPI"], ["a", ""]]}],
    }


def test_rois_in_the_document(tmp_path: Path) -> None:
    document, _ = written(tmp_path)
    assert document["rois_left_out"] == {
        "rois_outside": 1,
        "shapes_outside": 2,
        "shapes_not_understood": 2,
        "masks_without_bits": 1,
    }
    first, second = document["rois"]
    assert (first["id"], first["name"], first["text"]) == (11, ROIS[0].name, "round")
    rectangle, ellipse = first["shapes"]
    assert rectangle == {
        "id": 21, "kind": "rectangle", "z": 0, "t": None, "c": 0, "x": 2.0, "y": 1.5,
        "width": 10.0, "height": 5.0, "text": "=1+1", "stroke_color": "FF0000FF",
        "fill_color": "00FF0080",
    }  # fmt: skip
    assert ellipse["transform"] == {
        "a00": 0, "a01": -1, "a02": 20, "a10": 1, "a11": 0, "a12": -5
    }  # fmt: skip
    assert (ellipse["radius_x"], ellipse["radius_y"]) == (4, 2)
    polygon, *_, mask, bare = second["shapes"]
    assert polygon["points"] == [[1, 1], [20.1, 1], [20, 15]]
    assert base64.b64decode(mask["mask"]) == b"\xa0"
    assert "mask" not in bare


def test_the_rows(tmp_path: Path) -> None:
    _, rows = written(tmp_path)
    assert tuple(rows[0]) == COLUMNS
    assert [row["shape_id"] for row in rows] == ["21", "22", "24", "25", "26", "27", "28", "29"]
    assert rows[0] == {
        "roi_id": "11", "shape_id": "21", "shape": "rectangle", "roi_name": ONE_LINE,
        "text": "'=1+1", "z": "0", "t": "", "c": "0", "x": "2", "y": "1.5", "width": "10",
        "height": "5", "points": "2,1.5 12,1.5 12,6.5 2,6.5", "stroke_color": "#FF0000FF",
        "fill_color": "#00FF0080",
    }  # fmt: skip
    # Turned by a quarter: 4 wide before, 4 high then.
    box = [float(rows[1][name]) for name in ("x", "y", "width", "height")]
    assert box == [3, 11, 4, 8]
    assert rows[2]["points"] == "1,1 20.1,1 20,15"
    assert rows[5]["text"] == 'here, "it" is'
    assert rows[7]["shape"] == "mask"


def test_an_image_of_which_nothing_is_known(tmp_path: Path) -> None:
    odd = Channel("a", "FFFFFF", float("nan"), float("inf"))
    document, rows = written(
        tmp_path, None, (), channels=(odd,), pixel_size_um=(None, None, None)
    )
    assert (document["rois"], rows) == ([], [])
    assert document["image"]["pixel_size"] == {}
    assert document["image"]["channels"][0]["window"] is None


def test_half_a_character_is_written(tmp_path: Path) -> None:
    roi = Roi(1, (Shape(2, ShapeKind.POINT, ((1.0, 1.0),)),), "a\udc80")
    document, _ = written(tmp_path, None, (roi,))
    assert document["rois"][0]["name"] == "a\udc80"


@pytest.mark.parametrize("form", [form for form in ExportForm if form.converts])
@pytest.mark.parametrize("name", ["cells.tif", "cells.ome.zarr", "cells.ome.tiff", "a.png"])
async def test_a_folder_is_called_as_the_image(
    tmp_path: Path, name: str, form: ExportForm
) -> None:
    """Both files are called as what is between them, and the agent's folder, too."""
    details = details_of(PIXELS, name=name)
    image = cut_image(details, None, ArrayReader(PIXELS))
    await FORMS[form]().write(image, tmp_path, nothing)
    write_annotation_files(image, details, "", form, tmp_path)
    paths = [path.relative_to(tmp_path).as_posix() for path in files_of(tmp_path)]
    [document] = [path for path in paths if path.endswith(".json") and "/" not in path]
    called = document.removesuffix(".json")
    assert called == name.partition(".")[0]
    assert all(path.startswith(called) for path in paths)
    assert fileset("item", paths).name == called


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(StorageFull):
        written(tmp_path)


def test_what_is_read_back_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digest_of = annotation_files.digest_of

    def shortened(path: Path) -> bytes:
        path.write_bytes(path.read_bytes()[:-1])
        return digest_of(path)

    monkeypatch.setattr(annotation_files, "digest_of", shortened)
    with pytest.raises(ChecksumMismatch, match=r"cells\.json"):
        written(tmp_path)
