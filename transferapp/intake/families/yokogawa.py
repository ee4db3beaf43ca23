"""Yokogawa CV7000 and CV8000: a plate's ``.wpi`` and all files of its folder.

As seen with Bio-Formats 7.3.1, CV7000Reader: the ``.wpi`` is opened; every other file right in
its folder (records, settings, shading images, and notes, too) is used, in the order of code.
``MeasurementData.mlf``, ``MeasurementDetail.mrf`` and the ``.mes`` that it names must be there.
"""

from __future__ import annotations

import re

from transferapp.errors import DamagedFile, MissingCompanion
from transferapp.formats.image_format import ImageFormat
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.families import doubt_texts, plates
from transferapp.intake.families.family import Family
from transferapp.intake.families.index_xml import (
    UnreadIndex,
    attribute,
    elements,
    head,
    read_to_the_end,
)
from transferapp.intake.neighbours import Neighbours
from transferapp.intake.scanning import FoundFile

FORMAT = ImageFormat("Yokogawa CV7000", (".wpi",), (b"<?xml", b"\xef\xbb\xbf<?xml", b"<bts:"))
_RECORDS, _DETAIL = "MeasurementData.mlf", "MeasurementDetail.mrf"
#: plate_D08_T0001F001L01A01Z01C01.tif: well, time, field, time line, action, plane, channel.
_IMAGE = r"_[A-Z]{1,2}\d\d_T\d{4}F\d{3}L\d\dA\d\dZ\d\dC\d\d"
#: SC_BP525-50_20x v2_M01_CH02.tif evens out the light of a channel (the detail file names it),
#: DC_DCAM#1_CAM3.tif is what a camera sees in the dark.
_CORRECTION = r"(?:^|/)(?:SC_[^/]*_M\d\d_CH\d\d|DC_[^/]*_CAM\d+)"
_MEMBER = re.compile(rf"(?:{_IMAGE}|{_CORRECTION})\.tif$", re.IGNORECASE)


def collect(index: FoundFile, neighbours: Neighbours) -> FilesetCandidate | None:
    """Make the set of a plate's file; None when it is something else."""
    is_plate = "WellPlate" in head(index)
    if not (is_plate or neighbours.named(index, _RECORDS)):
        return None
    beside = neighbours.listing(index, index.path.parent)
    others = plates.in_code_order(file for file in beside if file.path != index.path)
    if not is_plate:
        broken = DamagedFile(doubt_texts.index_not_read(index, "tells of no plate"))
        return plates.kept_together(index, FORMAT, others, broken)
    by_name = {file.name: file for file in others}
    try:
        absent = _absent_settings(by_name)
        if absent:
            problem = MissingCompanion(doubt_texts.needs(index, absent))
            return plates.kept_together(index, FORMAT, others, problem)
        for file in (index, *_settings(by_name)):
            read_to_the_end(file)
        images = _images(by_name[_RECORDS])
    except UnreadIndex as error:
        damaged = DamagedFile(doubt_texts.index_not_read(error.file, str(error)))
        return plates.kept_together(index, FORMAT, others, damaged)
    missing = [name for name in images if name not in by_name]
    found = len(images) - len(missing)
    return plates.judged(index, FORMAT, (index, *others), found, missing)


def _absent_settings(by_name: dict[str, FoundFile]) -> list[str]:
    """Return the names of files without which a plate cannot be opened, and are not there."""
    needed = [_RECORDS, _DETAIL, *_settings_names(by_name)]
    return [name for name in needed if name not in by_name]


def _settings_names(by_name: dict[str, FoundFile]) -> list[str]:
    if _DETAIL not in by_name:
        return []
    details = elements(by_name[_DETAIL], "MeasurementDetail")
    names = (attribute(one, "MeasurementSettingFileName") for one in details)
    return [name for name in names if name]


def _settings(by_name: dict[str, FoundFile]) -> list[FoundFile]:
    return [by_name[name] for name in _settings_names(by_name)]


def _images(records: FoundFile) -> list[str]:
    found = (
        (one.text or "").strip()
        for one in elements(records, "MeasurementRecord")
        if attribute(one, "Type") == "IMG"
    )
    return list(dict.fromkeys(name for name in found if name))


YOKOGAWA = Family("Yokogawa CV7000", FORMAT.suffixes, collect, _MEMBER, "its .wpi file")
