"""Environments of their own for other people's programs: dependency groups of the project."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import platformdirs

_PROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"


def environment_of(group: str, *pip: str) -> Path:
    """Return the Python of a group's environment; it is made once, from PyPI, and kept.

    ``pip`` are further arguments of ``pip install``.
    """
    groups = tomllib.loads(_PROJECT.read_text(encoding="utf-8"))["dependency-groups"]
    wanted = groups[group]
    key = hashlib.sha256(json.dumps([wanted, sys.version]).encode()).hexdigest()[:12]
    cache = platformdirs.user_cache_path("transferapp") / "tests"
    folder = cache / f"{group}-{key}"
    python, ready = folder / "bin" / "python", folder / "ready"
    if not ready.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        subprocess.run(
            [str(python), "-m", "pip", "install", "-q", *pip, *wanted], check=True, env=apart()
        )
        ready.touch()
    return python


def apart(**more: str) -> dict[str, str]:
    """Return the environment's variables without our own packages, with ``more``."""
    kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    return {**kept, **more}
