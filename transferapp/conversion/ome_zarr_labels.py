"""The areas of ROIs as a label image of an OME-Zarr: ``labels/rois`` (OME-NGFF, "labels")."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from transferapp.conversion.cut_image import CutImage
from transferapp.conversion.halving import every_second
from transferapp.conversion.ome_zarr_documents import (
    OmeZarrVersion,
    group_documents,
    label_attributes,
    labels_attributes,
    level_documents,
    write_documents,
)
from transferapp.conversion.ome_zarr_files import OmeZarrFiles
from transferapp.conversion.ome_zarr_reading import OmeZarrCheck
from transferapp.conversion.one_pass import ShardStore, pass_over
from transferapp.conversion.port import ShareListener, portion_of
from transferapp.conversion.pyramid import pyramid_of
from transferapp.conversion.roi_labels import label_image, labelled
from transferapp.conversion.shard_digests import ShardDigests
from transferapp.model.rois import Roi, ShapeKind

NAME = "rois"
#: Yellow, of a ROI without a colour: ome-zarr-models wants one for each number or none at all.
_UNCOLOURED = "FFFF00FF"


class OmeZarrLabels:
    """The label image of one image."""

    def __init__(self, labels: CutImage, rois: Sequence[Roi], version: OmeZarrVersion) -> None:
        """Write the numbers ``labels`` of these ROIs."""
        self._labels = labels
        self._rois = rois
        self._version = version
        self._pyramid = pyramid_of(labels)

    async def write(self, place: Path, listener: ShareListener) -> None:
        """Write it into the OME-Zarr ``place``; raises StorageFull, Unavailable."""
        inside = place / "labels" / NAME
        files = OmeZarrFiles(inside, self._pyramid, self._version, has_channels=False)
        await self._draw(files.store, listener)
        levels = level_documents(self._labels, self._pyramid, self._version)
        whole = group_documents(self._attributes(), self._version)
        listed = group_documents(labels_attributes([NAME], self._version), self._version)
        await asyncio.to_thread(write_documents, inside, levels | whole)
        await asyncio.to_thread(write_documents, inside.parent, listed)

    async def verify(self, place: Path, listener: ShareListener) -> None:
        """Draw it once more and compare; raises ChecksumMismatch, Unavailable."""
        digests = ShardDigests()
        await self._draw(digests.store, portion_of(listener, 0.0, 0.5))
        inside = place / "labels" / NAME
        check = OmeZarrCheck(inside, self._labels, self._pyramid, self._attributes())
        await check.run(digests, portion_of(listener, 0.5, 1.0))

    async def _draw(self, store: ShardStore, listener: ShareListener) -> None:
        # A mean of two numbers is the number of another ROI.
        halves = every_second
        await pass_over(self._labels, self._pyramid, store, listener, halves=halves).run()

    def _attributes(self) -> dict[str, Any]:
        label = {
            "colors": list(_colors(self._rois)),
            "properties": list(_properties(self._rois)),
            "source": {"image": "../../"},
        }
        return label_attributes(self._labels, self._pyramid, self._version, label)


def labels_of(image: CutImage, version: OmeZarrVersion) -> OmeZarrLabels | None:
    """Return the label image of an image's ROIs; None where none of them has an area."""
    labels = label_image(image)
    if labels is None or image.rois is None:
        return None
    return OmeZarrLabels(labels, labelled(image.rois), version)


def _properties(rois: Sequence[Roi]) -> Iterator[dict[str, Any]]:
    for number, roi in enumerate(rois, 1):
        texts = {"name": roi.name, "text": roi.text or _text_of(roi)}
        known = {key: text for key, text in texts.items() if text}
        yield {"label-value": number, "roi_id": roi.id, **known}


def _text_of(roi: Roi) -> str:
    return next((shape.text for shape in roi.shapes if shape.text), "")


def _colors(rois: Sequence[Roi]) -> Iterator[dict[str, Any]]:
    for number, roi in enumerate(rois, 1):
        found = (shape.fill_color or shape.stroke_color for shape in roi.shapes
                 if shape.kind is not ShapeKind.LABEL)  # fmt: skip
        color = next(filter(None, found), _UNCOLOURED)
        yield {"label-value": number, "rgba": list(bytes.fromhex(color))}
