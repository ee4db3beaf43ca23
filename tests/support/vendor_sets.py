"""Make sets of files as programs of microscopes write them, small.

The tests of families say what Bio-Formats made of them; ``-m oracle`` asks it again
(tests/oracle/test_file_sets.py).
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image

from tests.support.czi_files import Tile, plane, write_czi
from tests.support.file_sets import touched_tiff
from tests.support.microscope_tiffs import write_svs


def write_pattern(folder: Path, line: str, images: Sequence[str]) -> Path:
    """Write ``x.pattern`` and images."""
    for number, name in enumerate(images):
        touched_tiff(folder / name, number)
    (folder / "x.pattern").write_text(line)
    return folder


def write_nd(  # noqa: PLR0913 - each is a setting of the index.
    folder: Path,
    images: Sequence[str],
    *,
    times: int = 0,
    stages: Sequence[str] = (),
    waves: Sequence[str] = (),
    waves_in_names: bool = True,
    name: str = "exp1.nd",
) -> Path:
    """Write an index of MetaMorph and images."""
    lines = ['"NDInfoFile", Version 1.0', f'"DoTimelapse", {_switch(times)}']
    lines += [f'"NTimePoints", {times}'] if times else []
    lines += [f'"DoStage", {_switch(stages)}', f'"NStagePositions", {len(stages)}']
    lines += [f'"Stage{number}", "{stage}"' for number, stage in enumerate(stages, 1)]
    lines += [f'"DoWave", {_switch(waves)}', f'"NWavelengths", {len(waves)}']
    lines += [f'"WaveName{number}", "{wave}"' for number, wave in enumerate(waves, 1)]
    lines += ['"DoZSeries", FALSE', f'"WaveInFileName", {_switch(waves_in_names)}', '"EndFile"']
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("\n".join(lines) + "\n")
    for number, image in enumerate(images):
        touched_tiff(folder / image, number)
    return folder


def _switch(value: object) -> str:
    return "TRUE" if value else "FALSE"


MM_IMAGES = tuple(f"img_{t:09}_{c}_000.tif" for t in (0, 1) for c in ("DAPI", "GFP"))


def write_micromanager(
    folder: Path, name: str = "metadata.txt", *, named: bool = True, images: bool = True
) -> Path:
    """Write a text of Micro-Manager 1.4 and its images; ``named``: it names their files."""
    summary = {
        "Slices": 1, "UUID": "a", "Width": 4, "Height": 4, "Frames": 2, "Channels": 2,
        "ChNames": ["DAPI", "GFP"], "ChColors": [255, 65280], "PixelType": "GRAY16",
        "IJType": 1, "BitDepth": 16, "Positions": 1, "MicroManagerVersion": "1.4.22",
    }  # fmt: skip
    text: dict[str, object] = {"Summary": summary}
    for number, image in enumerate(MM_IMAGES):
        time, channel = divmod(number, 2)
        plane = {"ChannelIndex": channel, "SliceIndex": 0, "FrameIndex": time, "Width": 4}
        text[f"FrameKey-{time}-{channel}-0"] = plane | ({"FileName": image} if named else {})
        if images:
            touched_tiff(folder / image, number)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(json.dumps(text, indent=2))
    return folder


def write_stack(folder: Path, *, named: bool = True) -> Path:
    """Write an OME-TIFF of Micro-Manager, and its text."""
    folder.mkdir(parents=True, exist_ok=True)
    stack = folder / "run_MMStack_Pos0.ome.tif"
    planes = np.zeros((2, 8, 8), np.uint16)
    tifffile.imwrite(stack, planes, photometric="minisblack", metadata={"axes": "CYX"})
    frames = {"FrameKey-0-0-0": {"FileName": stack.name}} if named else {}
    text = json.dumps({"Summary": {"Channels": 2}} | frames, indent=2)
    (folder / "run_MMStack_Pos0_metadata.txt").write_text(text)
    return folder


def write_oif(folder: Path, name: str = "a.oif", *, channels: int = 2, slices: int = 2) -> Path:
    """Write an OIF with its folder."""
    files = f"{name}.files"
    sizes = {"X": 4, "Y": 4, "C": channels, "Z": slices} | dict.fromkeys("TALPQ", 0)
    lines = list[str]()
    for number, (axis, size) in enumerate(sizes.items()):
        lines += [f"[Axis {number} Parameters Common]", f'AxisCode="{axis}"', f"MaxSize={size}"]
        lines += ["StartPosition=0.0", "EndPosition=10.0", 'PixUnit="um"', 'UnitName="um"']
    lines += ["[Axis Parameter Common]", "AxisCount=4", 'AxisOrder="XYCZ"']
    lines += ["[ProfileSaveInfo]", f'PtyFileNameE="{files}\\s_C{channels:03}Z{slices:03}.pty"']
    lines += [f'PtyFileNameS="{files}\\s_C001Z001.pty"']
    lines += [f'PtyFileNameT2="{files}\\s_C%03dZ%03d.pty"']
    # Without this one Bio-Formats reads nothing; the file itself may be absent.
    lines += [f'PtyFileNameThumbnail0="{files}\\s_Thumb.pty"']
    lines += ["[Reference Image Parameter]", "ImageDepth=2", "ImageHeight=4", "ImageWidth=4"]
    lines += ["[Version Info]", 'FileVersion="1.2.6.0"', 'SystemVersion="2.1.2.5"']
    _utf16(folder / name, lines)
    for channel in range(1, channels + 1):
        for z in range(1, slices + 1):
            image = f"s_C{channel:03}Z{z:03}"
            touched_tiff(folder / files / f"{image}.tif", 10 * channel + z)
            _utf16(folder / files / f"{image}.pty", ["[File Info]", f'DataName="{image}.tif"'])
    _utf16(folder / files / "s_LUT1.lut", ["[ColorLUTData]"])
    (folder / files / "notes.txt").write_text("not of the set")
    Image.new("RGB", (8, 8)).save(folder / files / "s_Thumb.bmp")
    return folder


def _utf16(path: Path, lines: Sequence[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(("\r\n".join(lines) + "\r\n").encode("utf-16"))


def write_vsi(folder: Path, stacks: Sequence[str] = ("stack1", "stack10000", "stack2")) -> Path:
    """Write a VSI with its folder; no pixels are in it."""
    touched_tiff(folder / "a.tif").rename(folder / "a.vsi")
    for stack in stacks:
        (folder / "_a_" / stack).mkdir(parents=True)
        (folder / "_a_" / stack / "frame_t.ets").write_bytes(b"SIS\0")
    return folder


def write_xlef(folder: Path, *, images: Sequence[str] = ("b.tif", "a.tif")) -> Path:
    """Write a project of LAS X: a list, a description of two planes, and the images."""
    meta = folder / "Metadata"
    meta.mkdir(parents=True)
    (folder / "p.xlef").write_text(_leica('<Experiment Path=""/>', _refer("Metadata\\c.xlcf")))
    (meta / "c.xlcf").write_text(_leica("<Collection/>", _refer("i%201.xlif")))
    sizes = ((1, 2), (2, 8), (3, 32))
    dimensions = "".join(
        f'<DimensionDescription DimID="{dim}" NumberOfElements="{2 if dim == 3 else 4}"'
        f' Origin="0" Length="1e-5" Unit="m" BitInc="0" BytesInc="{step}"/>'
        for dim, step in sizes
    )
    described = (
        '<Image><ImageDescription><Channels><ChannelDescription DataType="0" ChannelTag="0"'
        ' Resolution="16" NameOfMeasuredQuantity="" Min="0" Max="65535" Unit=""'
        ' LUTName="Green" IsLUTInverted="0" BytesInc="0" BitInc="0"/></Channels>'
        f"<Dimensions>{dimensions}</Dimensions></ImageDescription></Image>"
    )
    frames = "".join(f'<Frame File="../{name.upper()}" UUID="2"/>' for name in images)
    memory = f'<Memory Size="64" MemoryBlockID="M1">{frames}</Memory>'
    (meta / "i 1.xlif").write_text(_leica(described, "", memory))
    for number, name in enumerate(images):
        touched_tiff(folder / name, number)
    return folder


def _refer(name: str) -> str:
    return f'<Reference File="{name}" UUID="1"/>'


def _leica(data: str, children: str, memory: str = '<Memory MemoryBlockID="M0"/>') -> str:
    return (
        '<?xml version="1.0"?><LMSDataContainerHeader Version="2"><Element Name="e">'
        f"<Data>{data}</Data>{memory}<Children>{children}</Children></Element>"
        "</LMSDataContainerHeader>"
    )


def write_lif(path: Path) -> Path:
    """Write a LIF of one image of 4 x 4 pixels."""
    pixels = bytes(range(32))
    dimensions = "".join(
        f'<DimensionDescription DimID="{dim}" NumberOfElements="4" Origin="0" Length="1e-5"'
        f' Unit="m" BitInc="0" BytesInc="{step}"/>'
        for dim, step in ((1, 2), (2, 8))
    )
    xml = (
        '<LMSDataContainerHeader Version="2"><Element Name="p"><Data><Experiment Path=""/>'
        '</Data><Memory Size="0" MemoryBlockID="M0"/><Children><Element Name="i"><Data><Image>'
        '<ImageDescription><Channels><ChannelDescription DataType="0" ChannelTag="0"'
        ' Resolution="16" NameOfMeasuredQuantity="" Min="0" Max="65535" Unit=""'
        ' LUTName="Green" IsLUTInverted="0" BytesInc="0" BitInc="0"/></Channels>'
        f"<Dimensions>{dimensions}</Dimensions></ImageDescription></Image></Data>"
        f'<Memory Size="{len(pixels)}" MemoryBlockID="M1"/><Children/></Element></Children>'
        "</Element></LMSDataContainerHeader>"
    )
    blocks = {"M0": b"", "M1": pixels}
    memories = (
        _lif_chunk(struct.pack("<Bq", 0x2A, len(kept)) + _lif_text(name)) + kept
        for name, kept in blocks.items()
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_lif_chunk(_lif_text(xml)) + b"".join(memories))
    return path


def _lif_text(text: str) -> bytes:
    return struct.pack("<Bi", 0x2A, len(text)) + text.encode("utf-16-le")


def _lif_chunk(content: bytes) -> bytes:
    return struct.pack("<ii", 0x70, len(content)) + content


def write_ndpis(folder: Path, names: Sequence[str] = ("b.ndpi", "a.ndpi")) -> Path:
    """Write an NDPIS and its NDPI files, of one small page each."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["[NanoZoomer Digital Pathology Image Set]", f"NoImages={len(names)}"]
    lines += [f"Image{number}={name}" for number, name in enumerate(names)]
    (folder / "a.ndpis").write_text("\r\n".join(lines) + "\r\n")
    tags = [(65420, 3, 1, 1, True), (65421, 11, 1, 20.0, True)]
    for name in names:
        tifffile.imwrite(
            folder / name, np.zeros((16, 16), np.uint8), metadata=None, extratags=tags
        )
    return folder


def write_afi(folder: Path, names: Sequence[str] = ("x_FITC.svs", "x_DAPI.svs")) -> Path:
    """Write an AFI and the SVS files that it names."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_svs(folder / name, np.zeros((128, 128, 3), np.uint8), "MPP = 0.5")
    paths = "".join(f"<Image><Path>{name}</Path><ID>{name}</ID></Image>" for name in names)
    (folder / "x.afi").write_text(f'<?xml version="1.0"?><ImageList>{paths}</ImageList>')
    return folder


def write_vms(folder: Path) -> Path:
    """Write a VMS of four JPEGs, its map, its macro, and the optimisation file."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["[Virtual Microscope Specimen]", "NoLayers=1", "NoJpegColumns=2", "NoJpegRows=2"]
    tiles = {"(1,1)": "a(1,1)", "(0,1)": "a(0,1)", "(1,0)": "a(1,0)", "": "a"}
    lines += [f"ImageFile{place}={name}.jpg" for place, name in tiles.items()]
    lines += ["MapFile=a_map2.jpg", "OptimisationFile=a.opt", "MacroImage=a_macro.jpg"]
    lines += ["PhysicalWidth=1000", "PhysicalHeight=500", "SourceLens=20"]
    (folder / "a.vms").write_text("\r\n".join(lines) + "\r\n")
    for name in (*tiles.values(), "a_map2", "a_macro"):
        Image.new("RGB", (16, 16)).save(folder / f"{name}.jpg", "JPEG")
    (folder / "a.opt").write_bytes(bytes(64))
    return folder


#: In a CZI's header: the GUID of its first file, its own, and the number of its part.
_CZI_IDENTITY, _CZI_IDENTITY_AT = struct.Struct("<16s16si"), 48


def write_czi_part(path: Path, part: int, own: int) -> Path:
    """Write a CZI that is a part of several files; ``own`` stands for its own GUID."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_czi(path, [Tile(plane(part + 1), {"C": part})])
    content = bytearray(path.read_bytes())
    identity = _CZI_IDENTITY.pack(bytes(16), bytes([own]) * 16, part)
    content[_CZI_IDENTITY_AT : _CZI_IDENTITY_AT + len(identity)] = identity
    path.write_bytes(content)
    return path
