"""The sample data is what its script makes, and what packages ship; nothing else."""

from __future__ import annotations

import hashlib
import importlib.util
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import tifffile
import zarr

from tests.support.local_images import Opener, opener
from transferapp.host.resources import resource
from transferapp.sandbox.samples.broken import broken
from transferapp.sandbox.samples.packages import SHIPPED, TIMES, write_companion_set
from transferapp.sandbox.samples.sets import SETS

__all__ = ["opener"]

SAMPLES = resource("sample-data")
ECOLI = "ome-tiff-companion-ecoli"
CLUSTER = "ome-zarr-v04-confocal-5d/cluster.ome.zarr"
#: SHA-256 of the first times of microfilm's E. coli: (c, t, y, x), little-endian.
ECOLI_PIXELS = "83b8f8face7c625b9aeee936b99daee7208515294cf6482a8a46ffc8e3aca617"
WHERE_BYTES_ARE = {
    "StripOffsets",
    "StripByteCounts",
    "TileOffsets",
    "TileByteCounts",
    "SubIFDs",
}
MOST_BYTES = 6_000_000
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def files_below(root: Path) -> set[str]:
    return {p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file()}


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the command of sample-data/README.md makes."""
    folder = tmp_path_factory.mktemp("samples")
    command = [sys.executable, "-m", "transferapp.sandbox.samples", "--into", str(folder)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return folder


def test_there_is_nothing_that_is_neither_made_nor_shipped(made: Path) -> None:
    there = {
        name for name in files_below(SAMPLES) if not re.match(r"README\.md|LICENSES/", name)
    }
    converted = {name for name in there if name.startswith((ECOLI, CLUSTER))}
    assert there - converted == files_below(made) - converted
    for name in converted & files_below(made):
        assert name in there
    assert sum((SAMPLES / name).stat().st_size for name in there) < MOST_BYTES


def test_what_packages_ship_is_unchanged() -> None:
    readme = (SAMPLES / "README.md").read_text(encoding="utf-8")
    for shipped in SHIPPED:
        assert shipped.member.rpartition("/")[2] in readme
        assert shipped.sha256 in readme
        if shipped.kept:
            assert digest((SAMPLES / shipped.kept).read_bytes()) == shipped.sha256


def test_the_page_names_every_folder_and_licence() -> None:
    readme = (SAMPLES / "README.md").read_text(encoding="utf-8")
    for path in SAMPLES.iterdir():
        assert path.name == "README.md" or f"`{path.name}" in readme
    for path in (SAMPLES / "LICENSES").iterdir():
        assert f"`LICENSES/{path.name}`" in readme


def pages(path: Path) -> Iterator[tuple[dict[str, Any], npt.NDArray[Any]]]:
    """Yield tags and pixels of each page, and of its smaller levels."""
    with tifffile.TiffFile(path, _multifile=False) as tif:
        for page in tif.pages:
            assert isinstance(page, tifffile.TiffPage)
            for level in (page, *(page.pages or ())):
                assert isinstance(level, tifffile.TiffPage)
                tags = {tag.name: tag.value for tag in level.tags}
                kept = {k: v for k, v in tags.items() if k not in WHERE_BYTES_ARE}
                yield kept, level.asarray()


def check_tiff(one: Path, other: Path) -> None:
    for (tags, pixels), (wanted_tags, wanted) in zip(pages(one), pages(other), strict=True):
        assert tags == wanted_tags
        np.testing.assert_array_equal(pixels, wanted)


def check_zarr(one: Path, other: Path) -> None:
    group, wanted = (zarr.open_group(path, mode="r") for path in (one, other))
    assert group.attrs.asdict() == wanted.attrs.asdict()
    assert sorted(group.array_keys()) == sorted(wanted.array_keys())
    for key in group.array_keys():
        array, same = group[key], wanted[key]
        assert isinstance(array, zarr.Array)
        assert isinstance(same, zarr.Array)
        assert (array.chunks, array.dtype) == (same.chunks, same.dtype)
        np.testing.assert_array_equal(np.asarray(array[:]), np.asarray(same[:]))


@pytest.mark.parametrize("folder", SETS)
def test_made_again_the_content_is_the_same(made: Path, folder: str) -> None:
    """Pixels and metadata: the packed bytes depend on the codec's version."""
    for name in files_below(SAMPLES / folder):
        if name.endswith((".tif", ".tiff")):
            check_tiff(made / folder / name, SAMPLES / folder / name)
        elif name.endswith(".ome"):
            wanted = (SAMPLES / folder / name).read_bytes()
            assert (made / folder / name).read_bytes() == wanted
    for group in (SAMPLES / folder).glob("*.zarr"):
        check_zarr(made / folder / group.name, group)


@pytest.mark.parametrize("folder", [name for name in SETS if name != "ome-tiff-pyramid"])
def test_made_twice_the_bytes_are_the_same(made: Path, tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).mkdir()
    SETS[folder](tmp_path / folder)
    assert files_below(tmp_path / folder) == files_below(made / folder)
    for name in files_below(tmp_path / folder):
        again, first = (tmp_path / folder / name), (made / folder / name)
        assert again.read_bytes() == first.read_bytes(), name


def test_the_zarr_copy_of_the_nd2_is_made(made: Path) -> None:
    if importlib.util.find_spec("nd2") is None:
        assert not (made / CLUSTER).exists()
        return
    assert files_below(made / CLUSTER) == files_below(SAMPLES / CLUSTER)
    check_zarr(made / CLUSTER, SAMPLES / CLUSTER)


def test_the_ecoli_are_those_of_the_package(tmp_path: Path) -> None:
    stack = np.stack(
        [
            [
                tifffile.imread(SAMPLES / ECOLI / f"ecoli_C{c}_T{t}.ome.tif")
                for t in range(TIMES)
            ]
            for c in range(3)
        ]
    )
    assert digest(stack.astype("<u2").tobytes()) == ECOLI_PIXELS
    write_companion_set(tmp_path, stack)
    assert files_below(tmp_path) == files_below(SAMPLES / ECOLI)
    for name in files_below(tmp_path):
        if name.endswith(".tif"):
            check_tiff(tmp_path / name, SAMPLES / ECOLI / name)
        else:
            assert (tmp_path / name).read_bytes() == (SAMPLES / ECOLI / name).read_bytes()


def test_broken_ones_are_copies_of_the_whole_ones(tmp_path: Path) -> None:
    for folder in ("tiff-channels-cells", "png-cells", "ome-tiff-plate-cells"):
        shutil.copytree(SAMPLES / folder, tmp_path / folder)
    broken(tmp_path)
    assert files_below(tmp_path / "broken") == files_below(SAMPLES / "broken")
    for name in files_below(tmp_path / "broken"):
        wanted = (SAMPLES / "broken" / name).read_bytes()
        assert (tmp_path / "broken" / name).read_bytes() == wanted


MARCH = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("first", "t_c_z_y_x", "um", "channel"),
    [
        ("ome-tiff-pyramid/slide.ome.tiff", (1, 3, 1, 4000, 5000), 0.25, ("DAPI", "3F7FFF")),
        (
            "ome-tiff-timelapse/timelapse.ome.tif",
            (5, 2, 4, 128, 128),
            0.32,
            ("H2B-mCherry", "FF3050"),
        ),
        (
            "ome-tiff-plate-cells/plate.companion.ome",
            (1, 3, 1, 256, 256),
            0.65,
            ("DAPI", "3F7FFF"),
        ),
        (
            "ome-tiff-multifile-organoid/organoid_C1.ome.tif",
            (1, 3, 1, 512, 512),
            0.48,
            ("Hoechst 33342", "3F7FFF"),
        ),
        (
            "ome-zarr-v05-organoid/organoid.ome.zarr/zarr.json",
            (1, 3, 1, 512, 512),
            0.48,
            ("Hoechst 33342", "3F7FFF"),
        ),
    ],
)
def test_metadata_is_as_microscopes_write_it(
    opener: Opener, first: str, t_c_z_y_x: tuple[int, ...], um: float, channel: tuple[str, str]
) -> None:
    header = opener(SAMPLES / first, SAMPLES / Path(first).parts[0]).images[0].header
    level = header.levels[0]
    sizes = (header.size_t, header.size_c, header.size_z, level.size_y, level.size_x)
    assert sizes == t_c_z_y_x
    assert header.pixel_size_um[1:] == (um, um)
    assert (header.channels[0].name, header.channels[0].color) == channel
    if "zarr" not in first:
        assert header.acquired_at is not None
        assert header.acquired_at > MARCH
