"""What an export brought, in three files beside it: a manifest for programs, a list for people,
and checksums.

Paths are '/'-separated and relative to the folder that the files lie in.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from transferapp import __version__
from transferapp.host.csv_text import CSV_MARK, csv_cell, csv_lines
from transferapp.model.containers import ContainerKind
from transferapp.model.export_places import ImageLocation, PlacedImage, WellField

#: Columns of the list; docs/cli.md explains each.
COLUMNS = (
    "path", "image_id", "image", "project", "dataset", "screen", "plate", "run", "well",
    "field", "also_in", "files", "size_bytes", "state", "problem",
)  # fmt: skip
DELIVERED = "delivered"


@dataclass(frozen=True, slots=True)
class ManifestFile:
    """A file that is there, with the SHA-1 that was read while it arrived."""

    path: str
    size_bytes: int
    sha1: str
    client_path: str


@dataclass(frozen=True, slots=True)
class ManifestItem:
    """An item: what lies under ``path``, or why there is nothing (``problem``)."""

    id: str
    name: str
    state: str
    images: tuple[PlacedImage, ...]
    path: str = ""
    files: tuple[ManifestFile, ...] = ()
    code: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ManifestHead:
    """What is said of the export as a whole."""

    transfer_id: str
    name: str
    server: str
    repository: str
    form: str
    asked_at: datetime
    written_at: datetime


def manifest_lines(
    head: ManifestHead, items: Iterable[ManifestItem], plates: Sequence[ManifestFile] = ()
) -> Iterator[str]:
    """Yield the JSON document in pieces, one line for each item; ``plates`` are the files that
    make plates of their fields.
    """
    known = {
        "manifest": "transferapp-export",
        "manifest_version": 1,
        "application": {"name": "TransferApp", "version": __version__},
        "transfer": {"id": head.transfer_id, "name": head.name, "server": head.server},
        "repository": head.repository,
        "form": head.form,
        "asked_at": head.asked_at.isoformat(),
        "written_at": head.written_at.isoformat(),
        "checksum": "sha1",
        "plate_files": [_file(file) for file in plates],
    }
    yield json.dumps(known, ensure_ascii=False, indent=1).removesuffix("\n}") + ',\n "items": ['
    before = "\n  "
    for item in items:
        yield before + json.dumps(_item(item), ensure_ascii=False)
        before = ",\n  "
    yield "\n ]\n}\n"


def list_lines(items: Iterable[ManifestItem]) -> Iterator[str]:
    """Yield the lines of the CSV: the names of the columns, then one for each image."""
    yield CSV_MARK
    yield from csv_lines([COLUMNS])
    yield from csv_lines(row for item in items for row in _rows(item))


def checksum_lines(
    items: Iterable[ManifestItem], plates: Sequence[ManifestFile] = ()
) -> Iterator[str]:
    """Yield what ``sha1sum --check`` reads, of every file."""
    for file in chain(chain.from_iterable(item.files for item in items), plates):
        name = file.path
        # As GNU coreutils write names that would break a line.
        for char, escape in (("\\", "\\\\"), ("\n", "\\n"), ("\r", "\\r")):
            name = name.replace(char, escape)
        escaped = "\\" if name != file.path else ""
        yield f"{escaped}{file.sha1}  {name}\n"


def _item(item: ManifestItem) -> dict[str, Any]:
    value: dict[str, Any] = {
        "id": item.id,
        "name": item.name,
        "state": item.state,
        "path": item.path or None,
        "images": [_image(image) for image in item.images],
        "files": [{**_file(file), "client_path": file.client_path} for file in item.files],
    }
    if item.problem:
        value["problem"] = {"code": item.code, "message": item.problem}
    return value


def _file(file: ManifestFile) -> dict[str, Any]:
    return {"path": file.path, "size_bytes": file.size_bytes, "sha1": file.sha1}


def _image(image: PlacedImage) -> dict[str, Any]:
    return {
        "id": image.id,
        "name": image.name,
        "containers": [_location(one) for one in image.locations],
    }


def _location(location: ImageLocation) -> dict[str, Any]:
    value: dict[str, Any] = {
        str(one.ref.kind).lower(): {"id": one.ref.id, "name": one.name}
        for one in location.containers
    }
    well = location.well
    if well is not None:
        value["well"] = {"row": well.row, "column": well.column, "field": well.field}
        if well.run_id:
            value["run"] = {"id": well.run_id, "name": well.run}
        if well.x_um is not None or well.y_um is not None:
            value["well"]["position_um"] = {"x": well.x_um, "y": well.y_um}
    return value


def _rows(item: ManifestItem) -> Iterator[Sequence[object]]:
    size = sum(file.size_bytes for file in item.files)
    for image in item.images or (PlacedImage(0, item.name),):
        first = image.locations[0] if image.locations else ImageLocation(image.id, ())
        names = {one.ref.kind: one.name for one in first.containers}
        yield (
            csv_cell(item.path),
            image.id or "",
            csv_cell(image.name),
            *(csv_cell(names.get(kind, "")) for kind in ContainerKind),
            *_well(first.well),
            csv_cell("; ".join(map(_way, image.locations[1:]))),
            len(item.files),
            size,
            item.state,
            csv_cell(item.problem),
        )


def _well(well: WellField | None) -> tuple[str, str, str]:
    if well is None:
        return "", "", ""
    return csv_cell(well.run), well.name, str(well.field)


def _way(location: ImageLocation) -> str:
    return "/".join(one.name for one in location.containers)
