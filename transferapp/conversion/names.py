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
#: Endings of these formats, the longest first: an image is often called as its file was.
_ENDINGS = (
    ".ome.tiff", ".ome.tif", ".ome.zarr", ".tiff", ".tif", ".zarr", ".jpeg", ".jpg", ".png",
)  # fmt: skip


def file_name(image: CutImage, suffix: str) -> str:
    """Return the image's name with this suffix (``.ome.zarr``), as any disk can store it.

    What Windows, macOS or Linux cannot store becomes ``_``. A name that ends like a file of
    one of the forms loses that: it is none any more. An image without a name is called by its
    number.
    """
    text = image.name.strip()
    known = next((one for one in (suffix, *_ENDINGS) if text.lower().endswith(one)), "")
    text = text[: len(text) - len(known)]
    name = storable_name(text, _STEM_BYTES - len(suffix.encode()))
    return (name or f"image-{image.image_id}") + suffix


def stem(image: CutImage, form: ExportForm) -> str:
    """Return what the names of an image's files in this form begin with."""
    return file_name(image, SUFFIXES[form]).removesuffix(SUFFIXES[form])
