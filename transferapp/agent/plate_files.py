"""Make one OME-Zarr of a plate's fields that lie in their wells: write what names them.

Each field is an item, made and fetched by itself. What says that they are a plate is written
when nothing moves any more, the plate's own document last: until then a program finds fields
and no half plate. Written anew after a retry, from what is there then. All methods block.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import PurePosixPath

from transferapp.agent.export_folders import ExportItem, below
from transferapp.agent.outbox import Outbox
from transferapp.client.export_manifest import ManifestFile
from transferapp.client.placement import Placement, PlacementStage
from transferapp.model.export_places import row_name
from transferapp.model.export_specs import ExportForm
from transferapp.ome.plate_documents import PlateField, plate_documents

#: Folders below the destination, the outermost as the export wants it to be called.
Way = tuple[str, ...]
#: Writes a file: the folders below the destination, its name, its content.
Write = Callable[[Way, str, bytes], None]

_VERSIONS = {ExportForm.OME_ZARR: "0.5", ExportForm.OME_ZARR_04: "0.4"}


def write_plates(outbox: Outbox, transfer_id: str, write: Write) -> list[ManifestFile]:
    """Write the documents of an export's plates; returns what was written."""
    known = outbox.folders.known(transfer_id)
    version = _VERSIONS.get(ExportForm(known.form)) if known and known.form else None
    if version is None:
        return []
    tops, made = outbox.folders.tops(transfer_id), []
    for plate, (name, fields) in _plates(outbox, transfer_id).items():
        rows = [row_name(row) for row in range(1 + max(field.row for field in fields))]
        for path, document in plate_documents(name, fields, rows, version).items():
            inside = PurePosixPath(path)
            content = json.dumps(document, ensure_ascii=False, indent=1).encode()
            write((*plate, *inside.parent.parts), inside.name, content)
            where = PurePosixPath(*below(tops, plate), path)
            sha1 = hashlib.sha1(content, usedforsecurity=False).hexdigest()
            made.append(ManifestFile(str(where), len(content), sha1, ""))
    return made


def _plates(outbox: Outbox, transfer_id: str) -> dict[Way, tuple[str, list[PlateField]]]:
    """Return plates by their folders: their names, and the fields that are there."""
    placements = outbox.placements.of_transfer(transfer_id)
    items = (item for item in outbox.folders.items(transfer_id) if item.place.field)
    fields: dict[Way, list[PlateField]] = defaultdict(list)
    names: dict[Way, str] = {}
    for item, placed in _placed(items, placements):
        location = item.place.images[0].locations[0]
        well = location.well
        if well is None:
            continue
        *plate, row, column = placed.folder
        names[tuple(plate)] = location.containers[-1].name
        fields[tuple(plate)].append(
            PlateField(well.row, well.column, row, column, placed.name, well.run_id, well.run)
        )
    return {plate: (names[plate], found) for plate, found in fields.items()}


def _placed(
    items: Iterable[ExportItem], placements: dict[str, Placement]
) -> Iterator[tuple[ExportItem, Placement]]:
    """Yield what has its path in its well; another name would be none that a plate has."""
    for item in items:
        placed = placements.get(item.item_id)
        if placed and placed.stage is PlacementStage.PLACED and placed.name == item.place.field:
            yield item, placed
