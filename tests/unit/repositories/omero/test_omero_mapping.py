"""OMERO's objects as our nouns and back."""

from __future__ import annotations

from datetime import UTC, datetime
from math import inf, nan

import pytest

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

from transferapp.model.filesets import FilesetPlan, PlannedFile
from transferapp.model.identity import GroupPermissions
from transferapp.model.images import Annotation, AnnotationKind, OriginalFile
from transferapp.model.plausible import plausible_um
from transferapp.ome import lengths
from transferapp.repositories.omero.catalogue.filesets import differing, stated_name
from transferapp.repositories.omero.catalogue.mapping import (
    annotation,
    channel,
    micrometres,
    moment,
    omero_annotation,
    summary,
    window,
)
from transferapp.repositories.omero.ice_imports import omero
from transferapp.repositories.omero.reading.files import hasher
from transferapp.repositories.omero.sessions.people import permissions_of


@pytest.mark.parametrize(
    "note",
    [
        Annotation(AnnotationKind.TAG, value="fixed"),
        Annotation(AnnotationKind.COMMENT, "lab", "Look"),
        Annotation(AnnotationKind.KEY_VALUE, "lab", pairs=(("stain", "DAPI"), ("µm", "1"))),
    ],
)
def test_annotations_there_and_back(note: Annotation) -> None:
    assert annotation(omero_annotation(note)) == note


def test_annotations_of_other_kinds_are_left_out() -> None:
    assert annotation(omero.model.LongAnnotationI()) is None


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("rw----", GroupPermissions.PRIVATE),
        ("rwr---", GroupPermissions.READ_ONLY),
        ("rwra--", GroupPermissions.READ_ANNOTATE),
        ("rwrw--", GroupPermissions.READ_WRITE),
    ],
)
def test_permissions(written: str, meant: GroupPermissions) -> None:
    assert permissions_of(written) is meant


def test_sizes_in_micrometres() -> None:
    units = omero.model.enums.UnitsLength
    assert micrometres(omero.model.LengthI(250.0, units.NANOMETER)) == pytest.approx(0.25)
    assert micrometres(omero.model.LengthI(1.0, units.PIXEL)) is None
    assert micrometres(None) is None


def test_every_unit_of_omero_is_as_long_as_ours() -> None:
    for name, symbol in omero.model.LengthI.SYMBOLS.items():
        length = omero.model.LengthI(2.5, getattr(omero.model.enums.UnitsLength, name))
        assert micrometres(length) == plausible_um(lengths.micrometres(2.5, symbol))
    thou = omero.model.LengthI(1.0, omero.model.enums.UnitsLength.THOU)
    assert micrometres(thou) == pytest.approx(25.4)


@pytest.mark.parametrize("value", [inf, nan, 0.0, -1.0])
def test_sizes_that_cannot_be_true_are_unknown(value: float) -> None:
    unit = omero.model.enums.UnitsLength.MICROMETER
    assert micrometres(omero.model.LengthI(value, unit)) is None


@pytest.mark.parametrize(
    "milliseconds",
    [
        # Year 0, by Bio-Formats 7.3.1 from 0001-01-01T00:00:00+01:00.
        -62_135_600_400_000,
        -62_135_596_800_000,
        10**18,
    ],
)
def test_dates_that_cannot_be_true_are_unknown(milliseconds: int) -> None:
    assert moment(milliseconds) is None


def test_summary_of_a_row() -> None:
    row = [7, "cells", None, "alice", 3, 10, 20, 1, 2, 5, "float", 1000, None]
    found = summary(row)
    assert (found.id, found.fileset_id, found.dtype) == (7, 0, "float32")
    assert (found.size_x, found.size_y, found.size_c, found.size_t) == (10, 20, 2, 5)
    assert found.imported_at == datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
    assert found.acquired_at is None


def test_channel_without_statistics_has_a_window() -> None:
    made = channel(omero.model.ChannelI(), 1, "uint8")
    assert (made.name, made.color) == ("Channel 1", "FFFFFF")
    assert (made.window_start, made.window_end) == (0.0, 255.0)
    assert window("float32") == (0.0, 1.0)


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("SHA1-160", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        ("MD5-128", "900150983cd24fb0d6963f7d28e17f72"),
        ("CRC-32", "c2412435"),
        ("Adler-32", "27014d02"),
        ("File-Size-64", "0300000000000000"),
    ],
)
def test_checksums_as_omero_writes_them(name: str, digest: str) -> None:
    found = hasher(name)
    assert found is not None
    for byte in (b"a", b"bc"):
        found.update(byte)
    assert found.hexdigest() == digest
    assert hasher("Murmur3-128") is None


def test_differing_files() -> None:
    files = (PlannedFile("a", 1, "aa"), PlannedFile("b", 2, "bb"), PlannedFile("c", 3, "cc"))
    plan = FilesetPlan("key", "name", files, None, 3)
    held = [OriginalFile(1, 9, "a", 1, "SHA1-160", "aa"), OriginalFile(2, 9, "b", 2, "", "x")]
    assert differing(plan, held) == ["b", "c"]


def test_a_long_name_keeps_its_end() -> None:
    assert stated_name(FilesetPlan("key", " cells ", (), None, 3)) == "cells"
    long = stated_name(FilesetPlan("key", "n" * 400 + ".czi", (), None, 3))
    assert (len(long), long[0], long[-5:]) == (255, "…", "n.czi")
