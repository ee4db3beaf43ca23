"""The OME-XML (schema 2016-06) of an image that is exported."""

from __future__ import annotations

import re
from collections.abc import Iterable
from uuid import uuid4
from xml.etree import ElementTree as ET

from transferapp import __version__
from transferapp.conversion.cut_image import CutImage
from transferapp.model.images import Annotation, AnnotationKind
from transferapp.model.plausible import plausible_um

_SPACE = "http://www.openmicroscopy.org/Schemas/OME/2016-06"
_SCHEMA = "http://www.w3.org/2001/XMLSchema-instance"
_TYPES = {"float32": "float", "float64": "double"}
_MICROMETRE = "\N{MICRO SIGN}m"
#: What XML 1.0 has no characters for.
_NO_TEXT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ELEMENTS = {
    AnnotationKind.TAG: "TagAnnotation",
    AnnotationKind.COMMENT: "CommentAnnotation",
    AnnotationKind.KEY_VALUE: "MapAnnotation",
}
_OPAQUE, _SIGN = 0xFF, 1 << 31


def ome_xml(image: CutImage) -> bytes:
    """Return the document of one image whose planes follow each other in z, then c, then t, in
    the file that has the document.
    """
    # Its own prefix-free space: names are written as they are read.
    root = ET.Element(
        "OME",
        {
            "xmlns": _SPACE,
            "xmlns:xsi": _SCHEMA,
            "xsi:schemaLocation": f"{_SPACE} {_SPACE}/ome.xsd",
            "UUID": f"urn:uuid:{uuid4()}",
            "Creator": f"TransferApp {__version__}",
        },
    )
    one = ET.SubElement(root, "Image", {"ID": "Image:0", "Name": _text(image.name)})
    _add_pixels(one, image)
    ids = [f"Annotation:{number}" for number in range(len(image.annotations))]
    for each in ids:
        ET.SubElement(one, "AnnotationRef", {"ID": each})
    if ids:
        _add_annotations(root, zip(ids, image.annotations, strict=True))
    return bytes(ET.tostring(root, "utf-8", xml_declaration=True))


def _add_pixels(parent: ET.Element, image: CutImage) -> None:
    name = image.dtype.name
    sizes = {axis: str(getattr(image, f"size_{axis.lower()}")) for axis in "XYZCT"}
    pixels = ET.SubElement(
        parent,
        "Pixels",
        {
            "ID": "Pixels:0",
            "DimensionOrder": "XYZCT",
            "Type": _TYPES.get(name, name),
            "BigEndian": "false",
            **{f"Size{axis}": size for axis, size in sizes.items()},
        },
    )
    for axis, size_um in zip("ZYX", image.pixel_size_um, strict=True):
        if plausible := plausible_um(size_um):
            pixels.set(f"PhysicalSize{axis}", repr(plausible))
            pixels.set(f"PhysicalSize{axis}Unit", _MICROMETRE)
    for number in range(image.size_c):
        element = ET.SubElement(
            pixels, "Channel", {"ID": f"Channel:0:{number}", "SamplesPerPixel": "1"}
        )
        if number < len(image.channels):
            channel = image.channels[number]
            element.set("Name", _text(channel.name))
            if (color := _color(channel.color)) is not None:
                element.set("Color", str(color))
    planes = image.size_z * image.size_c * image.size_t
    ET.SubElement(pixels, "TiffData", {"IFD": "0", "PlaneCount": str(planes)})


def _add_annotations(parent: ET.Element, annotations: Iterable[tuple[str, Annotation]]) -> None:
    every = ET.SubElement(parent, "StructuredAnnotations")
    for each, annotation in annotations:
        element = ET.SubElement(every, _ELEMENTS[annotation.kind], {"ID": each})
        if annotation.namespace:
            element.set("Namespace", _text(annotation.namespace))
        value = ET.SubElement(element, "Value")
        if annotation.kind is not AnnotationKind.KEY_VALUE:
            value.text = _text(annotation.value)
        for key, text in annotation.pairs:
            ET.SubElement(value, "M", {"K": _text(key)}).text = _text(text)


def _color(text: str) -> int | None:
    """Return a colour as the schema has it: red, green, blue, opacity in one signed number."""
    try:
        red, green, blue = bytes.fromhex(text.removeprefix("#"))
    except ValueError:
        return None
    number = red << 24 | green << 16 | blue << 8 | _OPAQUE
    return number - 2 * _SIGN if number >= _SIGN else number


def _text(text: str) -> str:
    return _NO_TEXT.sub("\N{REPLACEMENT CHARACTER}", text)
