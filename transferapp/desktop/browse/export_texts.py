"""What the export dialog says of each form."""

from __future__ import annotations

from transferapp.model.export_places import ExportLayout
from transferapp.model.export_specs import ExportForm, ExportSpec

#: The forms in the order in which they are offered, as people call them.
FORM_NAMES = {
    ExportForm.ORIGINALS: "Original files",
    ExportForm.OME_TIFF: "OME-TIFF",
    ExportForm.OME_ZARR: "OME-Zarr 0.5",
    ExportForm.OME_ZARR_04: "OME-Zarr 0.4",
    ExportForm.PNG: "PNG pictures, as displayed",
    ExportForm.JPEG: "JPEG pictures, as displayed",
}

#: How files are sorted, as people call it.
LAYOUT_NAMES = {
    ExportLayout.TREE: "In folders by project and dataset, or plate and well",
    ExportLayout.FLAT: "Side by side",
}

_MADE = "A worker of the facility makes the files and reads them back before they are fetched."
_FORM_TEXTS = {
    ExportForm.ORIGINALS: (
        "The files as they were imported, whole, checked byte for byte. Images that share files"
        " come together."
    ),
    ExportForm.OME_TIFF: f"One pyramid for each image, with tags and key-values. {_MADE}",
    ExportForm.OME_ZARR: f"One folder for each image, in large shards. {_MADE}",
    ExportForm.OME_ZARR_04: f"One folder for each image, for older programs. {_MADE}",
    ExportForm.PNG: f"For slides and talks, with a scale bar: colours and contrast as displayed"
    f" in the repository. {_MADE}",
    ExportForm.JPEG: f"Smaller than PNG, with a scale bar, not for measuring. {_MADE}",
}


def form_text(form: ExportForm) -> str:
    """Say what a form is good for, and what happens."""
    return _FORM_TEXTS[form]


def forms_offered(spec: ExportSpec) -> list[ExportForm]:
    """Return the forms to choose from: a part of an image has no original files."""
    return [form for form in FORM_NAMES if form.converts or spec.cut is None]


def part_text(spec: ExportSpec) -> str:
    """Say which part of an image is exported; empty for all of it."""
    cut = spec.cut
    if cut is None:
        return ""
    parts = []
    if cut.x is not None and cut.y is not None:
        parts.append(f"{cut.x.count} \N{MULTIPLICATION SIGN} {cut.y.count} pixels")
    if cut.level:
        parts.append(f"resolution level {cut.level}")
    if cut.channels:
        one = len(cut.channels) == 1
        parts.append("1 channel" if one else f"{len(cut.channels)} channels")
    return ", ".join(parts)
