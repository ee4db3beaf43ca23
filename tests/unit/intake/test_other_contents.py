"""Files that end like a format's and are not of it: OMERO's readers would refuse them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.file_sets import only_set, touched_tiff
from tests.support.volume_files import write_lif
from transferapp.formats import bio_formats
from transferapp.formats.omero import omero_formats
from transferapp.intake.preflight import PreflightResult, PreflightSettings, Severity, preflight

_OMERO = PreflightSettings(still_writing_s=0.0, target=omero_formats())
_TEXT = b"module counter(input clk);\n  // of another program\nendmodule\n" * 80
_SUFFIXES = [suffix for suffix in bio_formats.suffixes() if suffix and "," not in suffix]


def _result(path: Path) -> PreflightResult:
    return preflight(only_set(path), _OMERO)


@pytest.mark.parametrize("content", [b"ab", bytes(5000)], ids=["two bytes", "zeros"])
@pytest.mark.parametrize("suffix", _SUFFIXES)
def test_nothing_is_fine_whatever_it_ends_with(
    suffix: str, content: bytes, tmp_path: Path
) -> None:
    path = tmp_path / f"x.{suffix}"
    path.write_bytes(content)
    assert _result(path).blocked


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("counter.v", _TEXT),
        ("Makefile.am", _TEXT),
        ("x.raw", b"\x07\x01" * 3000),
        ("x.oir", b"\x07\x01" * 3000),
        ("x.ims", b"\x07\x01" * 3000),
        ("x.dm2", b"\x07\x01" * 3000),
        ("x.tga", _TEXT),
        ("x.pict", _TEXT),
        ("x.spe", _TEXT),
        ("x.sld", _TEXT),
        ("x.flex", _TEXT),
        ("x.hdr", _TEXT),
        ("x.his", _TEXT),
        ("x.mov", _TEXT),
    ],
)
def test_another_program_s_file_is_refused(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    result = _result(tmp_path / name)
    assert result.blocked
    assert f"'{name}'" in result.sentence
    assert "does not begin like" in result.sentence


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("x.v", b"MATRIX72v\0"),
        ("x.am", b"# AmiraMesh BINARY-LITTLE-ENDIAN 2.1\n"),
        ("x.am", b"# Avizo ASCII 1.0\n"),
        ("x.raw", b"OLRW"),
        ("x.oir", b"OLYMPUSRAWFORMAT"),
        ("x.ims", b"\x89HDF\r\n\x1a\n" + bytes([0, 0, 0, 0, 0, 8, 8, 0])),
        ("x.obf", b"OMAS_BF\n\xff\xff"),
        ("x.sif", b"Andor Technology Multi-Channel File\n"),
        ("x.inr", b"#INRIMAGE-4#{\n"),
        ("x.img", b"MG\1\2"),
    ],
)
def test_one_that_begins_like_its_format_is_not(
    name: str, start: bytes, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(start.ljust(6000, b"\x01"))
    assert "does not begin" not in _result(tmp_path / name).sentence


def test_a_tiff_of_any_name_is_left_to_the_target(tmp_path: Path) -> None:
    path = touched_tiff(tmp_path / "a.tif").rename(tmp_path / "x.v")
    assert not _result(path).blocked


@pytest.mark.parametrize(("name", "beside"), [("x.img", "x.hed"), ("x.h5", "x.xml")])
def test_pixels_need_what_describes_them(name: str, beside: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"\x89HDF\r\n\x1a\n".ljust(6000, b"\x01"))
    alone = _result(tmp_path / name)
    assert alone.blocked
    assert "is not beside it" in alone.sentence
    (tmp_path / beside).write_bytes(b"<Other/>")
    assert "is not beside it" not in _result(tmp_path / name).sentence


#: Bio-Formats 7.3.1 opened the LIF with the bytes behind it, or did not.
@pytest.mark.parametrize(
    ("behind", "level"),
    [
        (b"", Severity.OK),
        (bytes(4), Severity.OK),
        (bytes(4) + b"notes", Severity.OK),
        (b"\0", Severity.BLOCKED),
        (b"notes of a person", Severity.BLOCKED),
        (b"\x70\0\0\0", Severity.BLOCKED),
    ],
)
def test_a_lif_with_bytes_behind_its_last_image(
    behind: bytes, level: Severity, tmp_path: Path
) -> None:
    path = tmp_path / "a.lif"
    write_lif(path)
    path.write_bytes(path.read_bytes() + behind)
    assert _result(path).level is level
