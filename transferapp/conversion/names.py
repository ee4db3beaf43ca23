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
#: Endings of the same formats, the longest first: an image is often called as its file was.
_ALIKE = {
    ".ome.tiff": (".ome.tiff", ".ome.tif", ".tiff", ".tif"),
    ".ome.zarr": (".ome.zarr", ".zarr"),
    ".png": (".png",),
    ".jpg": (".jpeg", ".jpg"),
}


def file_name(image: CutImage, suffix: str) -> str:
    """Return the image's name with this suffix (``.ome.zarr``), as any disk can store it.

    What Windows, macOS or Linux cannot store becomes ``_``. A name that ends in the suffix
    already, or in another one of that format, does not get a second one; an image without a
    name is called by its number.
    """
    text = image.name.strip()
    endings = _ALIKE.get(suffix, (suffix,))
    known = next((one for one in endings if text.lower().endswith(one)), "")
    text = text[: len(text) - len(known)]
    name = storable_name(text, _STEM_BYTES - len(suffix.encode()))
    return (name or f"image-{image.image_id}") + suffix


def stem(image: CutImage, form: ExportForm) -> str:
    """Return what the names of an image's files in this form begin with."""
    return file_name(image, SUFFIXES[form]).removesuffix(SUFFIXES[form])
