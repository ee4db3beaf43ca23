"""Read the OME-XML of companion files and TIFF headers."""

from __future__ import annotations

import struct
from pathlib import Path

from transferapp.errors import DamagedFile
from transferapp.intake.tiff_opening import open_tiff
from transferapp.ome.bin_data import check_bin_data
from transferapp.ome.document import OmeDocument
from transferapp.ome.reading import parse, read_document

#: What tifffile raises for damaged files, beside OSError; its TiffFileError is a ValueError.
DAMAGE = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
)
#: Of these, slips of a program as well: they count as damage where tifffile raises them.
_SLIPS = (AttributeError, RuntimeError, TypeError)


def raise_slip(error: BaseException) -> None:
    """Raise an error again that our own code made, and not the file: it is no damage."""
    if not isinstance(error, _SLIPS):
        return
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    if at is not None and at.tb_frame.f_globals.get("__name__", "").startswith("transferapp."):
        raise error


def read_xml(path: Path) -> OmeDocument:
    """Read a file of OME-XML; raises OSError, DamagedFile, ValueError when it is none."""
    document = read_document(path)
    if document is None:
        raise ValueError("not OME-XML")
    return document


def read_tiff(path: Path) -> OmeDocument | None:
    """Read the first page's OME-XML; None where there is none. Raises OSError, DamagedFile."""
    text = _description(path)
    return None if text is None else parse(text)


def pixels_missing(path: Path) -> str:
    """Say what is missing of a file that holds its pixels itself, as the end of a sentence.

    Raises OSError, UnsupportedFile for pixels that cannot be read.
    """
    try:
        images = [image for image in read_xml(path).images if image.bin_data]
        for image in images:
            check_bin_data(image)
    except DamagedFile as error:
        return error.message.partition(".")[0]
    except ValueError:
        return "its XML is cut short"
    return "" if images else "it describes images, but holds no pixels"


def _description(path: Path) -> str | None:
    """Return the first page's description without reading the other pages."""
    try:
        with open_tiff(path) as tiff:
            return tiff.pages.first.description
    except DAMAGE as error:
        raise_slip(error)
        # Damaged: preflight says so; here it only means that it names no other file.
        return None
