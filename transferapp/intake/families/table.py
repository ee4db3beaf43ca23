"""The table of families: adding one is a module beside this, a row here and a test."""

from __future__ import annotations

from transferapp.intake.families.bd_pathway import BD_PATHWAY
from transferapp.intake.families.cellvoyager import CELLVOYAGER
from transferapp.intake.families.columbus import COLUMBUS
from transferapp.intake.families.family import Family
from transferapp.intake.families.flex import FLEX
from transferapp.intake.families.incell import INCELL
from transferapp.intake.families.metamorph import METAMORPH
from transferapp.intake.families.metaxpress import METAXPRESS
from transferapp.intake.families.operetta import OPERETTA
from transferapp.intake.families.scanr import SCANR
from transferapp.intake.families.yokogawa import YOKOGAWA

#: A file goes to the first family that takes it.
FAMILIES: tuple[Family, ...] = (
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
)
