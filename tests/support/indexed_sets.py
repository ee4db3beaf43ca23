"""Sets of every family whose index tells what belongs to it, and ways to damage that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.support import plate_sets, vendor_sets
from tests.support.file_sets import touched_tiff
from tests.support.volume_files import (
    PIXELS,
    nrrd_header,
    write_analyze,
    write_big_data_viewer,
    write_ics,
)


@dataclass(frozen=True)
class IndexedSet:
    """``index`` is the file that is damaged, from the folder on; ``family`` reads it."""

    family: str
    make: Callable[[Path], object]
    index: str

    def damage(self, folder: Path, how: str) -> None:
        """Damage the index of the set in a folder; one in UTF-16 stays so."""
        path = folder / self.index
        content = path.read_bytes()
        if how != "utf-16" or not content.startswith((b"\xff\xfe", b"\xfe\xff")):
            path.write_bytes(DAMAGES[how](content))


def in_capitals(path: Path) -> None:
    """Rename a file so that its ending is in capitals."""
    path.rename(path.with_suffix(path.suffix.upper()))


#: Images of sets, by their endings.
IMAGE_ENDINGS = (".tif", ".tiff", ".svs", ".ndpi", ".jpg", ".img", ".ids", ".raw", ".h5")


def _pattern(line: str) -> Callable[[Path], object]:
    names = [f"c_z{z}_c{c}.tif" for z in (0, 1) for c in (0, 1)]
    return lambda folder: vendor_sets.write_pattern(folder, line, names)


def _nd(folder: Path) -> None:
    names = [f"exp1_w{w}_s{s}_t{t}.TIF" for w in ("1a", "2b") for s in (1, 2) for t in (1, 2)]
    vendor_sets.write_nd(folder, names, times=2, stages=("l", "r"), waves=("a", "b"))


def _prefixed(folder: Path) -> None:
    vendor_sets.write_micromanager(folder, "a_metadata.txt")


def _lei(folder: Path) -> None:
    names = [f"e_Series001_z{z:03}_ch00.tif" for z in range(3)]
    for name in names:
        touched_tiff(folder / name)
    listed = b"".join(name.encode("utf-16-le") + b"\0\0" for name in names)
    (folder / "e.lei").write_bytes(b"IIII" + bytes(40) + listed)


def _nhdr(folder: Path) -> None:
    (folder / "a.nhdr").write_bytes(nrrd_header("data file: b.raw"))
    (folder / "b.raw").write_bytes(PIXELS)


def _big_data_viewer(folder: Path) -> None:
    write_big_data_viewer(folder, "data.xml", "data.h5", "data.h5")


INDEXED: dict[str, IndexedSet] = {
    "pattern": IndexedSet("file pattern", _pattern("c_z<0-1>_c<0-1>.tif\n"), "x.pattern"),
    "pattern, expression": IndexedSet("file pattern", _pattern(r"c_z\d_c.*\.tif"), "x.pattern"),
    "metamorph": IndexedSet("MetaMorph", _nd, "exp1.nd"),
    "micromanager": IndexedSet("Micro-Manager", vendor_sets.write_micromanager, "metadata.txt"),
    "micromanager, prefix": IndexedSet("Micro-Manager", _prefixed, "a_metadata.txt"),
    "oif": IndexedSet("FluoView OIF", vendor_sets.write_oif, "a.oif"),
    "vsi": IndexedSet("cellSens VSI", vendor_sets.write_vsi, "a.vsi"),
    "xlef": IndexedSet("Leica XLEF", vendor_sets.write_xlef, "p.xlef"),
    "xlcf": IndexedSet("Leica XLEF", vendor_sets.write_xlef, "Metadata/c.xlcf"),
    "xlif": IndexedSet("Leica XLEF", vendor_sets.write_xlef, "Metadata/i 1.xlif"),
    "lei": IndexedSet("Leica", _lei, "e.lei"),
    "afi": IndexedSet("Aperio AFI", vendor_sets.write_afi, "x.afi"),
    "ndpis": IndexedSet("Hamamatsu NDPIS", vendor_sets.write_ndpis, "a.ndpis"),
    "vms": IndexedSet("Hamamatsu VMS", vendor_sets.write_vms, "a.vms"),
    "operetta": IndexedSet("Operetta", plate_sets.make_operetta, "Images/Index.idx.xml"),
    "columbus": IndexedSet(
        "Columbus", plate_sets.make_columbus, "MeasurementIndex.ColumbusIDX.xml"
    ),
    "columbus, images": IndexedSet(
        "Columbus", plate_sets.make_columbus, "ImageIndex.ColumbusIDX.xml"
    ),
    "yokogawa": IndexedSet("Yokogawa CV7000", plate_sets.make_yokogawa, "plate.wpi"),
    "yokogawa, records": IndexedSet(
        "Yokogawa CV7000", plate_sets.make_yokogawa, "MeasurementData.mlf"
    ),
    "yokogawa, detail": IndexedSet(
        "Yokogawa CV7000", plate_sets.make_yokogawa, "MeasurementDetail.mrf"
    ),
    "yokogawa, settings": IndexedSet("Yokogawa CV7000", plate_sets.make_yokogawa, "run.mes"),
    "cellvoyager": IndexedSet(
        "CellVoyager", plate_sets.make_cellvoyager, "MeasurementResult.xml"
    ),
    "cellvoyager, ome": IndexedSet(
        "CellVoyager", plate_sets.make_cellvoyager, "MeasurementResult.ome.xml"
    ),
    "incell": IndexedSet("IN Cell Analyzer", plate_sets.make_incell, "plate.xdce"),
    "metaxpress": IndexedSet("MetaXpress", plate_sets.make_metaxpress, "plate.htd"),
    "scanr": IndexedSet("ScanR", plate_sets.make_scanr, "experiment_descriptor.xml"),
    "bd pathway": IndexedSet("BD Pathway", plate_sets.make_bd_pathway, "Experiment.exp"),
    "ics": IndexedSet("ICS", write_ics, "a.ics"),
    "analyze": IndexedSet("Analyze or NIfTI", write_analyze, "a.hdr"),
    "nhdr": IndexedSet("NRRD", _nhdr, "a.nhdr"),
    "big data viewer": IndexedSet("BigDataViewer", _big_data_viewer, "data.xml"),
}


def _utf_16(content: bytes) -> bytes:
    return content.decode("latin-1").encode("utf-16")


#: What may happen to an index.
DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "zeros": lambda content: bytes(len(content)),
    "noise": lambda _: bytes(range(128, 256)) * 20,
    "cut early": lambda content: content[: len(content) // 5],
    "cut": lambda content: content[: len(content) // 2],
    "cut late": lambda content: content[: len(content) * 4 // 5],
    "half zeros": lambda content: content[: len(content) // 2].ljust(len(content), b"\0"),
    "utf-16": _utf_16,
}
