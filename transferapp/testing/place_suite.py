"""What every place must do; subclass it with a ``place`` fixture."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from transferapp.errors import NameTaken, NoSuchFile, RepositoryUnavailable
from transferapp.places.port import BroughtFile, FacilityPlace, Spot

#: Reads all files below a person's folder; puts one there, as she would.
Seen = Callable[[str], Awaitable[dict[str, bytes]]]
Put = Callable[[str, str, bytes], Awaitable[None]]

CONTENT = b"0123456789" * 1000


def a_spot(username: str = "ada", inside: str = "12 cells", export: str = "My export") -> Spot:
    """Return where an item of its own goes."""
    return Spot(uuid.uuid4().hex, username, export, inside)


def a_file(path: str = "a.tif", content: bytes = CONTENT) -> BroughtFile:
    """Return what is known of a file."""
    sha1 = hashlib.sha1(content, usedforsecurity=False).hexdigest()
    return BroughtFile(path, len(content), sha1)


async def pieces(content: bytes = CONTENT, each: int = 999) -> AsyncIterator[bytes]:
    """Yield a file's bytes."""
    for start in range(0, len(content), each):
        yield content[start : start + each]


async def bring(
    place: FacilityPlace, spot: Spot, contents: dict[str, bytes]
) -> tuple[list[BroughtFile], str]:
    """Write files and publish them; returns them with their mark."""
    files = [a_file(path, content) for path, content in contents.items()]
    for file, content in zip(files, contents.values(), strict=True):
        await place.write(spot, file, 0, pieces(content))
    return files, await place.publish(spot, files)


class PlaceSuite:
    """The behaviour of the port ``places.port.FacilityPlace``, with the fixtures ``seen`` and
    ``put``.
    """

    async def test_it_is_there(self, place: FacilityPlace) -> None:
        await place.check()

    async def test_what_is_brought_is_there(self, place: FacilityPlace, seen: Seen) -> None:
        spot = a_spot()
        contents = {"a.ome.zarr/zarr.json": b"{}", "a.ome.zarr/c/0": CONTENT, "empty": b""}
        assert await place.is_free(spot)
        files, mark = await bring(place, spot, contents)
        assert not await place.is_free(spot)
        assert await place.publish(spot, files) == mark
        expected = {f"My export/12 cells/{path}": text for path, text in contents.items()}
        assert await seen("ada") == expected

    async def test_it_is_read_back(self, place: FacilityPlace) -> None:
        spot, file = a_spot(), a_file()
        with pytest.raises(NoSuchFile):
            await place.sha1(spot, file)
        await place.write(spot, file, 0, pieces())
        assert await place.sha1(spot, file) == file.sha1

    async def test_a_file_goes_on_where_it_was(self, place: FacilityPlace) -> None:
        """Or from its begin: never with a hole, never with something twice."""
        spot, file = a_spot(), a_file()
        assert await place.begun(spot, file) == 0
        with pytest.raises(RepositoryUnavailable):
            await place.write(spot, file, 0, _broken(CONTENT[:5000]))
        begun = await place.begun(spot, file)
        assert begun in {0, 5000} or begun < len(CONTENT)
        await place.write(spot, file, begun, pieces(CONTENT[begun:]))
        assert await place.begun(spot, file) == len(CONTENT)
        assert await place.sha1(spot, file) == file.sha1

    async def test_what_is_half_there_has_no_name(
        self, place: FacilityPlace, seen: Seen
    ) -> None:
        spot, file = a_spot(), a_file()
        with pytest.raises(RepositoryUnavailable):
            await place.write(spot, file, 0, _broken(CONTENT[:5000]))
        assert await seen("ada") == {}
        with pytest.raises(NoSuchFile):
            await place.publish(spot, [file])
        assert await seen("ada") == {}

    async def test_nothing_of_somebody_else_is_touched(
        self, place: FacilityPlace, seen: Seen
    ) -> None:
        """One name, two people."""
        hers, his = a_spot("ada"), a_spot("bob")
        await bring(place, hers, {"a.tif": b"hers"})
        files, mark = await bring(place, his, {"a.tif": b"his"})
        assert await seen("ada") == {"My export/12 cells/a.tif": b"hers"}
        assert await seen("bob") == {"My export/12 cells/a.tif": b"his"}
        assert await place.remove(his, files, mark) == 0
        assert await seen("bob") == {}
        assert await seen("ada") == {"My export/12 cells/a.tif": b"hers"}

    async def test_a_taken_name_is_told(self, place: FacilityPlace, seen: Seen) -> None:
        first, second = a_spot(), a_spot()
        await bring(place, first, {"a.tif": b"first"})
        with pytest.raises(NameTaken):
            await bring(place, second, {"a.tif": b"second"})
        assert await seen("ada") == {"My export/12 cells/a.tif": b"first"}

    async def test_what_was_brought_is_removed(self, place: FacilityPlace, seen: Seen) -> None:
        """And can be removed twice."""
        spot, other = a_spot(), a_spot(inside="13 cells")
        files, mark = await bring(place, spot, {"a.tif": b"a", "b/c.tif": b"c"})
        await bring(place, other, {"a.tif": b"a"})
        assert await place.remove(spot, files, mark) == 0
        assert await place.remove(spot, files, mark) == 0
        assert await seen("ada") == {"My export/13 cells/a.tif": b"a"}
        assert await place.is_free(spot)

    async def test_what_a_person_put_there_stays(
        self, place: FacilityPlace, seen: Seen, put: Put
    ) -> None:
        """Beside it, or in its stead."""
        spot = a_spot()
        files, mark = await bring(place, spot, {"a.tif": b"aaaa", "b.tif": b"b"})
        await put("ada", "My export/12 cells/results.csv", b"1,2")
        await put("ada", "My export/12 cells/a.tif", b"mine")
        assert await place.remove(spot, files, mark) == 1
        assert await seen("ada") == {
            "My export/12 cells/results.csv": b"1,2",
            "My export/12 cells/a.tif": b"mine",
        }

    async def test_what_is_begun_is_forgotten(self, place: FacilityPlace) -> None:
        spot, file = a_spot(), a_file()
        await place.discard(spot)
        await place.write(spot, file, 0, pieces())
        await place.discard(spot)
        assert await place.begun(spot, file) == 0
        assert await place.is_free(spot)

    @pytest.mark.parametrize("name", ["ü ß.tif", "a#?%41[1]*.tif", "a b  c.tif", "-rf", "~"])
    async def test_names_stay_as_they_are(
        self, place: FacilityPlace, seen: Seen, name: str
    ) -> None:
        await bring(place, a_spot(), {name: b"x"})
        assert await seen("ada") == {f"My export/12 cells/{name}": b"x"}


async def _broken(content: bytes) -> AsyncIterator[bytes]:
    async for piece in pieces(content, 1000):
        yield piece
    raise RepositoryUnavailable
