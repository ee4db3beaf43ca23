"""What the export dialog says of each form, and of each place."""

from __future__ import annotations

import humanize

from transferapp.model.export_places import ExportLayout
from transferapp.model.export_specs import ExportForm, ExportSpec
from transferapp.protocol.places import PlaceView

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

#: Where the files go that no worker of the facility brings to a place.
THIS_COMPUTER = "This computer"
FOLDER_HERE = "Into the folder"
FOLDER_AT_PLACE = "Into the folder below your own there"
#: Characters of a title in the list; the tip has all of it.
_TITLE = 40

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


def place_name(place: PlaceView) -> str:
    """Name a place in a list, with what is free for the person there, or that it is away."""
    title = place.title
    if len(title) > _TITLE:
        title = f"{title[: _TITLE - 1].rstrip()}…"
    if place.hindrance:
        return f"{title} (exports wait)"
    if place.quota_bytes is None:
        return title
    free = max(0, place.quota_bytes - place.used_bytes)
    return f"{title} ({humanize.naturalsize(free)} free)"


def place_text(place: PlaceView) -> str:
    """Say where the files are found at a place, and for how long."""
    text = f"Your own folder there is {place.path}. A worker of the facility brings the files"
    if not place.keep_days:
        return f"{text}."
    days = "1 day" if place.keep_days == 1 else f"{place.keep_days} days"
    return f"{text}; they are removed after {days}."
