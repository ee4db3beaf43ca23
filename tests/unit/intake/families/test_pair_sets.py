"""Sets whose files belong together by a header or a name: grouped as Bio-Formats does."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.support.file_sets import paths
from tests.support.pair_sets import SETS
from tests.support.volume_files import nrrd_header, write_ics
from transferapp.formats.embedded import FORMATS_OF_OURS, embedded_formats
from transferapp.formats.omero import omero_formats
from transferapp.intake.grouping import group
from transferapp.intake.preflight import PreflightSettings, preflight
from transferapp.intake.scanning import scan

OMERO = PreflightSettings(still_writing_s=0, target=omero_formats())


@pytest.mark.parametrize("name", SETS)
def test_filesets_are_those_of_bio_formats(tmp_path: Path, name: str) -> None:
    recorded = SETS[name]
    recorded.make(tmp_path)
    found = [
        paths(made, tmp_path)
        for made in group(scan([tmp_path]))
        if not preflight(made, OMERO).blocked
    ]
    assert found == (recorded.theirs if recorded.ours is None else recorded.ours)


@pytest.mark.parametrize("name", SETS)
def test_the_embedded_repository_refuses_them_without_readers(
    tmp_path: Path, name: str
) -> None:
    SETS[name].make(tmp_path)
    bare = embedded_formats(missing=[kind for kind in FORMATS_OF_OURS if kind.needs_readers])
    settings = PreflightSettings(still_writing_s=0, target=bare)
    results = [preflight(made, settings) for made in group(scan([tmp_path]))]
    assert results
    assert all(result.blocked for result in results)


@pytest.mark.parametrize("name", SETS)
def test_damage_never_ends_a_scan(tmp_path: Path, name: str) -> None:
    """Whatever stands in the files: a verdict for each, and no file in two sets."""
    SETS[name].make(tmp_path)
    whole = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    chance = random.Random(name)  # noqa: S311 - damage, no secret
    for _ in range(12):
        for path, content in whole.items():
            path.write_bytes(_damaged(content, chance))
        made = group(scan([tmp_path]))
        assert sum(len(one.files) for one in made) == len(whole)
        for one in made:
            preflight(one, OMERO)


def _damaged(content: bytes, chance: random.Random) -> bytes:
    length = chance.choice([len(content), chance.randrange(len(content) + 1)])
    damaged = bytearray(content[:length])
    for _ in range(chance.choice([0, 1, 30])):
        if damaged:
            damaged[chance.randrange(len(damaged))] = chance.choice(b"\0\x01\x7f\xff 9%/\n")
    return bytes(damaged)


@pytest.mark.parametrize("size", ["9" * 5000, "-1", "0"])
def test_sizes_that_are_no_sizes_are_passed_over(tmp_path: Path, size: str) -> None:
    write_ics(tmp_path)
    header = (tmp_path / "a.ics").read_bytes().replace(b"16\t6\t5\t2", f"16\t{size}".encode())
    (tmp_path / "a.ics").write_bytes(header)
    content = nrrd_header().replace(b"20 3", f"{size} 3".encode())
    (tmp_path / "a.nrrd").write_bytes(content)
    named = nrrd_header(f"data file: s%0{size}d.raw 1 {size} 1")
    (tmp_path / "a.nhdr").write_bytes(named)
    assert len(group(scan([tmp_path]))) == 3
