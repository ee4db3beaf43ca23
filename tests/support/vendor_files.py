"""Files of formats that no reader of ours reads, made in code for Bio-Formats.

Each writer takes numbers and writes them as the format's own description says.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tifffile

Numbers = npt.NDArray[Any]


def numbers(shape: tuple[int, ...], dtype: str) -> Numbers:
    """Return numbers that differ everywhere, negative ones too where the type has them."""
    count = int(np.prod(shape))
    found = np.arange(count, dtype=np.int64) * 7
    kind = np.dtype(dtype)
    if kind.kind == "f":
        return (found / 8 - count).astype(kind).reshape(shape)
    return (found - (3 * count if kind.kind == "i" else 0)).astype(kind).reshape(shape)


def write_ics(path: Path, planes: Numbers, *, is_pair: bool = True) -> list[Path]:
    """Write (c, z, y, x) as ICS 1.0 with its ``.ids``, or as one file of ICS 2.0."""
    c, z, y, x = planes.shape
    bits = planes.dtype.itemsize * 8
    is_little = planes.dtype.str[0] != ">"
    order = list(range(1, planes.dtype.itemsize + 1))
    lines = [
        ("ics_version", "1.0" if is_pair else "2.0"),
        ("filename", path.stem),
        *([] if is_pair else [("source", "file", path.name), ("source", "offset", "0")]),
        ("layout", "parameters", 5),
        ("layout", "order", "bits", "x", "y", "z", "ch"),
        ("layout", "sizes", bits, x, y, z, c),
        ("layout", "coordinates", "video"),
        ("layout", "significant_bits", bits),
        ("representation", "format", "real" if planes.dtype.kind == "f" else "integer"),
        ("representation", "sign", "unsigned" if planes.dtype.kind == "u" else "signed"),
        ("representation", "compression", "uncompressed"),
        ("representation", "byte_order", *(order if is_little else order[::-1])),
        ("parameter", "scale", 1, 0.25, 0.25, 1.5, 1),
        (
            "parameter",
            "units",
            "relative",
            "micrometers",
            "micrometers",
            "micrometers",
            "undefined",
        ),
    ]
    text = "\t\n" + "".join("\t".join(map(str, line)) + "\n" for line in lines) + "end\n"
    if not is_pair:
        path.write_bytes(text.encode() + planes.tobytes())
        return [path]
    path.write_bytes(text.encode())
    pixels = path.with_suffix(".ids")
    pixels.write_bytes(planes.tobytes())
    return [pixels, path]


_MRC_MODES = {"int8": 0, "uint8": 0, "int16": 1, "float32": 2, "complex64": 4, "uint16": 6,
              "float16": 12}  # fmt: skip


def write_mrc(
    path: Path,
    planes: Numbers,
    *,
    axes: tuple[int, int, int] = (1, 2, 3),
    cell: tuple[float, float, float] | None = None,
    extended: bytes = b"",
    mark: bytes = b"MAP ",
) -> list[Path]:
    """Write (z, y, x) as MRC, its edges in ångström: 10 for a pixel.

    ``axes`` of the cell are those of columns, rows and sections; ``cell`` is its size.
    Unsigned bytes are marked as IMOD does.
    """
    z, y, x = planes.shape
    mode = _MRC_MODES[planes.dtype.name]
    end = ">" if planes.dtype.str[0] == ">" else "<"
    samples = dict(zip(axes, (x, y, z), strict=True))
    header = struct.pack(end + "10i", x, y, z, mode, 0, 0, 0, *(samples[n] for n in (1, 2, 3)))
    edges = cell or tuple(10 * samples[n] for n in (1, 2, 3))
    header += struct.pack(end + "6f3i", *edges, 90, 90, 90, *axes)
    header = header.ljust(92, b"\0") + struct.pack(end + "i", len(extended))
    imod = struct.pack(end + "2i", 1146047817, 0) if planes.dtype == np.uint8 else b""
    header = header.ljust(152, b"\0") + imod
    stamp = b"\x11\x11\0\0" if end == ">" else b"\x44\x44\0\0"
    header = header.ljust(208, b"\0") + mark + stamp
    path.write_bytes(header.ljust(1024, b"\0") + extended + planes.tobytes())
    return [path]


def write_dicom(path: Path, pixels: Numbers) -> list[Path]:
    """Write (y, x) of 16 bits, or (y, x, 3) of 8, as DICOM in little-endian byte order."""
    rgb = pixels.ndim == 3
    bits = pixels.dtype.itemsize * 8
    elements = [
        (0x0008, 0x0008, b"CS", rb"ORIGINAL\PRIMARY"),
        (0x0008, 0x0016, b"UI", b"1.2.840.10008.5.1.4.1.1.7"),
        (0x0008, 0x0060, b"CS", b"OT"),
        (0x0028, 0x0002, b"US", struct.pack("<H", 3 if rgb else 1)),
        (0x0028, 0x0004, b"CS", b"RGB" if rgb else b"MONOCHROME2"),
        *([(0x0028, 0x0006, b"US", b"\0\0")] if rgb else []),
        (0x0028, 0x0010, b"US", struct.pack("<H", pixels.shape[0])),
        (0x0028, 0x0011, b"US", struct.pack("<H", pixels.shape[1])),
        (0x0028, 0x0030, b"DS", rb"0.002\0.001"),
        (0x0028, 0x0100, b"US", struct.pack("<H", bits)),
        (0x0028, 0x0101, b"US", struct.pack("<H", bits)),
        (0x0028, 0x0102, b"US", struct.pack("<H", bits - 1)),
        (0x0028, 0x0103, b"US", struct.pack("<H", int(pixels.dtype.kind == "i"))),
        (0x7FE0, 0x0010, b"OW", pixels.tobytes()),
    ]
    meta = _element(0x0002, 0x0010, b"UI", b"1.2.840.10008.1.2.1")
    meta = _element(0x0002, 0x0000, b"UL", struct.pack("<I", len(meta))) + meta
    body = b"".join(_element(*element) for element in elements)
    path.write_bytes(b"\0" * 128 + b"DICM" + meta + body)
    return [path]


def _element(group: int, number: int, kind: bytes, value: bytes) -> bytes:
    value += (b"\0" if kind == b"UI" else b" ") * (len(value) % 2)
    if kind == b"OW":
        length = struct.pack("<HI", 0, len(value))
    else:
        length = struct.pack("<H", len(value))
    return struct.pack("<HH", group, number) + kind + length + value


def write_lif(path: Path, images: dict[str, Numbers]) -> list[Path]:
    """Write images (c, z, y, x) of 8 or 16 bits as Leica LIF; channels are green and red."""
    inside, blocks = [], []
    for number, (name, planes) in enumerate(images.items()):
        inside.append(_lif_element(name, planes, f"MemBlock_{number}"))
        blocks.append(_lif_block(f"MemBlock_{number}", planes.tobytes()))
    xml = (
        '<LMSDataContainerHeader Version="2"><Element Name="experiment"><Data>'
        '<Experiment Path="x"/></Data><Memory Size="0" MemoryBlockID="MemBlock_none"/>'
        f"<Children>{''.join(inside)}</Children></Element></LMSDataContainerHeader>"
    )
    text = xml.encode("utf-16-le")
    head = struct.pack("<IIBI", 0x70, len(text) + 5, 0x2A, len(xml)) + text
    path.write_bytes(head + b"".join(blocks))
    return [path]


def _lif_element(name: str, planes: Numbers, block: str) -> str:
    c, z, y, x = planes.shape
    width = planes.dtype.itemsize
    plane = x * y * width
    channels = "".join(
        f'<ChannelDescription DataType="0" ChannelTag="0" Resolution="{width * 8}"'
        f' NameOfMeasuredQuantity="" Min="0" Max="255" Unit="" LUTName="{lut}"'
        f' IsLUTInverted="0" BytesInc="{number * plane * z}" BitInc="0"/>'
        for number, lut in zip(range(c), ("Green", "Red"), strict=False)
    )
    steps = [(1, x, width), (2, y, x * width), (3, z, plane)]
    dimensions = "".join(
        f'<DimensionDescription DimID="{axis}" NumberOfElements="{count}" Origin="0"'
        f' Length="{(count - 1) * 5e-7}" Unit="m" BitInc="0" BytesInc="{step}"/>'
        for axis, count, step in steps
    )
    return (
        f'<Element Name="{name}"><Data><Image><ImageDescription><Channels>{channels}</Channels>'
        f"<Dimensions>{dimensions}</Dimensions></ImageDescription></Image></Data>"
        f'<Memory Size="{planes.nbytes}" MemoryBlockID="{block}"/></Element>'
    )


def _lif_block(name: str, content: bytes) -> bytes:
    text = name.encode("utf-16-le")
    # In version 2 the size of the memory has 8 bytes.
    size = struct.pack("<BQB", 0x2A, len(content), 0x2A) + struct.pack("<I", len(name))
    return struct.pack("<II", 0x70, len(size) + len(text)) + size + text + content


def write_operetta(
    folder: Path, planes: dict[tuple[int, int, int, int], Numbers]
) -> list[Path]:
    """Write planes by (row, column, field, channel), all from 1, as a plate of Operetta."""
    images, files = [], []
    for (row, column, field, channel), plane in planes.items():
        name = f"r{row:02}c{column:02}f{field:02}p01-ch{channel}sk1fk1fl1.tiff"
        tifffile.imwrite(folder / name, plane)
        files.append(folder / name)
        tags = {
            "id": f"{row:02}{column:02}K1F{field}P1R{channel}",
            "State": "Ok",
            "URL": name,
            "Row": row,
            "Col": column,
            "FieldID": field,
            "PlaneID": 1,
            "TimepointID": 0,
            "ChannelID": channel,
            "ChannelName": f"dye {channel}",
            "ImageResolutionX": 6e-07,
            "ImageResolutionY": 6e-07,
            "ImageSizeX": plane.shape[1],
            "ImageSizeY": plane.shape[0],
        }
        inside = "".join(f"<{tag}>{value}</{tag}>" for tag, value in tags.items())
        images.append(f'<Image Version="1">{inside}</Image>')
    wells = sorted({key[:2] for key in planes})
    index = folder / "Index.idx.xml"
    index.write_text(
        '<?xml version="1.0" encoding="utf-8"?>\n<EvaluationInputData'
        ' xmlns="http://www.perkinelmer.com/PEHH/HarmonyV5" Version="1">'
        "<InstrumentType>Phenix</InstrumentType><Plates><Plate><PlateID>P7</PlateID>"
        "<Name>P7</Name><PlateRows>2</PlateRows><PlateColumns>3</PlateColumns>"
        + "".join(f'<Well id="{row:02}{column:02}"/>' for row, column in wells)
        + "</Plate></Plates><Wells>"
        + "".join(
            f"<Well><id>{row:02}{column:02}</id><Row>{row}</Row><Col>{column}</Col></Well>"
            for row, column in wells
        )
        + f"</Wells><Images>{''.join(images)}</Images></EvaluationInputData>",
        encoding="utf-8",
    )
    return [index, *files]


def write_metamorph(folder: Path, channels: list[Numbers]) -> list[Path]:
    """Write one plane for each channel with its ``.nd``; the first image opens it."""
    names = [491 + 70 * number for number in range(len(channels))]
    images = [folder / f"exp_w{n}{name}.TIF" for n, name in enumerate(names, start=1)]
    for path, plane in zip(images, channels, strict=True):
        tifffile.imwrite(path, plane, metadata=None)
    index = folder / "exp.nd"
    index.write_text(
        '"NDInfoFile", Version 1.0\n"DoTimelapse", FALSE\n"DoStage", FALSE\n"DoWave", TRUE\n'
        f'"NWavelengths", {len(names)}\n'
        + "".join(f'"WaveName{n}", "{name}"\n' for n, name in enumerate(names, start=1))
        + '"EndFile"\n'
    )
    return [images[0], index, *images[1:]]


def write_licor(folder: Path, channels: list[Numbers]) -> list[Path]:
    """Write one plane for each channel as a scan of Li-Cor: no family of ours knows them."""
    names = [f"s1_{700 + 100 * number}.TIF" for number in range(len(channels))]
    index, scan = folder / "a.l2d", folder / "s1" / "s1.scn"
    scan.parent.mkdir()
    for name, plane in zip(names, channels, strict=True):
        tifffile.imwrite(scan.parent / name, plane, metadata=None)
    index.write_text("# LI-COR LI2D\nScanNames=s1\n")
    scan.write_text(
        f"# LI-COR LI2D\nExperimentNames=e\nImageNames={','.join(names)}\nComments=x\n"
    )
    return [index, scan, *(scan.parent / name for name in names)]


def write_fits(path: Path, plane: Numbers) -> list[Path]:
    """Write (y, x) of 16 bits as FITS."""
    y, x = plane.shape
    values = {"SIMPLE": "T", "BITPIX": 16, "NAXIS": 2, "NAXIS1": x, "NAXIS2": y}
    cards = [f"{name:8}= {value:>20}" for name, value in values.items()]
    head = "".join(card.ljust(80) for card in (*cards, "END")).ljust(2880)
    pixels = plane.astype(">i2").tobytes()
    path.write_bytes(head.encode() + pixels.ljust(-(-len(pixels) // 2880) * 2880, b"\0"))
    return [path]
