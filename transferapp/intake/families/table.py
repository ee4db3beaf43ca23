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
from transferapp.intake.families.aperio_afi import AFI
from transferapp.intake.families.bd_pathway import BD_PATHWAY
from transferapp.intake.families.cellvoyager import CELLVOYAGER
from transferapp.intake.families.columbus import COLUMBUS
from transferapp.intake.families.family import Family
from transferapp.intake.families.flex import FLEX
from transferapp.intake.families.hamamatsu import NDPIS, VMS
from transferapp.intake.families.incell import INCELL
from transferapp.intake.families.leica_lei import LEI
from transferapp.intake.families.leica_xlef import XLEF
from transferapp.intake.families.metamorph import METAMORPH
from transferapp.intake.families.metaxpress import METAXPRESS
from transferapp.intake.families.micromanager import MICROMANAGER
from transferapp.intake.families.mirax import MRXS
from transferapp.intake.families.ndtiff import NDTIFF
from transferapp.intake.families.olympus_oif import OIF, OIF_PREVIEW
from transferapp.intake.families.olympus_vsi import VSI
from transferapp.intake.families.operetta import OPERETTA
from transferapp.intake.families.pattern import PATTERN
from transferapp.intake.families.scanr import SCANR
from transferapp.intake.families.yokogawa import YOKOGAWA
from transferapp.intake.families.zeiss_czi import CZI_PARTS

#: A file goes to the first family that takes it. What a person wrote to hold files together
#: (a pattern) comes before what a program did.
FAMILIES: tuple[Family, ...] = (
    PATTERN,
    OPERETTA,
    COLUMBUS,
    YOKOGAWA,
    CELLVOYAGER,
    INCELL,
    METAXPRESS,
    SCANR,
    FLEX,
    BD_PATHWAY,
    METAMORPH,
    MICROMANAGER,
    OIF,
    OIF_PREVIEW,
    VSI,
    XLEF,
    LEI,
    AFI,
    NDPIS,
    VMS,
    MRXS,
    CZI_PARTS,
    NDTIFF,
    ics.FAMILY,
    analyze.FAMILY,
    nrrd.FAMILY,
    big_data_viewer.FAMILY,
    deltavision.FAMILY,
    dicom.DIRECTORY_FAMILY,
    dicom.FAMILY,
)
