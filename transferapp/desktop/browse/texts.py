"""Say an image's sizes, files and annotations in words."""

from __future__ import annotations

from datetime import datetime

import humanize

from transferapp.model.images import (
    Annotation,
    AnnotationKind,
    ImageDetails,
    ImageSummary,
    OriginalFile,
    Pixels,
)
from transferapp.model.plausible import plausible_moment

TIMES = "\N{MULTIPLICATION SIGN}"
DOT = " \N{MIDDLE DOT} "


def size_text(image: ImageSummary) -> str:
    """Return ``1024 x 768, 3 channels, 12 z, 5 t``; what there is one of is left out."""
    parts = [f"{image.size_x} {TIMES} {image.size_y}"]
    if image.size_c > 1:
        parts.append(f"{image.size_c} channels")
    if image.size_z > 1:
        parts.append(f"{image.size_z} z")
    if image.size_t > 1:
        parts.append(f"{image.size_t} t")
    return ", ".join(parts)


def short_size_text(image: ImageSummary) -> str:
    """Return the sizes for a card, which has room for few letters."""
    counts = ((image.size_c, "ch"), (image.size_z, "z"), (image.size_t, "t"))
    parts = [f"{image.size_x} {TIMES} {image.size_y}"]
    return DOT.join(parts + [f"{count} {name}" for count, name in counts if count > 1])


def fact_rows(details: ImageDetails) -> list[tuple[str, str]]:
    """Return the rows of the details pane: what, and how much in words."""
    summary, pixels = details.summary, details.pixels
    rows = [
        ("Size", f"{summary.size_x} {TIMES} {summary.size_y} pixels"),
        ("Channels", str(summary.size_c)),
        ("Z planes", str(summary.size_z)),
        ("Time points", str(summary.size_t)),
        ("Pixel type", summary.dtype),
        ("Pixel size", _pixel_size(pixels)),
        ("Resolution levels", str(len(pixels.levels))),
        ("Acquired", _moment(summary.acquired_at)),
        ("Imported", _moment(summary.imported_at)),
        ("Owner", summary.owner),
        ("In", " / ".join(details.container_names)),
        ("Image ID", str(summary.id)),
    ]
    return [
        (name, value) for name, value in rows if value and (value != "1" or name == "Image ID")
    ]


def files_heading(files: tuple[OriginalFile, ...]) -> str:
    """Return ``3 original files, 12.0 MB``."""
    total = humanize.naturalsize(sum(file.size_bytes for file in files))
    return f"{len(files)} original file{'s' if len(files) != 1 else ''}, {total}"


def annotation_text(annotation: Annotation) -> list[tuple[str, str]]:
    """Return an annotation as rows."""
    if annotation.kind is AnnotationKind.KEY_VALUE:
        return list(annotation.pairs)
    return [(annotation.kind.capitalize(), annotation.value)]


def _pixel_size(pixels: Pixels) -> str:
    z, y, x = pixels.pixel_size_um
    if x is None or y is None:
        return ""
    plane = f"{x:.4g} {TIMES} {y:.4g} µm"
    return f"{plane}, z step {z:.4g} µm" if z is not None and pixels.size_z > 1 else plane


def _moment(when: datetime | None) -> str:
    # Near year 1 there is no local time, and no microscope meant it.
    when = plausible_moment(when)
    return when.astimezone().strftime("%d %b %Y, %H:%M") if when else ""
