"""The same story through OMERO's own protocol, on the sandbox."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("omero")

ROOT = Path(__file__).resolve().parents[2]
#: As the README has it; only the folder differs.
COMMAND = "python3 installers/bootstrap.py demo --repository omero-sandbox --out demo-omero"


#: Without these the demo plays by itself.
SCREEN = {"DISPLAY", "WAYLAND_DISPLAY"}


@pytest.mark.screen
@pytest.mark.slow
@pytest.mark.timeout(480)
def test_every_file_arrived_exactly_once_in_omero(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, *COMMAND.split()[1:-1], str(tmp_path)],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if k not in SCREEN},
        capture_output=True,
        text=True,
        timeout=420,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert len(report["files"]) > 30
    assert all(row["sha1_source"] == row["sha1_repository"] for row in report["files"])
    assert report["images"] >= 7
    assert all(row["sha256_source"] == row["sha256_export"] for row in report["exports"])
