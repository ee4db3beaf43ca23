"""An OME-Zarr that is made in portions: the same bytes as in one go, in any order."""

from __future__ import annotations

from math import prod
from pathlib import Path

import numpy as np
import pytest

from transferapp import errors
from transferapp.conversion.ome_zarr import OmeZarr
from transferapp.conversion.ome_zarr_documents import OmeZarrVersion
from transferapp.conversion.port import MadeFile
from transferapp.conversion.pyramid import Five, Pyramid
from transferapp.testing.cut_images import image_of, noise
from transferapp.testing.form_suite import files_of, nothing

#: Two shards of level 0 in a row, a portion of one; and three levels above.
SHAPES: list[Five] = [(1, 2, 1, 4500, 4100), (2, 1, 5, 700, 1500), (1, 1, 1, 90, 9000)]


def folders(root: Path) -> tuple[Path, Path]:
    """Return folders for files and notes."""
    for name in ("files", "notes"):
        (root / name).mkdir(parents=True)
    return root / "files", root / "notes"


def contents(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files_of(folder)}


@pytest.mark.parametrize("version", list(OmeZarrVersion))
@pytest.mark.parametrize("most_pixels", [1 << 22, 1 << 24])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
async def test_the_same_bytes_as_in_one_go(
    tmp_path: Path, shape: Five, most_pixels: int, version: OmeZarrVersion
) -> None:
    """Also where a portion is made twice; each tells of all its files."""
    pixels = noise(shape, "uint16")
    pixels[..., : shape[3] // 2, : shape[4] // 2] = 0
    image, form = image_of(pixels), OmeZarr(version)
    files, notes = folders(tmp_path)
    whole = tmp_path / "whole"
    whole.mkdir()
    await form.write(image, whole, nothing)
    made = form.portions(image, most_pixels)
    assert made is not None
    await made.begin(files)
    order = [*reversed(range(made.count)), made.count // 2]
    told: dict[str, MadeFile] = {}
    for number in order:
        again = OmeZarr(version).portions(image, most_pixels)
        assert again is not None
        told |= await again.write(number, files, notes, nothing)
    lower = contents(files)
    assert told.keys() == {
        name for name in lower if "zarr.json" not in name and "/." not in name
    }
    assert all(len(lower[name]) == told[name].size_bytes for name in told)
    await made.finish(files, notes, nothing)
    assert contents(files) == contents(whole)
    await form.verify(image, files, nothing)


@pytest.mark.parametrize("shape", [*SHAPES, (1, 3, 1, 60_000, 60_000), (3, 2, 900, 512, 512)])
@pytest.mark.parametrize("most_pixels", [1 << 22, 1 << 24, 1 << 26])
def test_portions_are_all_of_it_once(shape: Five, most_pixels: int) -> None:
    pyramid = Pyramid(shape)
    portions = pyramid.portions(most_pixels)
    assert len({root.level for portion in portions for root in portion}) == 1
    below = [shard for portion in portions for shard in pyramid.in_order(portion)]
    assert sorted(below, key=repr) == sorted(pyramid.shards(0), key=repr)
    for portion in portions:
        pixels = sum(map(pyramid.full_size, portion))
        assert pixels == sum(prod(shard.shape) for shard in pyramid.in_order(portion))
        assert pixels <= most_pixels or len(portion) == 1


async def test_half_of_it_is_no_image(tmp_path: Path) -> None:
    """The document of the whole comes last, and nothing is finished without all portions."""
    files, notes = folders(tmp_path)
    made = OmeZarr().portions(image_of(noise((1, 2, 1, 2500, 2100), "uint8")), 1 << 22)
    assert made is not None
    await made.begin(files)
    for number in range(made.count - 1):
        await made.write(number, files, notes, nothing)
    with pytest.raises(errors.ChecksumMismatch):
        await made.finish(files, notes, nothing)
    assert not list(files.glob("*/zarr.json"))


async def test_a_portion_is_read_back(tmp_path: Path) -> None:
    """What the disk gives back otherwise than it was written is found before it counts."""
    files, notes = folders(tmp_path)
    made = OmeZarr().portions(image_of(noise((1, 1, 1, 2500, 2100), "uint8")), 1 << 22)
    assert made is not None
    await made.begin(files)

    def damage(share: float) -> None:
        for path in files.rglob("c/0/0/0/0/0") if share > 0.55 else ():
            content = np.fromfile(path, np.uint8)
            content[1000] ^= 1
            content.tofile(path)

    with pytest.raises(errors.ChecksumMismatch):
        await made.write(0, files, notes, damage)


async def test_a_portion_that_is_stopped_leaves_no_half_file(tmp_path: Path) -> None:
    files, notes = folders(tmp_path)
    image = image_of(noise((1, 1, 1, 2500, 2100), "uint8"))
    made = OmeZarr().portions(image, 1 << 24)
    assert made is not None
    await made.begin(files)

    def stop(share: float) -> None:
        if share > 0.3:
            raise errors.Cancelled

    with pytest.raises(errors.Cancelled):
        await made.write(0, files, notes, stop)
    before = contents(files)
    await made.write(0, files, notes, nothing)
    after = contents(files)
    assert before.items() <= after.items()
    assert len(before) < len(after)
