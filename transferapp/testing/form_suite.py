"""What every form must do, as tests to inherit.

A subclass gives the fixture ``form`` and ``read_back``, which reads with a library of others
what was written. ``form`` may be asked for once more in a test by ``another``.
"""

from __future__ import annotations

import asyncio
import threading
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from pathvalidate import is_valid_filename

from transferapp import errors
from transferapp.conversion.port import Form
from transferapp.model.export_specs import Cut, Span
from transferapp.model.images import Level, TileRegion
from transferapp.testing.cut_images import CHANNELS, PIXEL_SIZE_UM, ArrayReader, image_of, noise

#: Blocks that are read at once, at most.
MOST_READS = 8
#: t, c, z, y, x: one pixel, 5D, odd sizes, more than one tile and more than one shard.
SHAPES = [
    (1, 1, 1, 1, 1),
    (2, 3, 2, 37, 40),
    (1, 2, 3, 513, 700),
    (1, 1, 1, 2100, 531),
    (1, 2, 1, 3, 4501),
]
DTYPES = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64"]


@dataclass(frozen=True)
class ReadBack:
    """What a file says of an image: pixels t, c, z, y, x; sizes z, y, x; ``RRGGBB``."""

    pixels: npt.NDArray[Any]
    pixel_size_um: tuple[float | None, float | None, float | None]
    channel_names: tuple[str, ...]
    channel_colors: tuple[str, ...]
    time_step_s: float | None


def nothing(_share: float) -> None:
    """Listen to nothing."""


class FormSuite(ABC):
    """The behaviour of the port ``conversion.port.Form``."""

    @abstractmethod
    def read_back(self, folder: Path) -> ReadBack:
        """Read the one image that was written into ``folder``, at full size."""

    @abstractmethod
    def make(self) -> Form:
        """Return a form that remembers nothing of others."""

    @pytest.fixture
    def form(self) -> Form:
        """Return the form that is tested."""
        return self.make()

    @pytest.mark.parametrize("shape", SHAPES, ids=str)
    @pytest.mark.parametrize("dtype", ["uint16", "float32"])
    async def test_pixels_of_any_size(
        self, form: Form, tmp_path: Path, shape: tuple[int, int, int, int, int], dtype: str
    ) -> None:
        """They are the image's, and so does verify find them."""
        pixels = noise(shape, dtype)
        await form.write(image_of(pixels), tmp_path, nothing)
        found = self.read_back(tmp_path).pixels
        assert found.dtype == pixels.dtype
        np.testing.assert_array_equal(found, pixels)
        await form.verify(image_of(pixels), tmp_path, nothing)

    @pytest.mark.parametrize("dtype", DTYPES)
    async def test_pixels_of_any_type(self, form: Form, tmp_path: Path, dtype: str) -> None:
        """Also the least and the greatest value."""
        pixels = noise((1, 2, 1, 600, 530), dtype)
        await form.write(image_of(pixels), tmp_path, nothing)
        np.testing.assert_array_equal(self.read_back(tmp_path).pixels, pixels)

    async def test_black_and_special_values(self, form: Form, tmp_path: Path) -> None:
        """Zeros are there, also those with a sign; so is what is no number."""
        pixels = np.zeros((1, 3, 1, 1030, 600), "float32")
        pixels[0, 1] = -0.0
        pixels[0, 2, 0, 5, :4] = [np.nan, np.inf, -np.inf, -0.0]
        await form.write(image_of(pixels), tmp_path, nothing)
        found = self.read_back(tmp_path).pixels
        assert found.tobytes() == pixels.tobytes()
        await self.make().verify(image_of(pixels), tmp_path, nothing)

    async def test_what_is_known_of_it(self, form: Form, tmp_path: Path) -> None:
        """Physical sizes, names and colours of the channels."""
        await form.write(image_of(noise((1, 3, 2, 50, 60), "uint8")), tmp_path, nothing)
        found = self.read_back(tmp_path)
        assert found.pixel_size_um == pytest.approx(PIXEL_SIZE_UM)
        assert found.channel_names == tuple(channel.name for channel in CHANNELS)
        assert found.channel_colors == ("0000FF", "00FF00", "FF0000")

    async def test_the_step_in_time(self, form: Form, tmp_path: Path) -> None:
        """Half a minute; of a part it is the same."""
        cut = Cut(t=Span(1, 2))
        for number, one in enumerate((None, cut)):
            folder = tmp_path / str(number)
            folder.mkdir()
            pixels = noise((3, 1, 1, 50, 60), "uint8")
            await form.write(image_of(pixels, cut=one, time_step_s=30.5), folder, nothing)
            assert self.read_back(folder).time_step_s == pytest.approx(30.5)

    async def test_what_is_not_known_of_it(self, form: Form, tmp_path: Path) -> None:
        """No size is made up, and there are as many channels as there are."""
        image = image_of(
            noise((1, 2, 1, 50, 60), "uint8"), channels=(), pixel_size_um=(None, 0.5, None)
        )
        await form.write(image, tmp_path, nothing)
        found = self.read_back(tmp_path)
        assert list(found.pixel_size_um) == [None, pytest.approx(0.5), None]
        assert found.time_step_s is None
        assert found.pixels.shape[1] == 2

    async def test_a_part_of_an_image(self, form: Form, tmp_path: Path) -> None:
        """Planes, channels in the order that was asked for, a rectangle."""
        pixels = noise((3, 3, 4, 90, 80), "uint16")
        cut = Cut(0, Span(1, 2), Span(2, 1), Span(10, 33), Span(7, 51), (2, 0))
        await form.write(image_of(pixels, cut=cut), tmp_path, nothing)
        found = self.read_back(tmp_path)
        wanted = pixels[1:3][:, [2, 0], 2:3, 10:43, 7:58]
        np.testing.assert_array_equal(found.pixels, wanted)
        assert found.channel_names == ("Cy5", "DAPI")
        await form.verify(image_of(pixels, cut=cut), tmp_path, nothing)

    async def test_a_smaller_level(self, form: Form, tmp_path: Path) -> None:
        """Its pixels are larger."""
        pixels = noise((1, 1, 1, 90, 80), "uint8")
        image = image_of(pixels, cut=Cut(level=1), levels=(Level(45, 40),))
        await form.write(image, tmp_path, nothing)
        found = self.read_back(tmp_path)
        np.testing.assert_array_equal(found.pixels, pixels[..., ::2, ::2])
        assert found.pixel_size_um == pytest.approx((2.0, 1.0, 0.5))

    @pytest.mark.parametrize("name", ["a/b:c*?.tif", "CON", "..", "", "x" * 300, "\u00e9 \n."])
    async def test_a_name_that_any_disk_stores(
        self, form: Form, tmp_path: Path, name: str
    ) -> None:
        """One file or folder, also under Windows."""
        image = image_of(noise((1, 1, 1, 5, 6), "uint8"), name=name)
        await form.write(image, tmp_path, nothing)
        (made,) = {path.relative_to(tmp_path).parts[0] for path in files_of(tmp_path)}
        assert is_valid_filename(made, platform="universal")
        assert not made.startswith(".")
        await form.verify(image, tmp_path, nothing)

    async def test_no_pixel_is_read_twice(self, form: Form, tmp_path: Path) -> None:
        """The repository is asked once for each."""
        pixels = noise((1, 2, 2, 1200, 2100), "uint8")
        read = ArrayReader(pixels)
        await form.write(image_of(pixels, read=read), tmp_path, nothing)
        asked = np.zeros(pixels.shape, int)
        for one in read.regions:
            rows = slice(one.y, one.y + one.height)
            asked[one.t, one.c, one.z, rows, one.x : one.x + one.width] += 1
        assert (asked == 1).all()

    async def test_a_slow_repository_does_not_fill_the_memory(
        self, form: Form, tmp_path: Path
    ) -> None:
        """A few blocks are read at a time, and they are no large ones."""
        pixels = noise((1, 3, 4, 1500, 3000), "uint8")
        plain, running, most = ArrayReader(pixels), 0, 0

        async def slow(region: TileRegion) -> npt.NDArray[np.generic]:
            nonlocal running, most
            running += 1
            most = max(most, running)
            await asyncio.sleep(0.002)
            running -= 1
            return await plain(region)

        await form.write(image_of(pixels, read=slow), tmp_path, nothing)
        assert most <= MOST_READS
        assert max(one.height * one.width for one in plain.regions) <= 2048 * 2048

    async def test_how_far_it_is(self, form: Form, tmp_path: Path) -> None:
        """The share grows to 1, of writing and of verifying."""
        image = image_of(noise((1, 3, 2, 600, 2100), "uint8"))
        for work in (form.write, form.verify):
            shares: list[float] = []
            await work(image, tmp_path, shares.append)
            assert shares == sorted(shares)
            assert shares[-1] == pytest.approx(1.0)
            assert all(0 <= share <= 1 for share in shares)

    async def test_it_stops_when_asked_to(self, form: Form, tmp_path: Path) -> None:
        """The listener's Cancelled comes out as it is, and no thread is left."""
        image = image_of(noise((1, 3, 4, 600, 2100), "uint8"))
        before = set(threading.enumerate())

        def stop(_share: float) -> None:
            raise errors.Cancelled

        with pytest.raises(errors.Cancelled):
            await form.write(image, tmp_path, stop)
        assert left_over(before) == []

    async def test_its_task_is_cancelled(self, form: Form, tmp_path: Path) -> None:
        """As a worker does that is stopped."""
        pixels = noise((1, 3, 4, 600, 2100), "uint8")
        plain, reading = ArrayReader(pixels), asyncio.Event()

        async def stuck(region: TileRegion) -> npt.NDArray[np.generic]:
            if len(plain.regions) > 1:
                reading.set()
                await asyncio.sleep(60)
            return await plain(region)

        before = set(threading.enumerate())
        task = asyncio.create_task(form.write(image_of(pixels, read=stuck), tmp_path, nothing))
        await reading.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert left_over(before) == []

    @pytest.mark.parametrize("error", [errors.DamagedFile, errors.RepositoryUnavailable])
    async def test_a_plane_that_cannot_be_read(
        self, form: Form, tmp_path: Path, error: type[errors.TransferAppError]
    ) -> None:
        """The repository's own error comes out, of writing."""
        pixels = noise((1, 3, 4, 60, 70), "uint8")
        plain = ArrayReader(pixels)

        async def torn(region: TileRegion) -> npt.NDArray[np.generic]:
            if region.z == 2:
                raise error
            return await plain(region)

        before = set(threading.enumerate())
        with pytest.raises(error):
            await form.write(image_of(pixels, read=torn), tmp_path, nothing)
        assert left_over(before) == []

    async def test_a_plane_that_is_cut_short(self, form: Form, tmp_path: Path) -> None:
        """Missing pixels are not made up."""
        pixels = noise((1, 2, 1, 60, 70), "uint8")
        plain = ArrayReader(pixels)

        async def short(region: TileRegion) -> npt.NDArray[np.generic]:
            return (await plain(region))[:1]

        with pytest.raises(errors.DamagedFile):
            await form.write(image_of(pixels, read=short), tmp_path, nothing)

    @pytest.mark.parametrize("again", [False, True])
    async def test_a_changed_byte_is_found(
        self, form: Form, tmp_path: Path, *, again: bool
    ) -> None:
        """By who wrote it, and by another worker after a crash."""
        image = image_of(noise((1, 1, 1, 700, 600), "uint16"))
        await form.write(image, tmp_path, nothing)
        largest = max(files_of(tmp_path), key=lambda path: path.stat().st_size)
        content = bytearray(largest.read_bytes())
        content[len(content) // 2] ^= 0x10
        largest.write_bytes(content)
        checker = self.make() if again else form
        with pytest.raises(errors.ChecksumMismatch):
            await checker.verify(image, tmp_path, nothing)

    async def test_what_is_gone_is_found(self, form: Form, tmp_path: Path) -> None:
        """A file that was lost between writing and verifying."""
        image = image_of(noise((1, 1, 1, 700, 600), "uint16"))
        await form.write(image, tmp_path, nothing)
        for path in files_of(tmp_path):
            path.unlink()
        with pytest.raises(errors.ChecksumMismatch):
            await form.verify(image, tmp_path, nothing)

    async def test_after_a_crash_it_is_verified_by_another(
        self, form: Form, tmp_path: Path
    ) -> None:
        """Who remembers nothing asks the repository again."""
        pixels = noise((2, 2, 1, 700, 600), "int16")
        await form.write(image_of(pixels), tmp_path, nothing)
        await self.make().verify(image_of(pixels), tmp_path, nothing)
        other = pixels.copy()
        other[1, 1, 0, 699, 599] ^= 1
        with pytest.raises(errors.ChecksumMismatch):
            await self.make().verify(image_of(other), tmp_path, nothing)


def files_of(folder: Path) -> list[Path]:
    """Return all files that were made."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def left_over(before: set[threading.Thread]) -> list[str]:
    """Return the threads that were not there; those of the event loop's pool may stay."""
    new = set(threading.enumerate()) - before
    return [thread.name for thread in new if not thread.name.startswith("asyncio_")]
