"""Read MRC, CCP4 maps and IMOD's stacks; mrcfile (BSD-3), an optional extra, reads the header.

Source: the MRC2014 format (Cheng et al., J. Struct. Biol. 192, 2015) and IMOD's ``mrc_format``
page (bio3d.colorado.edu), for the two marks of its own that tell unsigned bytes.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from transferapp.errors import UnsupportedFile
from transferapp.model.images import Level, TileRegion
from transferapp.repositories.local.readers.port import ImageHeader, OpenFileset, ReadImage
from transferapp.repositories.local.readers.strided import StridedPlane
from transferapp.repositories.local.readers.vendor import (
    OneFile,
    damaged,
    vendor_failures,
)

#: Numbers by the header's mode; of half floats we give 32 bits.
_TYPES = {0: "i1", 1: "i2", 2: "f4", 6: "u2", 12: "f2"}
_BYTES, _HEADER_BYTES = 0, 1024
#: Of "imodStamp" and "imodFlags", at byte 152 of the header, in mrcfile's "extra2".
_IMOD_MARKS_AT = 40
_IMOD_STAMP, _IMOD_SIGNED = 1146047817, 1
_MICROMETRES_PER_ANGSTROM = 1e-4


def open_mrc(path: Path) -> OpenFileset:
    """Open an MRC; raises DamagedFile and UnsupportedFile."""
    with vendor_failures(path), ExitStack() as stack:
        file = stack.enter_context(path.open("rb"))
        image = MrcImage(path, file, _read_header(path, file))
        return OneFile([image], stack.pop_all().close)


def _read_header(path: Path, file: IO[bytes]) -> Any:
    """Return the header as mrcfile's record, in the file's byte order.

    Its own classes would read the extended header too, which may be said to have 2 GB.
    """
    from mrcfile.dtypes import HEADER_DTYPE  # noqa: PLC0415 - extra 'readers'
    from mrcfile.utils import byte_order_from_machine_stamp  # noqa: PLC0415 - as above

    content = file.read(_HEADER_BYTES)
    if len(content) < _HEADER_BYTES:
        raise damaged(path, "its header is cut off")
    header = _record(content, HEADER_DTYPE)
    if not bytes(header.map).startswith(b"MAP"):
        raise _of_another_form(path, "its header is not that of MRC2014")
    try:
        order = byte_order_from_machine_stamp(header.machst)
    except ValueError as error:
        raise _of_another_form(path, "its byte order is not told") from error
    return _record(content, HEADER_DTYPE.newbyteorder(order))


def _record(content: bytes, dtype: Any) -> Any:
    return np.frombuffer(content, dtype).reshape(()).view(np.recarray)


class MrcImage(ReadImage):
    """The sections of a file, its first row at the top."""

    def __init__(self, path: Path, file: IO[bytes], header: Any) -> None:
        """Read what ``header`` (mrcfile's record) tells of; raises UnsupportedFile,
        DamagedFile.
        """
        self._path, self._file = path, file
        columns, rows, sections = (int(header[name]) for name in ("nx", "ny", "nz"))
        self._stored = _stored_type(path, header)
        self._start = _HEADER_BYTES + int(header.nsymbt)
        self._size = Level(rows, columns)
        if min(columns, rows, sections) < 1 or self._start < _HEADER_BYTES:
            raise damaged(path, "its header makes no sense")
        if self._plane(sections - 1).end(rows, columns) > path.stat().st_size:
            raise damaged(path, "its pixels are cut off")
        name = self._stored.newbyteorder("=").name
        self.header = ImageHeader(
            name="",
            size_t=1,
            size_c=1,
            size_z=sections,
            dtype="float32" if name == "float16" else name,
            levels=(self._size,),
            pixel_size_um=_pixel_size_um(header),
        )

    @override
    def read(self, region: TileRegion) -> npt.NDArray[np.generic]:
        """Read the region's rows; returns it, (height, width). Raises DamagedFile."""
        with vendor_failures(self._path):
            pixels = self._plane(region.z).read(self._file, region)
        return pixels.astype(self.header.dtype)

    @override
    def check(self) -> None:
        """Do nothing: opening has compared the file's length."""

    def _plane(self, z: int) -> StridedPlane:
        row = self._size.size_x * self._stored.itemsize
        start = self._start + z * self._size.size_y * row
        return StridedPlane(start, row, self._stored.itemsize, self._stored)


def _stored_type(path: Path, header: Any) -> np.dtype[Any]:
    mode = int(header.mode)
    name = _TYPES.get(mode)
    if name is None:
        raise _of_another_form(path, f"its numbers are stored in mode {mode}")
    order = header.mode.dtype.byteorder
    if mode == _BYTES:
        text = np.dtype("i4").newbyteorder(order)
        stamp, flags = np.frombuffer(header.extra2.tobytes(), text, 2, _IMOD_MARKS_AT)
        if stamp == _IMOD_STAMP and not flags & _IMOD_SIGNED:
            name = "u1"
    return np.dtype(name).newbyteorder(order)


def _pixel_size_um(header: Any) -> tuple[float | None, float | None, float | None]:
    """Return the edges of a pixel (z, y, x): a row may run along any axis of the cell."""
    edges = dict[int, float | None]()
    for axis, name in enumerate("xyz", start=1):
        cell_um = float(header.cella[name]) * _MICROMETRES_PER_ANGSTROM
        samples = int(header[f"m{name}"])
        edges[axis] = cell_um / samples if cell_um > 0 and samples > 0 else None
    column, row, section = (int(header[name]) for name in ("mapc", "mapr", "maps"))
    if {column, row, section} != set(edges):
        column, row, section = 1, 2, 3  # Not set, in old files.
    return edges[section], edges[row], edges[column]


def _of_another_form(path: Path, why: str) -> UnsupportedFile:
    return UnsupportedFile(
        f"'{path.name}' cannot be read here: {why}. Save it with IMOD (newstack -mode 2) or"
        " another program as MRC of 32-bit floating point, then import that."
    )
