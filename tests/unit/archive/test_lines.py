"""The lines of an archive: written and read back, and what is not whole."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from transferapp.archive.lines import (
    VERSION,
    Annotations,
    ArchiveLine,
    ChannelName,
    ContainerLine,
    EndLine,
    ImageLine,
    Length,
    Line,
    Pairs,
    Person,
    Text,
    Well,
)
from transferapp.archive.nouns import annotations_of, rois_of
from transferapp.archive.reading import archive_head, archive_lines
from transferapp.archive.writing import line_bytes
from transferapp.conversion.annotation_documents import roi_value
from transferapp.errors import Corrupt, Invalid, NoSuchFile
from transferapp.model.images import Annotation, AnnotationKind
from transferapp.model.rois import Affine, Roi, Shape, ShapeKind

HEAD = ArchiveLine(
    version=VERSION,
    id="a" * 32,
    server="https://s",
    repository="embedded",
    owner=Person(username="alice", full_name="Alice Ångström"),
    application="transferapp 1",
    made_at=datetime(2026, 1, 2, tzinfo=UTC),
)
NOTED = Annotations(
    tags=(Text(value="rot\nblau"),),
    comments=(Text(value="a comment", namespace="n"),),
    key_values=(Pairs(pairs=(("key", "value"), ("key", "2"))),),
)
ROI = Roi(
    7,
    (
        Shape(1, ShapeKind.RECTANGLE, ((1.0, 2.0),), (3.0, 4.0), z=0, text="nucleus"),
        Shape(
            2, ShapeKind.ELLIPSE, ((1.5, 2.0),), (3.0, 4.0), transform=Affine(1, 0, 2, 0, 1, 3)
        ),
        Shape(3, ShapeKind.POLYGON, ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0)), c=1),
        Shape(4, ShapeKind.MASK, ((0.0, 0.0),), (8.0, 1.0), mask=b"\xf0"),
        Shape(5, ShapeKind.POINT, ((2.0, 2.0),), stroke_color="FF0000FF"),
    ),
    "one",
)
IMAGE = ImageLine(
    id=12,
    item="b" * 32,
    series=0,
    name="cell \ud800",
    description="two lines\nand more",
    acquired_at=datetime(2025, 5, 5, tzinfo=UTC),
    sizes={"t": 1, "c": 2, "z": 1, "y": 4, "x": 5},
    pixel_type="uint16",
    physical_sizes={"x": Length(value=0.5, unit="µm")},
    channels=(ChannelName(name="DAPI", color="0000FF"),),
    containers=("Dataset:5",),
    well=Well(plate="Plate:3", row=0, column=1),
    annotations=NOTED,
    rois=(json.loads(json.dumps(roi_value(ROI))),),
    rois_left_out=0,
)
LINES: tuple[Line, ...] = (
    HEAD,
    ContainerLine(ref="Project:3", name="P", owner="alice", group="lab"),
    ContainerLine(ref="Dataset:5", name="D", parents=("Project:3",), annotations=NOTED),
    IMAGE,
    ImageLine(id=13, name="made by a program", without_originals=True),
    EndLine(containers=2, images=2, items=1),
)


def written(path: Path, lines: Sequence[Line] = LINES) -> Path:
    path.write_bytes(b"".join(map(line_bytes, lines)))
    return path


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = written(tmp_path / "archive.jsonl")
    assert tuple(archive_lines(path)) == LINES
    assert archive_head(path) == HEAD
    assert annotations_of(IMAGE.annotations) == (
        Annotation(AnnotationKind.TAG, value="rot\nblau"),
        Annotation(AnnotationKind.COMMENT, "n", "a comment"),
        Annotation(AnnotationKind.KEY_VALUE, pairs=(("key", "value"), ("key", "2"))),
    )
    assert rois_of(IMAGE) == (ROI,)


def test_what_is_not_known_is_absent() -> None:
    value = json.loads(line_bytes(ImageLine(id=13, series=0)))
    assert value == {"kind": "image", "id": 13, "series": 0}
    assert json.loads(line_bytes(LINES[-1])) == {
        "kind": "end", "containers": 2, "images": 2, "items": 1,
    }  # fmt: skip


def test_lines_and_fields_of_newer_releases_are_passed_over(tmp_path: Path) -> None:
    path = written(tmp_path / "archive.jsonl")
    head, *rest = path.read_bytes().splitlines(keepends=True)
    newer = json.dumps({**json.loads(head), "color": "blue"}).encode() + b"\n"
    path.write_bytes(b"".join([newer, b'{"kind": "paper", "doi": 1}\n', *rest]))
    assert tuple(archive_lines(path)) == LINES


def test_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "archive.jsonl", [HEAD.model_copy(update={"version": 2})])
    with pytest.raises(Invalid, match="version 2"):
        list(archive_lines(path))


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(NoSuchFile):
        list(archive_lines(tmp_path / "archive.jsonl"))


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        (LINES[:-1], "end is missing"),
        (LINES[1:], "what it is"),
        ((*LINES, IMAGE), "behind its end"),
        ((HEAD, *LINES), "not in its place"),
        ((*LINES[:3], LINES[-1]), "0 images and should name 2"),
        ((HEAD, *LINES[2:]), "1 containers and should name 2"),
        ((*LINES[:-1], EndLine(containers=2, images=2, items=2)), "1 items"),
    ],
)
def test_what_is_not_whole(tmp_path: Path, lines: Sequence[Line], what: str) -> None:
    with pytest.raises(Corrupt, match=what):
        list(archive_lines(written(tmp_path / "archive.jsonl", lines)))


@pytest.mark.parametrize("cut", [1, 20])
def test_cut_short(tmp_path: Path, cut: int) -> None:
    path = written(tmp_path / "archive.jsonl")
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(Corrupt, match="line 6 is damaged"):
        list(archive_lines(path))


def test_damaged_rois() -> None:
    line = ImageLine(id=1, rois=({"id": 1, "name": "", "text": "", "shapes": [{"kind": "x"}]},))
    with pytest.raises(Corrupt, match="image 1"):
        rois_of(line)
