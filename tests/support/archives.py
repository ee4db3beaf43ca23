"""An archive of somebody's data, written as one is made: files, manifest, ``archive.jsonl``."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from transferapp.archive.lines import (
    ARCHIVE_NAME,
    VERSION,
    Annotations,
    ArchiveLine,
    ChannelName,
    ContainerLine,
    EndLine,
    ImageLine,
    Line,
    Pairs,
    Person,
    Text,
    Well,
)
from transferapp.archive.writing import line_bytes
from transferapp.conversion.annotation_documents import roi_value
from transferapp.host.resources import resource
from transferapp.model.annotations import EDITABLE_PAIRS
from transferapp.model.rois import Roi, Shape, ShapeKind

TAG, COMMENT = "kept", "said\nin two lines"
PAIRS = (("stain", "DAPI"), ("stain", "again"))
NOTES = Annotations(
    tags=(Text(value=TAG),),
    comments=(Text(value=COMMENT),),
    key_values=(Pairs(pairs=PAIRS, namespace=EDITABLE_PAIRS),),
)
ROIS = (
    Roi(
        7,
        (
            Shape(8, ShapeKind.RECTANGLE, ((1.0, 2.5),), (3.0, 4.0), z=0, t=0, text="nucleus"),
            Shape(9, ShapeKind.MASK, ((4.0, 5.0),), (3.0, 4.0), mask=bytes([0xA0, 0x40])),
        ),
        "a cell",
        "drawn by hand",
    ),
    Roi(11, (Shape(12, ShapeKind.POLYGON, ((0.1, 0.2), (3.3, 4.0), (5.0, 6.0))),)),
)
NAME = "All of bob.0a1b2c3d"
#: What is made of ``write_archive``: images that are restored, and those that cannot be.
RESTORED, LOST = 11, 2


@dataclass
class WrittenArchive:
    """An archive in a folder."""

    folder: Path
    id: str
    items: list[dict[str, Any]] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)

    @property
    def manifest(self) -> Path:
        """The file that it is restored by."""
        return self.folder / f"{NAME}.manifest.json"

    def beside(self, ending: str) -> Path:
        """Another file that belongs to it."""
        return self.folder / f"{NAME}.{ending}"

    def add_item(self, item_id: str, name: str, place: str, paths: Sequence[Path]) -> None:
        """Copy files of an item to a place below the folder, and list them."""
        folder = self.folder / place
        folder.mkdir(parents=True, exist_ok=True)
        files = []
        for path in paths:
            shutil.copyfile(path, folder / path.name)
            files.append(_file(f"{place}/{path.name}", path, f"disk/{place}/{path.name}"))
        self.items.append(
            {
                "id": item_id,
                "name": name,
                "state": "delivered",
                "path": f"{place}/{paths[0].name}" if len(paths) == 1 else place,
                "images": [{"id": 1, "name": name}],
                "files": files,
            }
        )

    def finish(self, version: int = VERSION) -> None:
        """Write ``archive.jsonl`` and the manifest."""
        head = ArchiveLine(
            version=version,
            id=self.id,
            server="https://old.example.org",
            repository="OMERO",
            owner=Person(username="bob", full_name="Bob Brown"),
            application="transferapp",
        )
        images = [line for line in self.lines if isinstance(line, ImageLine)]
        end = EndLine(
            containers=len(self.lines) - len(images),
            images=len(images),
            items=len({line.item for line in images if line.item}),
        )
        path = self.folder / ARCHIVE_NAME
        path.write_bytes(b"".join(map(line_bytes, (head, *self.lines, end))))
        described = {
            "id": "description",
            "name": ARCHIVE_NAME,
            "state": "delivered",
            "path": ARCHIVE_NAME,
            "images": [],
            "files": [_file(ARCHIVE_NAME, path, ARCHIVE_NAME)],
        }
        document = {
            "manifest": "transferapp-export",
            "manifest_version": 1,
            "transfer": {"id": self.id, "name": "All of bob", "server": "https://old"},
            "repository": "OMERO",
            "form": "originals",
            "asked_at": "2026-11-30T10:00:00+00:00",
            "written_at": "2026-11-30T11:00:00+00:00",
            "checksum": "sha1",
            "plate_files": [],
            "items": [*self.items, described],
        }
        self.manifest.write_text(json.dumps(document), encoding="utf-8")


def write_archive(folder: Path, archive_id: str = "a" * 32) -> WrittenArchive:
    """Write one with two projects, datasets, a plate, a file of five images, and an image in
    two datasets; of one image the files have not come, one never had any.
    """
    made = WrittenArchive(folder, archive_id)
    folder.mkdir(parents=True, exist_ok=True)
    sources = folder.parent / f"{folder.name} sources"
    sources.mkdir()
    made.lines += _containers()
    single = sources / "single.tif"
    tifffile.imwrite(single, np.arange(48 * 64, dtype=np.uint16).reshape(48, 64))
    made.add_item("one", "single.tif", "Flies/Day 1", [single])
    made.lines.append(
        _image(101, "one", 0, "Cell 7", (64, 48, 1, 1, 1), ("Dataset:5", "Dataset:6"), ROIS)
    )
    made.add_item("five", "run.ome.tif", "Flies/Day 2", [five_images(sources / "run.ome.tif")])
    places = (("Dataset:6",), ("Dataset:6",), ("Dataset:5",), ("Dataset:6", "Dataset:5"), ())
    made.lines += [
        _image(201 + place, "five", place, f"Position {place} renamed", (9, 8, 1, 1, 1), where)
        for place, where in enumerate(places)
    ]
    organoid = _sample("ome-tiff-multifile-organoid", "organoid_C0.ome.tif")
    made.add_item("set", "organoid_C0.ome.tif", "organoid", organoid)
    made.lines.append(_image(301, "set", 0, "organoid", (512, 512, 1, 3, 1), ()))
    plate = _sample("ome-tiff-plate-cells", "plate.companion.ome")
    made.add_item("plate", "plate.companion.ome", "Screen/Plate", plate)
    made.lines += [_field(401 + place, place) for place in range(4)]
    made.lines.append(_image(501, "", None, "no files", (8, 8, 1, 1, 1), ("Dataset:5",)))
    problem = {"code": "permission-denied", "message": "You may not read this."}
    lost: dict[str, Any] = {
        "id": "lost",
        "name": "lost.tif",
        "state": "failed",
        "path": None,
        "files": [],
    }
    made.items.append({**lost, "images": [{"id": 601, "name": "x"}], "problem": problem})
    made.lines.append(_image(601, "lost", 0, "lost", (8, 8, 1, 1, 1), ("Dataset:5",)))
    made.finish()
    return made


def five_images(path: Path) -> Path:
    """Write an OME-TIFF of five images."""
    with tifffile.TiffWriter(path, ome=True) as writer:
        for number in range(5):
            plane = np.full((8, 9), number, np.uint8)
            writer.write(plane, metadata={"axes": "YX", "Name": f"Position {number}"})
    return path


def _containers() -> Iterable[ContainerLine]:
    yield ContainerLine(ref="Project:3", name="Flies", description="of 2026", annotations=NOTES)
    yield ContainerLine(ref="Project:4", name="Nothing in it")
    yield ContainerLine(ref="Screen:2", name="Drugs", description="a screen")
    for number, name in ((5, "Day 1"), (6, "Day 2"), (7, "Empty")):
        yield ContainerLine(
            ref=f"Dataset:{number}",
            name=name,
            description=f"what was done on {name}",
            parents=("Project:3",),
            annotations=NOTES,
        )
    yield ContainerLine(
        ref="Plate:9",
        name="Plate of 2019",
        description="forty drugs",
        parents=("Screen:2",),
        annotations=NOTES,
    )


def _image(  # noqa: PLR0913, PLR0917 - what is said of an image
    image_id: int,
    item: str,
    place: int | None,
    name: str,
    sizes: tuple[int, int, int, int, int],
    containers: tuple[str, ...],
    rois: Sequence[Roi] = (),
) -> ImageLine:
    channels = tuple(ChannelName(name=f"dye {number}") for number in range(sizes[3]))
    return ImageLine(
        id=image_id,
        item=item,
        series=place,
        name=name,
        description=f"about {name}",
        without_originals=not item,
        sizes=dict(zip("xyzct", sizes, strict=True)),
        channels=channels,
        containers=containers,
        annotations=NOTES,
        rois=tuple(map(roi_value, rois)),
    )


def _field(image_id: int, place: int) -> ImageLine:
    well = Well(plate="Plate:9", row=0, column=place // 2, field=place % 2)
    line = _image(image_id, "plate", place, f"field {place}", (256, 256, 1, 3, 1), ("Plate:9",))
    return line.model_copy(update={"well": well})


def _sample(folder: str, first: str) -> list[Path]:
    root = resource("sample-data", folder)
    others = sorted(p for p in root.iterdir() if p.is_file() and p.name != first)
    return [root / first, *others]


def _file(place: str, path: Path, client_path: str) -> dict[str, Any]:
    content = path.read_bytes()
    sha1 = hashlib.sha1(content, usedforsecurity=False).hexdigest()
    return {
        "path": place,
        "size_bytes": len(content),
        "sha1": sha1,
        "client_path": client_path,
    }
