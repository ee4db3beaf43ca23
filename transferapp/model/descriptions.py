"""What is known of containers and images beside their files, as an archive states it."""

from __future__ import annotations

from dataclasses import dataclass

from transferapp.model.containers import ContainerRef
from transferapp.model.images import Annotation, Channel, ImageSummary


@dataclass(frozen=True, slots=True)
class ContainerDescription:
    """A container; ``parents`` are all that hold it and that the person sees."""

    ref: ContainerRef
    name: str
    owner: str
    group_id: int
    description: str = ""
    parents: tuple[ContainerRef, ...] = ()
    annotations: tuple[Annotation, ...] = ()


@dataclass(frozen=True, slots=True)
class ImageDescription:
    """An image, without its ROIs."""

    summary: ImageSummary
    channels: tuple[Channel, ...]
    description: str = ""
    #: Its position among the images of its fileset, from 0; None where it has no files.
    series: int | None = None
    #: Physical pixel sizes in micrometres (z, y, x); None where unknown.
    pixel_size_um: tuple[float | None, float | None, float | None] = (None, None, None)
    annotations: tuple[Annotation, ...] = ()
    #: False where it certainly has no ROIs.
    may_have_rois: bool = True
