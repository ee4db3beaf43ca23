"""What preflight says of formats, by the word of the repository that the files go to."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import tifffile

from tests.support.vendor_sets import write_czi_part
from transferapp.formats.embedded import FORMATS_OF_OURS, embedded_formats
from transferapp.formats.image_format import ImageFormat
from transferapp.formats.omero import omero_formats
from transferapp.formats.read_formats import RepositoryFormats
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.grouping import group
from transferapp.intake.judging import apart, judge as judge_all
from transferapp.intake.preflight import PreflightResult, PreflightSettings, Severity, preflight
from transferapp.intake.scanning import scan
from transferapp.intake.target import Claim, claim_of


def a_tiff() -> bytes:
    made = io.BytesIO()
    tifffile.imwrite(made, np.zeros((4, 4), "uint16"))
    return made.getvalue()


OMERO, EMBEDDED = omero_formats(), embedded_formats()
BARE = embedded_formats(missing=[kind for kind in FORMATS_OF_OURS if kind.needs_readers])
#: The shortest one that has its pixels: none.
DICOM = bytes(128) + b"DICM" + b"\xe0\x7f\x10\0OW" + bytes(6)
TIFF = a_tiff()


class Later:
    """A clock an hour ahead, so that fresh test files count as old."""

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(hours=1)


def made(folder: Path, name: str, content: bytes = b"some bytes") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def judge(path: Path, target: RepositoryFormats, *, anyway: bool = False) -> PreflightResult:
    (candidate,) = group(scan([path]))
    return preflight(candidate, PreflightSettings(target=target, anyway=anyway), Later())


@pytest.mark.parametrize(
    ("name", "start", "known_as"),
    [
        ("camera.SIF", b"Andor Technology", "Andor SIF"),
        ("cells.cxd", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Compix Simple-PCI"),
        ("cells.klb", b"\x02\x10\0\0\0\x10\0\0", "KLB"),
    ],
)
def test_omero_reads_what_the_embedded_repository_does_not(
    tmp_path: Path, name: str, start: bytes, known_as: str
) -> None:
    path = made(tmp_path, name, start)
    there, here = judge(path, OMERO), judge(path, EMBEDDED)
    assert (there.level, there.what) == (Severity.OK, f"{known_as}, 1 file")
    assert (here.level, here.code, here.format) == (
        Severity.BLOCKED,
        "unsupported-file",
        known_as,
    )
    assert here.sentence.startswith(f"The embedded repository does not read {known_as}. Export")
    assert "ask your administrator to add Bio-Formats to the server" in here.sentence
    assert not here.unknown


def test_a_refusal_states_whose_answer_it_is(tmp_path: Path) -> None:
    result = judge(made(tmp_path, "slide.mrxs"), OMERO)
    assert result.sentence.startswith("OMERO's Bio-Formats has no reader for 3DHISTECH slides")
    leo = judge(made(tmp_path, "a.lim"), EMBEDDED)
    assert leo.sentence.startswith("The embedded repository does not read Laboratory Imaging.")
    neither = judge(made(tmp_path, "b.mrxs"), EMBEDDED)
    assert "administrator" not in neither.sentence, "Bio-Formats does not read it either"
    beside = replace(EMBEDDED, read_by="Bio-Formats 7.3.1")
    assert "add Bio-Formats" not in judge(made(tmp_path, "a.sif", b"Andor"), beside).sentence


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("a.czi", b"ZISRAWFILE"),
        ("a.nd2", b"\xda\xce\xbe\x0a"),
        ("a.lif", b"\x70\0\0\0"),
        ("a.oib", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
        ("a.ims", b"\x89HDF\r\n\x1a\n"),
        ("a.map", bytes(208) + b"MAP "),
        ("a.dcm", DICOM),
    ],
)
def test_a_server_without_readers_is_reported_with_the_remedy(
    tmp_path: Path, name: str, start: bytes
) -> None:
    result = judge(made(tmp_path, name, start), BARE)
    assert result.code == "unsupported-file"
    assert "(pip install 'transferapp[readers]'), or export it as OME" in result.sentence


def test_empty_files_are_reported_whatever_they_are(tmp_path: Path) -> None:
    assert judge(made(tmp_path, "scan.cxd", b""), OMERO).code == "empty-file"


@pytest.mark.parametrize(
    ("name", "content", "known_as"),
    [
        ("IM000001", DICOM, "DICOM"),
        ("1.2.840.10008", DICOM, "DICOM"),
        ("noending", TIFF, "TIFF"),
        ("frame.dat", TIFF, "TIFF"),
    ],
)
def test_omero_scans_into_files(
    tmp_path: Path, name: str, content: bytes, known_as: str
) -> None:
    result = judge(made(tmp_path, name, content), OMERO)
    assert (result.level, result.format) == (Severity.OK, known_as)


def test_the_embedded_repository_scans_into_files_too(tmp_path: Path) -> None:
    result = judge(made(tmp_path, "noending", TIFF), EMBEDDED)
    assert (result.level, result.format) == (Severity.OK, "TIFF")


NOT_IMAGES = {
    "Thumbs.txt": b"text",
    "run.log": b"12:00 start",
    "protocol.pdf": b"%PDF-1.7",
    "notes.docx": b"PK\3\4",
    "table.csv": b"1,2",
    "settings.xml": b"<?xml version='1.0'?><a/>",
    "README": b"read me",
    "empty": b"",
}


@pytest.mark.parametrize("target", [OMERO, EMBEDDED])
def test_what_is_no_image_is_put_apart(tmp_path: Path, target: RepositoryFormats) -> None:
    for name, content in NOT_IMAGES.items():
        made(tmp_path, name, content)
    for name in ("a.tif", "scan.cxd"):
        made(tmp_path, name, TIFF)
    made(tmp_path, "IM000001", DICOM)
    batches = judge_all(scan([tmp_path]), PreflightSettings(target=target))
    found = apart(one for batch in batches for one in batch)
    assert sorted(made.name for made, _ in found.filesets) == ["IM000001", "a.tif", "scan.cxd"]
    assert sorted(made.name for made, _ in found.others) == sorted(NOT_IMAGES)
    assert all(result.unknown for _, result in found.others)


@pytest.mark.parametrize("target", [OMERO, EMBEDDED])
def test_a_person_may_import_what_nobody_knows(
    tmp_path: Path, target: RepositoryFormats
) -> None:
    path = made(tmp_path, "future.xyz")
    assert judge(path, target).blocked
    result = judge(path, target, anyway=True)
    assert result.level is Severity.WARNING
    assert "because you wish it" in result.sentence
    assert target.whose in result.sentence
    # Not where the facility forbids it, and not what is known to fail.
    assert judge(path, replace(target, unknown_allowed=False), anyway=True).blocked
    assert judge(made(tmp_path, "slide.mrxs"), target, anyway=True).blocked
    assert judge(made(tmp_path, "gone.xyz", b""), target, anyway=True).code == "empty-file"


def test_a_set_is_read_by_who_reads_its_index(tmp_path: Path) -> None:
    made(tmp_path, "t.nd", b'"NDInfoFile", Version 1.0\r\n"EndFile"\r\n')
    tifffile.imwrite(tmp_path / "t.TIF", np.zeros((4, 4), "uint16"))
    result = judge(tmp_path, EMBEDDED)
    assert result.sentence.startswith("The embedded repository does not read MetaMorph.")
    assert (judge(tmp_path, OMERO).level, judge(tmp_path, OMERO).format) == (
        Severity.OK,
        "MetaMorph",
    )


def test_a_vendors_set_of_tiffs_is_no_tiff(tmp_path: Path) -> None:
    for name in ("a.tif", "b.tif"):
        made(tmp_path, name, TIFF)
    files = scan([tmp_path]).files
    stack = FilesetCandidate("a.tif", files, ImageFormat("Some vendor", (".tif",), ()))
    assert claim_of(stack, EMBEDDED).refused.startswith("The embedded repository does not read")
    assert claim_of(stack, OMERO) == Claim("Some vendor")


@pytest.mark.parametrize("target", [OMERO, EMBEDDED])
def test_where_only_known_formats_are_imported_names_decide(
    tmp_path: Path, target: RepositoryFormats
) -> None:
    """As the server does it, which sees names only and would refuse the whole import."""
    path = made(tmp_path, "a.tif.bak", TIFF)
    strict = replace(target, unknown_allowed=False)
    assert not judge(path, target).blocked, "it is told by its content"
    assert judge(path, strict).blocked
    assert not judge(made(tmp_path, "IM000001", DICOM), strict).blocked
    assert not strict.may_know("a.tif.bak")
    assert strict.may_know("a.tif")


def test_a_set_that_ours_would_tear_is_refused_before_the_upload(tmp_path: Path) -> None:
    for part, name in enumerate(("x.czi", "x (1).czi")):
        write_czi_part(tmp_path / name, part, own=part)
    found = judge(tmp_path, EMBEDDED)
    assert (found.level, found.code) == (Severity.BLOCKED, "unsupported-file")
    assert found.sentence == (
        "'x.czi' is a set of 2 files, of which the embedded repository would read only the"
        " first. Save it as one file in the microscope's software, or as OME-TIFF; or ask your"
        " administrator to add Bio-Formats to the server, which reads it (docs/formats.md)."
    )
    for other in (replace(EMBEDDED, read_by="Bio-Formats 7.3.1"), OMERO):
        assert judge(tmp_path, other).level is Severity.OK


def test_options_of_bio_formats_make_no_set(tmp_path: Path) -> None:
    made(tmp_path, "a.tif", TIFF)
    made(tmp_path, "a.tif.bfoptions", b"a.b=c\n")
    found = judge(tmp_path, EMBEDDED)
    assert (found.level, found.file_count) == (Severity.OK, 2)
