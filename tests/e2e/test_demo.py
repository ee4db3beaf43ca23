"""The demo plays the whole story, and its report proves what it says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
#: As the README has it; only the folder differs.
COMMAND = "python3 installers/bootstrap.py demo --headless --out demo-report"
SCENES = ["sign-in", "import", "browse", "preview", "transfers", "notification"]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("demo")
    done = subprocess.run(
        [sys.executable, *COMMAND.split()[1:-1], str(out)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=420,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return out


@pytest.mark.screen
@pytest.mark.slow
@pytest.mark.timeout(480)
def test_every_file_arrived_exactly_once(played: Path) -> None:
    report = json.loads((played / "report.json").read_text(encoding="utf-8"))
    assert len(report["files"]) > 30
    assert all(row["sha1_source"] == row["sha1_repository"] for row in report["files"])
    assert report["images"] >= 7
    assert report["exports"]
    assert all(row["sha256_source"] == row["sha256_export"] for row in report["exports"])
    assert report["first_pixels_ms"] > 0
    assert report["safe_to_log_off_s"] > 0
    assert any("import" in text.lower() for text in report["notifications"])


@pytest.mark.screen
@pytest.mark.slow
@pytest.mark.timeout(480)
@pytest.mark.parametrize("env", SCENES)
def test_screenshot_shows_something(played: Path, env: str) -> None:
    report = json.loads((played / "report.json").read_text(encoding="utf-8"))
    [name] = [n for n in report["screenshots"] if n.removesuffix(".png").endswith(env)]
    with Image.open(played / name) as picture:
        colours = picture.convert("RGB").getcolors(1440 * 900)
    assert picture.size == (1440, 900)
    assert colours is not None
    assert len(colours) > 200, "an empty or plain screen"
