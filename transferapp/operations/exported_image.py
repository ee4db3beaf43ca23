"""Open an image of an export for its conversion, as its person."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial

from transferapp.conversion.cut_image import CutImage, cut_image
from transferapp.conversion.port import Form
from transferapp.errors import Internal
from transferapp.ledger.port import ItemWork
from transferapp.model.export_specs import ExportForm
from transferapp.model.images import ImageDetails
from transferapp.operations.read_rois import read_rois
from transferapp.repositories.port import Images, Repository

#: Makes a form anew for each image.
Forms = Mapping[ExportForm, Callable[[], Form]]


@dataclass(frozen=True, slots=True)
class ExportedImage:
    """The image of an item, while its session is open."""

    details: ImageDetails
    cut: CutImage
    form: Form
    _images: Images

    async def with_rois(self, work: ItemWork) -> CutImage:
        """Return the cut with its ROIs where annotations are asked for."""
        if not work.export.with_annotations:
            return self.cut
        rois = await read_rois(self._images, self.cut.image_id, self.cut.place)
        return replace(self.cut, rois=rois)


@asynccontextmanager
async def exported_image(
    repository: Repository, forms: Forms, work: ItemWork
) -> AsyncIterator[ExportedImage]:
    """Open the image of an item; raises what the repository raises, and Internal for a form
    that cannot be made.
    """
    make = forms.get(work.export.form)
    if make is None:
        raise Internal(f"This server cannot make {work.export.form}.")
    [image_id] = work.item.image_ids
    async with repository.session(work.transfer.owner, work.group_id) as session:
        images = session.images
        details = await images.get(image_id)
        cut = cut_image(details, work.export.cut, partial(images.tile, image_id))
        yield ExportedImage(details, cut, make(), images)
