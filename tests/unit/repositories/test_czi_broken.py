"""CZI that is cut short, broken, or beyond what can be read: told in a sentence."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.czi_files import Tile, plane, write_czi
from tests.support.local_images import Opener, first_pixels, opener, whole_plane
from transferapp.errors import DamagedFile, UnsupportedFile

__all__ = ["opener"]

pytest.importorskip("pylibCZIrw.czi", reason="needs the extra 'readers'")


@pytest.mark.parametrize("directory_first", [False, True])
@pytest.mark.parametrize("keep", [0.2, 0.6, 0.99])
def test_a_file_that_was_cut_short_is_damaged(
    opener: Opener, tmp_path: Path, keep: float, directory_first: bool
) -> None:
    tiles = [Tile(plane(t + 1), {"T": t}) for t in range(5)]
    path = write_czi(tmp_path / "cut.czi", tiles, directory_first=directory_first)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    with pytest.raises(DamagedFile, match=r"'cut\.czi' is damaged.*missing\)") as caught:
        opener.only_image(path)
    assert str(tmp_path) not in caught.value.message


def test_no_subblocks_and_no_full_size_are_reported(opener: Opener, tmp_path: Path) -> None:
    with pytest.raises(DamagedFile, match="holds no image"):
        opener(write_czi(tmp_path / "a.czi", []))
    small = Tile(plane(1), size=(64, 96))
    with pytest.raises(UnsupportedFile, match="smaller versions"):
        opener(write_czi(tmp_path / "b.czi", [small]))


def test_a_hole_in_the_middle_is_damage(opener: Opener, tmp_path: Path) -> None:
    path = write_czi(tmp_path / "a.czi", [Tile(plane(t), {"T": t}) for t in range(5)])
    content = bytearray(path.read_bytes())
    at = content.index(b"ZISRAWSUBBLOCK", 6000)
    content[at : at + 64] = bytes(64)
    path.write_bytes(content)
    with pytest.raises(DamagedFile, match="pixel data are missing"):
        opener.only_image(path)


def test_a_file_that_was_never_closed_states_so(opener: Opener, tmp_path: Path) -> None:
    path = write_czi(tmp_path / "a.czi", [Tile(plane(1))])
    content = bytearray(path.read_bytes())
    content[84:92] = bytes(8)
    path.write_bytes(content)
    with pytest.raises(DamagedFile, match="never finished writing"):
        opener(path)


@pytest.mark.parametrize("at", [20, 100, 560, -700, -300])
def test_nonsense_is_damage_or_ignored(opener: Opener, tmp_path: Path, at: int) -> None:
    path = write_czi(tmp_path / "a.czi", [Tile(plane(t), {"T": t}) for t in range(3)])
    content = bytearray(path.read_bytes())
    content[at : at + 40] = b"\xff" * 40
    path.write_bytes(content)
    # Whatever it says: it is an error of ours or none.
    with suppress(DamagedFile, UnsupportedFile):
        for image in opener(path).images:
            image.check()
            whole_plane(image)


@pytest.mark.parametrize(
    "far", [Tile(plane(2), {"C": 2_000_000_000}), Tile(plane(2), x=2_000_000_000)]
)
def test_coordinates_beyond_all_bounds_are_damage(
    opener: Opener, tmp_path: Path, far: Tile
) -> None:
    with pytest.raises(DamagedFile, match="makes no sense"):
        opener(write_czi(tmp_path / "a.czi", [Tile(plane(1)), far]))


def test_a_part_of_several_files_is_reported(opener: Opener, tmp_path: Path) -> None:
    tiles = [Tile(plane(1), {"V": 0}), Tile(plane(2), {"V": 1}, file_part=1)]
    path = write_czi(tmp_path / "a.czi", tiles)
    content = path.read_bytes()
    # The second part's pixels are not in this file.
    path.write_bytes(content.replace(b"ZISRAWSUBBLOCK", b"ELSEWHERE     "))
    _, second = opener(path).images
    with pytest.raises(UnsupportedFile, match="several files"):
        second.check()


@pytest.mark.parametrize(
    "pixels", [np.zeros((4, 5, 4), "uint8"), np.zeros((4, 5), "int32")], ids=["bgra", "int32"]
)
def test_pixel_types_that_the_library_lacks_are_reported(
    opener: Opener, tmp_path: Path, pixels: Any
) -> None:
    with pytest.raises(UnsupportedFile, match=r"'a\.czi'.*Export it from ZEN"):
        opener(write_czi(tmp_path / "a.czi", [Tile(pixels)]))


@pytest.mark.parametrize("xml", ["<Information><Image>", "<!ENTITY a 'b'>", "\x00\xff"])
def test_broken_metadata_refuse_no_pixels(opener: Opener, tmp_path: Path, xml: str) -> None:
    image = opener.only_image(write_czi(tmp_path / "a.czi", [Tile(plane(9))], xml))
    assert first_pixels(image) == [9]


def test_the_file_is_closed_with_its_fileset(opener: Opener, tmp_path: Path) -> None:
    path = write_czi(tmp_path / "a.czi", [Tile(plane(9))])
    fileset = opener(path)
    open_files = Path("/proc/self/fd")
    if sys.platform != "linux":
        return

    def is_open() -> bool:
        links = [fd.readlink() for fd in open_files.iterdir() if fd.is_symlink()]
        return path in links

    assert is_open()
    fileset.close()
    assert not is_open()
