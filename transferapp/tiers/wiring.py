"""Give tiers their adapter."""

from __future__ import annotations

from pathlib import Path

from transferapp.tiers.port import Tiers
from transferapp.tiers.settings import load_recall
from transferapp.tiers.stores.program import ProgramTiers
from transferapp.tiers.stores.stubs import StubTiers


def open_tiers(path: Path | None) -> Tiers | None:
    """Read the file and return the tiers; None where there are none. Blocking; raises
    SettingsInvalid.
    """
    if path is None:
        return None
    settings = load_recall(path)
    programs = ProgramTiers(settings)
    return programs if settings.status else StubTiers(programs, settings.usual_s)
