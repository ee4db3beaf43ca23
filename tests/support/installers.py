"""The scripts of ``installers/`` as modules: they are no package, and run by themselves."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

INSTALLERS = Path(__file__).resolve().parents[2] / "installers"


def script(name: str) -> ModuleType:
    """Import ``installers/NAME.py`` as it is imported when it runs: from beside the others."""
    if str(INSTALLERS) not in sys.path:
        sys.path.append(str(INSTALLERS))
    return importlib.import_module(name)
