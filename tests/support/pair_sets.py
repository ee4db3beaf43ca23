"""Sets of files made in code, with what Bio-Formats 7.3.1 made of them.

``-m oracle`` asks it again. Headers name their pixels, or lie beside them; DICOM files belong
together by what is in them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.support.dicom_files import EXPLICIT, IMPLICIT, SLIDE, write_slice
from tests.support.volume_files import (
    PIXELS,
    nrrd_header,
    write_analyze,
    write_deltavision,
    write_ics,
    write_mrc,
    write_nifti,
)

#: The files of each fileset; the one that is opened comes first.
Filesets = list[list[str]]


@dataclass(frozen=True)
class RecordedSet:
    """A folder, how it is made and what Bio-Formats answers.

    ``ours`` where we group otherwise, and ``why``.
    """

    make: Callable[[Path], None]
    theirs: Filesets
    ours: Filesets | None = None
    why: str = ""


def _nrrd(folder: Path, header: str, pixels: str) -> None:
    named = nrrd_header(f"data file: {pixels}")
    (folder / header).write_bytes(named)
    (folder / pixels).write_bytes(PIXELS)


def _nrrd_single(folder: Path) -> None:
    (folder / "a.nrrd").write_bytes(nrrd_header() + PIXELS)


def _deltavision(folder: Path, *logs: str) -> None:
    write_deltavision(folder / "a.dv")
    for log in logs:
        (folder / log).write_text("Created by a test\n")


def _deconvolved(folder: Path) -> None:
    for name in ("a_R3D.dv", "a_R3D_D3D.dv"):
        write_deltavision(folder / name)
    for name in ("a_R3D.dv.log", "a_R3D_D3D_log.txt"):
        (folder / name).write_text("Created by a test\n")


@dataclass(frozen=True)
class Slice:
    """What a slice's header says. Bio-Formats takes smaller ones for no DICOM."""

    name: str
    number: int
    series: str = "1"
    time: str = "101112"
    date: str = "20240102"
    kind: str | None = "ORIGINAL\\PRIMARY\\AXIAL"
    location: str | None = None
    size: tuple[int, int] = (40, 40)
    syntax: str = EXPLICIT

    def write(self, folder: Path) -> None:
        """Write it."""
        texts = (
            (0x00080008, "CS", self.kind),
            (0x00080022, "DA", self.date),
            (0x00080032, "TM", self.time),
            (0x00200011, "IS", self.series),
            (0x00201041, "DS", self.location),
        )
        more = tuple((tag, kind, text) for tag, kind, text in texts if text is not None)
        is_slide = self.kind is not None and "VOLUME" in self.kind
        write_slice(
            folder / self.name,
            number=self.number,
            size=self.size,
            more=(*more, (0x00080016, "UI", SLIDE)) if is_slide else more,
            syntax=self.syntax,
        )


def _dicom(folder: Path, *slices: Slice) -> None:
    for one in slices:
        one.write(folder)


def _slices(*slices: Slice) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        _dicom(folder, *slices)

    return make


def _slide(name: str, number: int, part: str, side: int) -> Slice:
    return Slice(name, number, kind=f"DERIVED\\PRIMARY\\{part}\\NONE", size=(side, side))


_BESIDE_A_COPY = Slice("CT_small.dcm", 1), Slice("ct_image.dcm", 1)

SETS: dict[str, RecordedSet] = {
    "ics-1": RecordedSet(write_ics, [["a.ics", "a.ids"]]),
    "ics-2": RecordedSet(partial(write_ics, version="2.0", pixels=None), [["a.ics"]]),
    "ics-2-beside-ids": RecordedSet(partial(write_ics, version="2.0"), [["a.ics"]]),
    "ics-alone": RecordedSet(partial(write_ics, pixels=None), []),
    "ics-other-case": RecordedSet(partial(write_ics, pixels=".IDS"), []),
    "analyze": RecordedSet(write_analyze, [["a.hdr", "a.img"]]),
    "analyze-big-endian": RecordedSet(partial(write_analyze, order=">"), [["a.hdr", "a.img"]]),
    "nifti": RecordedSet(lambda folder: write_nifti(folder / "a.nii"), [["a.nii"]]),
    "nifti-pair": RecordedSet(partial(write_analyze, mark=b"ni1\0"), [["a.hdr", "a.img"]]),
    "nrrd": RecordedSet(_nrrd_single, [["a.nrrd"]]),
    "nhdr": RecordedSet(partial(_nrrd, header="a.nhdr", pixels="b.raw"), [["a.nhdr", "b.raw"]]),
    "nrrd-detached": RecordedSet(
        partial(_nrrd, header="a.nrrd", pixels="a.raw"), [["a.nrrd", "a.raw"]]
    ),
    "mrc": RecordedSet(lambda folder: write_mrc(folder / "a.st"), [["a.st"]]),
    "deltavision": RecordedSet(_deltavision, [["a.dv"]]),
    "deltavision-log": RecordedSet(
        lambda folder: _deltavision(folder, "a.dv.log"), [["a.dv", "a.dv.log"]]
    ),
    "deltavision-logs": RecordedSet(
        lambda folder: _deltavision(folder, "a.log", "a_log.txt"),
        [["a.dv", "a.log", "a_log.txt"]],
    ),
    "deltavision-deconvolved": RecordedSet(
        _deconvolved,
        [
            ["a_R3D.dv", "a_R3D.dv.log"],
            ["a_R3D_D3D.dv", "a_R3D.dv.log", "a_R3D_D3D_log.txt"],
        ],
        [["a_R3D.dv", "a_R3D.dv.log"], ["a_R3D_D3D.dv", "a_R3D_D3D_log.txt"]],
        "a file is in one set only; the raw image's log goes with the raw image",
    ),
    "dicom-by-number": RecordedSet(
        _slices(*(Slice(f"s{n}.dcm", number) for n, number in enumerate((4, 3, 2, 1)))),
        [["s0.dcm", "s3.dcm", "s2.dcm", "s1.dcm"]],
    ),
    "dicom-by-location": RecordedSet(
        _slices(*(Slice(f"s{n}.dcm", n, location=str(20 - n)) for n in range(4))),
        [["s0.dcm", "s3.dcm", "s2.dcm", "s1.dcm"]],
    ),
    "dicom-by-size": RecordedSet(
        _slices(*(Slice(f"s{n}.dcm", n, size=(w, w)) for n, w in enumerate((40, 50, 60, 50)))),
        [["s0.dcm", "s2.dcm", "s1.dcm", "s3.dcm"]],
    ),
    "dicom-without-suffix": RecordedSet(
        _slices(Slice("IM10", 1), Slice("IM9", 2), Slice("B2", 3), Slice("a1", 4)),
        [["B2", "IM10", "IM9", "a1"]],
    ),
    "dicom-implicit": RecordedSet(
        _slices(*(Slice(f"s{n}", n, syntax=IMPLICIT) for n in range(2))), [["s0", "s1"]]
    ),
    "dicom-two-series": RecordedSet(
        _slices(*(Slice(f"s{n}.dcm", n, series=str(n % 2)) for n in range(4))),
        [["s0.dcm", "s2.dcm"], ["s1.dcm", "s3.dcm"]],
    ),
    "dicom-two-days": RecordedSet(
        _slices(*(Slice(f"s{n}.dcm", n, date=f"2024010{1 + n % 2}") for n in range(4))),
        [["s0.dcm", "s2.dcm"], ["s1.dcm", "s3.dcm"]],
    ),
    "dicom-two-folders": RecordedSet(
        _slices(*(Slice(f"f{n % 2}/s{n}.dcm", n) for n in range(4))),
        [["f0/s0.dcm", "f0/s2.dcm"], ["f1/s1.dcm", "f1/s3.dcm"]],
    ),
    "dicom-copy": RecordedSet(_slices(*_BESIDE_A_COPY), [["CT_small.dcm", "ct_image.dcm"]]),
    "dicom-within-150-s": RecordedSet(
        _slices(Slice("s0.dcm", 1, time="101000"), Slice("s1.dcm", 2, time="101229.9")),
        [["s0.dcm", "s1.dcm"]],
    ),
    "dicom-after-150-s": RecordedSet(
        _slices(Slice("s0.dcm", 1, time="101000"), Slice("s1.dcm", 2, time="101230")),
        [["s0.dcm"], ["s1.dcm"]],
    ),
    "dicom-chain": RecordedSet(
        _slices(*(Slice(f"s{n}.dcm", n, time=f"101{2 * n}00") for n in range(4))),
        [["s0.dcm", "s1.dcm"]],
        [["s0.dcm", "s1.dcm"], ["s2.dcm", "s3.dcm"]],
        "OMERO's importer drops the second pair, as its first file is in two sets",
    ),
    "dicom-no-image-type": RecordedSet(
        _slices(Slice("s0.dcm", 1, kind=None), Slice("s1.dcm", 2), Slice("s2.dcm", 3)),
        [],
        [["s0.dcm"], ["s1.dcm", "s2.dcm"]],
        "7.3.1 opens none of them; in folders of their own it opens both sets",
    ),
    "dicom-small": RecordedSet(
        _slices(*(Slice(f"s{n}.dcm", n, size=(4, 6)) for n in range(2))),
        [["s0.dcm"], ["s1.dcm"]],
    ),
    "dicom-slide": RecordedSet(
        _slices(
            _slide("s0.dcm", 1, "LABEL", 60),
            _slide("s1.dcm", 2, "OVERVIEW", 50),
            _slide("s2.dcm", 3, "VOLUME", 40),
            _slide("s3.dcm", 4, "VOLUME", 80),
            _slide("s4.dcm", 5, "THUMBNAIL", 30),
        ),
        [["s0.dcm", "s3.dcm", "s2.dcm", "s4.dcm", "s1.dcm"]],
    ),
}
