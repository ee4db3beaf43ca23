"""Read which files an OME-XML names, from companion files and TIFF headers."""

from __future__ import annotations

import logging
import struct
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from xml.etree.ElementTree import ParseError

import defusedxml.ElementTree as SafeTree
import tifffile
from defusedxml import DefusedXmlException

# tifffile logs about every damaged file; without a handler that lands on stderr.
tifffile.logger().addHandler(logging.NullHandler())

#: What tifffile raises for damaged files, beside OSError.
DAMAGE = (
    tifffile.TiffFileError,
    ArithmeticError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
    struct.error,
)
#: A companion file of a large plate has some 20 MB; more is not metadata.
MAX_XML_BYTES = 256 << 20


@dataclass(frozen=True, slots=True)
class NamedFiles:
    """What an OME-XML says about other files, as relative '/'-separated names.

    ``metadata_file`` is set where the XML is only a pointer to a companion file.
    """

    siblings: tuple[str, ...] = ()
    metadata_file: str = ""


def read_companion(path: Path) -> NamedFiles:
    """Read a companion file; raises OSError, or ValueError when it is not OME-XML."""
    if path.stat().st_size > MAX_XML_BYTES:
        raise ValueError("too long for a metadata file")
    return parse(path.read_bytes())


def read_tiff(path: Path) -> NamedFiles | None:
    """Read the first page's OME-XML; None where there is none. Raises OSError."""
    text = _description(path)
    if text is None or "<OME" not in text[:4096]:
        return None
    try:
        return parse(text.encode())
    except ValueError:
        return None


def parse(xml: bytes) -> NamedFiles:
    """Read OME-XML; raises ValueError when it is none."""
    siblings: dict[str, None] = {}
    metadata_file = ""
    try:
        for _, element in SafeTree.iterparse(BytesIO(xml), events=("end",)):
            tag = element.tag.rpartition("}")[2]
            if tag == "UUID" and (name := element.get("FileName")):
                siblings[name.replace("\\", "/")] = None
            elif tag == "BinaryOnly":
                metadata_file = element.get("MetadataFile", "").replace("\\", "/")
            if tag == "Image":
                element.clear()
    except (ParseError, DefusedXmlException, LookupError) as error:
        raise ValueError(f"not OME-XML: {error}") from error
    return NamedFiles(tuple(siblings), metadata_file)


def _description(path: Path) -> str | None:
    """Return the first page's description without reading the other pages."""
    try:
        with tifffile.TiffFile(path, _multifile=False) as tiff:
            return tiff.pages.first.description
    except DAMAGE:
        # Damaged: preflight says so; here it only means that it names no other file.
        return None
