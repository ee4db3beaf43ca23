"""Names of the files that are made: of the image's own name, safe on every file system."""

from __future__ import annotations

from transferapp.conversion.cut_image import CutImage
from transferapp.host.storable_names import NAME_BYTES, storable_name
from transferapp.model.export_specs import ExportForm

#: Room for what a name that is taken gets on top: `` (mouse1)``, `` (2)``.
_STEM_BYTES = NAME_BYTES - 40
#: How the names of files and folders of each form end.
SUFFIXES = {
    ExportForm.OME_TIFF: ".ome.tiff",
    ExportForm.OME_ZARR: ".ome.zarr",
    ExportForm.OME_ZARR_04: ".ome.zarr",
    ExportForm.PNG: ".png",
    ExportForm.JPEG: ".jpg",
}


def file_name(image: CutImage, suffix: str) -> str:
    """Return the image's name with this suffix (``.ome.zarr``), as any disk can store it.

    What Windows, macOS or Linux cannot store becomes ``_``. A name that ends in the suffix
    already does not get it twice; an image without a name is called by its number.
    """
    text = image.name.strip()
    if text.lower().endswith(suffix.lower()):
        text = text[: -len(suffix)]
    name = storable_name(text, _STEM_BYTES - len(suffix.encode()))
    return (name or f"image-{image.image_id}") + suffix


def stem(image: CutImage, form: ExportForm) -> str:
    """Return what the names of an image's files in this form begin with."""
    return file_name(image, SUFFIXES[form]).removesuffix(SUFFIXES[form])
