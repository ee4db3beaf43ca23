"""The core installs with neither Qt nor OMERO, and the unit tests pass so."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
#: What runs the tests; nothing of the product.
TEST_TOOLS = ["pytest", "pytest-asyncio", "pytest-timeout", "pytest-xdist", "hypothesis"]
ABSENT = ("PySide6", "napari", "omero", "dbos", "fastapi", "alembic")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_unit_tests_pass_on_the_core_alone(tmp_path: Path) -> None:
    environment = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    python = str(environment / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "-q", str(ROOT), *TEST_TOOLS], check=True)
    for module in ABSENT:
        found = subprocess.run(
            [python, "-c", f"import {module}"], capture_output=True, check=False, cwd=tmp_path
        )
        assert found.returncode != 0, f"the core pulls in {module}"
    done = subprocess.run(
        [python, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider", "tests/unit"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    help_text = subprocess.run(
        [str(environment / "bin" / "transferapp"), "--help"],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert "import" in help_text
