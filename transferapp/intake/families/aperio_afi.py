"""Aperio AFI: an ``.afi`` of XML that names an SVS file for each fluorescence channel.

Seen with Bio-Formats 7.3.1, AFIReader: the ``.afi``, then the files as it names them, by exact
names, also in folders below it. One absent file, and nothing is read.
"""

from __future__ import annotations

from transferapp.formats.image_format import ImageFormat
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.families.damaged import called_alike, damaged, if_utf_16
from transferapp.intake.families.family import Family
from transferapp.intake.families.named_files import set_of_named
from transferapp.intake.families.texts import read_xml
from transferapp.intake.neighbours import Neighbours
from transferapp.intake.scanning import FoundFile

FORMAT = ImageFormat("Aperio AFI", (".afi",), (b"<", b"\xef\xbb\xbf<"))
_MAX_INDEX_BYTES = 1 << 20


def collect(index: FoundFile, neighbours: Neighbours) -> FilesetCandidate | None:
    """Make the set of an ``.afi``; one that lists no images is damaged."""
    root = read_xml(index, _MAX_INDEX_BYTES)
    elements = () if root is None else root.iter("Path")
    names = [name for element in elements if (name := (element.text or "").strip())]
    if not names:
        return damaged(index, FORMAT, called_alike(index, neighbours))
    return if_utf_16(set_of_named(index, names, FORMAT, neighbours), index)


AFI = Family("Aperio AFI", FORMAT.suffixes, collect, names_any=True)
