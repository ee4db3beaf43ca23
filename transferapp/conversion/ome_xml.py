"""The OME-XML of an image that is exported, as ome-types writes it (schema 2016-06)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import NoReturn
from uuid import uuid4
from xml.sax.saxutils import escape

from ome_types import OME, to_xml
from ome_types.model import (
    AnnotationRef,
    Channel,
    CommentAnnotation,
    Image,
    Map,
    MapAnnotation,
    Pixels,
    Pixels_DimensionOrder,
    PixelType,
    ROIRef,
    StageLabel,
    StructuredAnnotations,
    TagAnnotation,
    TiffData,
    UnitsLength,
)
from ome_types.model.simple_types import Color

from transferapp import __version__
from transferapp.conversion.cut_image import CutImage
from transferapp.conversion.cut_place import CutRois
from transferapp.conversion.ome_rois import ome_rois
from transferapp.model.images import Annotation, AnnotationKind, TileRegion
from transferapp.model.plausible import plausible_positive, plausible_um

_CREATOR = f"TransferApp {__version__}"
_TYPES = {"float32": PixelType.FLOAT, "float64": PixelType.DOUBLE}
#: Stand for what differs between images that are alike else.
_NAME, _UUID = "TransferApp-the-name", "11111111-2222-4333-8444-555555555555"
_MOMENT = datetime(1984, 4, 4, 4, 44, 44)  # noqa: DTZ001 - stands for another
_IN_ATTRIBUTES = {'"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}
#: What XML 1.0 has no characters for.
_NO_TEXT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def ome_xml(image: CutImage) -> bytes:
    """Return the document of one image whose planes follow each other in z, then c, then t, in
    the file that has the document.
    """
    if image.rois is not None:
        return _document(image, _text(image.name), str(uuid4()))
    dated = image.acquired_at is not None
    alike = replace(
        image,
        image_id=0,
        name="",
        files=(),
        _read=_no_pixels,
        acquired_at=_MOMENT if dated else None,
    )
    document = _document_of_alike(alike)
    filled = {_NAME: escape(_text(image.name), _IN_ATTRIBUTES), _UUID: str(uuid4())}
    if image.acquired_at is not None:
        filled[_MOMENT.isoformat()] = _moment(image.acquired_at)
    for mark, text in filled.items():
        document = document.replace(mark.encode(), text.encode())
    return document


@lru_cache(maxsize=64)
def _document_of_alike(image: CutImage) -> bytes:
    """Return a document with marks. Kept: the images of an export are often alike in all but
    their names, and for small ones this is a third of the time.
    """
    return _document(image, _NAME, _UUID)


async def _no_pixels(_region: TileRegion) -> NoReturn:
    raise NotImplementedError


def _document(image: CutImage, name: str, uuid: str) -> bytes:
    ids = [f"Annotation:{number}" for number in range(len(image.annotations))]
    rois = list(ome_rois(image.rois or CutRois(), _text))
    one = Image(
        id="Image:0",
        name=name,
        acquisition_date=image.acquired_at,
        description=_text(image.description) or None,
        pixels=_pixels(image),
        stage_label=_stage(image),
        annotation_refs=[AnnotationRef(id=each) for each in ids],
        roi_refs=[ROIRef(id=roi.id) for roi in rois],
    )
    document = OME(
        uuid=f"urn:uuid:{uuid}",
        creator=_CREATOR,
        images=[one],
        rois=rois,
        structured_annotations=_annotations(ids, image.annotations) if ids else None,
    )
    return to_xml(document, indent=0).encode()


def _moment(when: datetime) -> str:
    return when.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def _pixels(image: CutImage) -> Pixels:
    """Return what is known of the pixels; lengths are in micrometres, the schema's default."""
    name = image.dtype.name
    made = Pixels(
        id="Pixels:0",
        dimension_order=Pixels_DimensionOrder.XYZCT,
        type=_TYPES.get(name) or PixelType(name),
        big_endian=False,
        size_x=image.size_x,
        size_y=image.size_y,
        size_z=image.size_z,
        size_c=image.size_c,
        size_t=image.size_t,
        channels=list(_channels(image)),
        tiff_data_blocks=[
            TiffData(ifd=0, plane_count=image.size_z * image.size_c * image.size_t)
        ],
    )
    for axis, size_um in zip("zyx", image.pixel_size_um, strict=True):
        if plausible := plausible_um(size_um):
            setattr(made, f"physical_size_{axis}", plausible)
    # In seconds, the schema's default.
    made.time_increment = plausible_positive(image.time_step_s)
    return made


def _stage(image: CutImage) -> StageLabel | None:
    """Return where the microscope's stage was, as far as that is known."""
    x_um, y_um = image.position_um
    if x_um is None and y_um is None:
        return None
    micrometre = UnitsLength.MICROMETER
    return StageLabel(name="Stage", x=x_um, y=y_um, x_unit=micrometre, y_unit=micrometre)


def _channels(image: CutImage) -> Iterator[Channel]:
    for number in range(image.size_c):
        made = Channel(id=f"Channel:0:{number}", samples_per_pixel=1)
        if number < len(image.channels):
            known = image.channels[number]
            made.name = _text(known.name)
            if re.fullmatch("#?[0-9A-Fa-f]{6}", known.color):
                made.color = Color("#" + known.color.removeprefix("#"))
            # In nanometres, the schema's default.
            made.excitation_wavelength = plausible_positive(known.excitation_nm)
            made.emission_wavelength = plausible_positive(known.emission_nm)
        yield made


def _annotations(ids: list[str], annotations: tuple[Annotation, ...]) -> StructuredAnnotations:
    tags: list[TagAnnotation] = []
    comments: list[CommentAnnotation] = []
    maps: list[MapAnnotation] = []
    for each, one in zip(ids, annotations, strict=True):
        space, text = _text(one.namespace) or None, _text(one.value)
        match one.kind:
            case AnnotationKind.TAG:
                tags.append(TagAnnotation(id=each, namespace=space, value=text))
            case AnnotationKind.COMMENT:
                comments.append(CommentAnnotation(id=each, namespace=space, value=text))
            case AnnotationKind.KEY_VALUE:
                pairs = [Map.M(k=_text(key), value=_text(held)) for key, held in one.pairs]
                maps.append(MapAnnotation(id=each, namespace=space, value=Map(ms=pairs)))
    return StructuredAnnotations(
        tag_annotations=tags, comment_annotations=comments, map_annotations=maps
    )


def _text(text: str) -> str:
    return _NO_TEXT.sub("\N{REPLACEMENT CHARACTER}", text)
