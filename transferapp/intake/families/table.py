"""The table of families: adding one is a module beside this, a row here and a test."""

from __future__ import annotations

from transferapp.intake.families import (
    analyze,
    big_data_viewer,
    deltavision,
    dicom,
    ics,
    nrrd,
)
from transferapp.intake.families.family import Family
from transferapp.intake.families.metamorph import METAMORPH

#: A file goes to the first family that takes it.
FAMILIES: tuple[Family, ...] = (
    METAMORPH,
    ics.FAMILY,
    analyze.FAMILY,
    nrrd.FAMILY,
    big_data_viewer.FAMILY,
    deltavision.FAMILY,
    dicom.DIRECTORY_FAMILY,
    dicom.FAMILY,
)
