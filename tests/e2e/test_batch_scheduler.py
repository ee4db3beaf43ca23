"""The scripts of the guide to batch schedulers, as they stand there; Slurm is a stand-in."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import tifffile

from tests.support.facility import Facility, open_facility, postgres_server
from transferapp.model.annotations import MADE_FROM

__all__ = ["postgres_server"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guide" / "batch-scheduler.md"
ANALYSIS = """
import sys
import tifffile
pixels = tifffile.imread(sys.argv[1])
tifffile.imwrite(sys.argv[2], (pixels > pixels.mean()).astype("uint8") * 255, ome=True)
with open(sys.argv[2].replace("mask.ome.tif", "counts.csv"), "w") as table:
    table.write("pixels\\n%d\\n" % (pixels > pixels.mean()).sum())
"""


@pytest.fixture
def facility(tmp_path: Path) -> Iterator[Facility]:
    yield from open_facility(tmp_path, "")


def scripts() -> list[str]:
    text = GUIDE.read_text(encoding="utf-8")
    return re.findall(r"^```bash\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def _program(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/bash\n{text}\n")
    path.chmod(0o755)


def test_the_scripts_work_as_written(facility: Facility, tmp_path: Path) -> None:
    node, programs = tmp_path / "node", tmp_path / "programs"
    for folder in (node, programs):
        folder.mkdir()
    segment, job = scripts()
    (node / "segment.sh").write_text(segment)
    (node / "job.sh").write_text(job)
    (node / "segment.py").write_text(ANALYSIS)
    _program(programs / "sbatch", '[ "$1" = --wait ] && shift; exec bash "$@"')
    _program(programs / "srun", 'exec "$@"')
    _program(programs / "transferapp", f'exec {sys.executable} -m transferapp "$@"')
    _program(programs / "python3", f'exec {sys.executable} "$@"')
    environment = dict(facility.installation.environment)
    environment["PATH"] = f"{programs}:{environment['PATH']}"
    image = facility.images[1]
    done = subprocess.run(
        ["bash", "segment.sh", image],
        cwd=node,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    number = image.removeprefix("Image:")
    exported = json.loads((node / "results" / f"{number}.export.json").read_text())
    [brought] = Path(exported["placements"][0]["path"]).glob("*.ome.tiff")
    source = tifffile.imread(facility.sources[1])
    assert np.array_equal(tifffile.imread(brought), source)
    imported = json.loads((node / "results" / f"{number}.import.json").read_text())
    assert imported["transfer"]["target_name"] == "Cells"
    assert [item["state"] for item in imported["items"]] == ["imported", "imported"]
    [mask] = imported["items"][0]["image_ids"]

    pairs = facility.pairs_of(mask, MADE_FROM)
    assert pairs == {"made from": image, "name": facility.sources[1].name}
    kept = facility.alice.run("attachments", image)
    assert "counts.csv" in kept.out


def test_links_that_cannot_be(facility: Facility) -> None:
    """Told before a file is read."""
    source = str(facility.sources[0])
    for link, code, text in (
        ("Dataset:1", 1, "is no image"),
        ("Image:999999", 1, "image-not-found"),
    ):
        refused = facility.alice.run("import", source, "--link-to", link, "--json")
        assert refused.code == code, refused.out
        assert text in refused.out
    assert facility.alice.run("import", source).code == 2
