"""Folders and buckets against the contract of places, and what is only one's."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from typing_extensions import override

from tests.support.places import (
    put_into_bucket,
    seen_in_bucket,
    uploads_in,
    weed_server,
)
from tests.support.small_disks import small_disk
from transferapp.errors import (
    Denied,
    DestinationUnwritable,
    PlaceUnavailable,
    StorageFull,
)
from transferapp.places.port import BroughtFile, FacilityPlace, Spot
from transferapp.places.settings import PlaceSettings
from transferapp.places.stores.accounts import Accounts, SystemAccounts
from transferapp.places.stores.folder import FolderPlace
from transferapp.places.wiring import open_place
from transferapp.testing.place_suite import (
    CONTENT,
    PlaceSuite,
    Put,
    Seen,
    a_file,
    a_spot,
    bring,
    pieces,
)

obstore = pytest.importorskip("obstore")
__all__ = ["weed_server"]


class TestFolder(PlaceSuite):
    """A folder, whose files stay the worker's."""

    @pytest.fixture
    def place(self, tmp_path: Path) -> FacilityPlace:
        return FolderPlace("cluster", tmp_path, Accounts())

    @pytest.fixture
    def seen(self, tmp_path: Path) -> Seen:
        async def seen(username: str) -> dict[str, bytes]:
            home = tmp_path / username
            found = (path for path in home.rglob("*") if path.is_file())
            return {path.relative_to(home).as_posix(): path.read_bytes() for path in found}

        return seen

    @pytest.fixture
    def put(self, tmp_path: Path) -> Put:
        async def put(username: str, path: str, content: bytes) -> None:
            (tmp_path / username / path).write_bytes(content)

        return put


class TestBucket(PlaceSuite):
    """A bucket in memory."""

    @pytest.fixture
    def store(self) -> object:
        return obstore.store.MemoryStore()

    @pytest.fixture
    def place(self, store: object) -> FacilityPlace:
        from transferapp.places.stores.bucket import BucketPlace  # noqa: PLC0415 - an extra

        return BucketPlace("lake", store)  # type: ignore[arg-type]

    @pytest.fixture
    def seen(self, store: object) -> Seen:
        return seen_in_bucket(store)

    @pytest.fixture
    def put(self, store: object) -> Put:
        return put_into_bucket(store)


@pytest.mark.slow
@pytest.mark.timeout(300)
class TestS3(TestBucket):
    """A bucket of a real object store (SeaweedFS)."""

    @pytest.fixture
    def settings(self, weed_server: PlaceSettings, tmp_path: Path) -> PlaceSettings:
        return weed_server.model_copy(
            update={"bucket": f"{weed_server.bucket}/{tmp_path.name}"}
        )

    @pytest.fixture
    @override
    def place(self, settings: PlaceSettings) -> FacilityPlace:
        return open_place("lake", settings)

    @pytest.fixture
    @override
    def store(self, place: FacilityPlace) -> object:
        return place._store  # type: ignore[attr-defined]

    async def test_a_file_of_many_parts(self, place: FacilityPlace) -> None:
        content = os.urandom(80 << 20)
        spot, file = a_spot(), a_file("big.tif", content)
        await place.write(spot, file, 0, pieces(content, 1 << 20))
        assert await place.begun(spot, file) == len(content)
        assert await place.sha1(spot, file) == file.sha1

    async def test_what_a_killed_attempt_left_is_ended(self, place: FacilityPlace) -> None:
        """By the next attempt, and by whoever gives up; another's upload goes on."""
        content = os.urandom(80 << 20)
        mine, other, file = a_spot(), a_spot("bob"), a_file("big.tif", content)
        for spot in (mine, other):
            await _half(place, spot, file, content)
        assert len(await uploads_in(place)) == 2
        await place.write(mine, file, 0, pieces(content, 1 << 20))
        assert await place.sha1(mine, file) == file.sha1
        [left] = await uploads_in(place)
        assert "/bob/" in left
        await place.discard(other)
        assert await uploads_in(place) == []
        assert await place.sha1(mine, file) == file.sha1

    async def test_wrong_credentials_ask_a_person(
        self, settings: PlaceSettings, tmp_path: Path
    ) -> None:
        wrong = tmp_path / "wrong.toml"
        wrong.write_text('access_key_id = "nobody"\nsecret_access_key = "nothing-at-all"\n')
        wrong.chmod(0o600)
        place = open_place("lake", settings.model_copy(update={"credentials_file": wrong}))
        with pytest.raises(Denied):
            await place.check()

    async def test_nobody_answers(self, settings: PlaceSettings) -> None:
        away = settings.model_copy(update={"endpoint": "http://127.0.0.1:9"})
        with pytest.raises(PlaceUnavailable):
            await open_place("lake", away).check()


async def _half(place: FacilityPlace, spot: Spot, file: BroughtFile, content: bytes) -> None:
    """Write until parts are there, and stop as one who is killed."""
    sent = asyncio.Event()

    async def stuck() -> AsyncIterator[bytes]:
        async for piece in pieces(content[: 70 << 20], 1 << 20):
            yield piece
        sent.set()
        await asyncio.sleep(600)

    writing = asyncio.create_task(place.write(spot, file, 0, stuck()))
    await asyncio.wait_for(sent.wait(), 120)
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)


async def test_a_folder_that_is_missing_is_away_and_not_made(tmp_path: Path) -> None:
    place = FolderPlace("cluster", tmp_path / "scratch", Accounts())
    with pytest.raises(PlaceUnavailable, match="'cluster' is away"):
        await place.check()
    with pytest.raises(PlaceUnavailable):
        await place.write(a_spot(), a_file(), 0, pieces())
    assert not (tmp_path / "scratch").exists()


async def test_nothing_counts_as_removed_from_a_disk_that_is_away(tmp_path: Path) -> None:
    place = FolderPlace("cluster", tmp_path / "scratch", Accounts())
    (tmp_path / "scratch").mkdir()
    spot = a_spot()
    files, mark = await bring(place, spot, {"a.tif": b"a"})
    (tmp_path / "scratch").rename(tmp_path / "unmounted")
    (tmp_path / "scratch").mkdir()
    with pytest.raises(PlaceUnavailable):
        await place.remove(spot, files, mark)


async def test_what_grows_is_seen_by_the_worker_only(tmp_path: Path) -> None:
    place = FolderPlace("cluster", tmp_path, Accounts())
    spot = a_spot()
    await place.write(spot, a_file(), 0, pieces())
    assert {path.parts[len(tmp_path.parts)] for path in _below(tmp_path)} == {".transferapp"}
    assert (tmp_path / ".transferapp").stat().st_mode & 0o077 == 0
    await bring(place, a_spot("bob"), {"a.tif": b"a"})
    assert (tmp_path / "bob").stat().st_mode & 0o077 == 0


@pytest.mark.export_bad_input
async def test_a_full_disk_is_told_and_gone_on_with(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        place = FolderPlace("cluster", disk, Accounts())
        spot = a_spot()
        big = b"x" * (64 << 20)
        with pytest.raises(StorageFull, match="'cluster' is full"):
            await place.write(spot, a_file("big", big), 0, pieces(big, 1 << 20))
        assert await place.begun(spot, a_file("big", big)) < len(big)
        await place.discard(spot)
        await bring(place, spot, {"a.tif": CONTENT})


async def test_no_link_of_a_person_is_followed(tmp_path: Path) -> None:
    """Her folders are hers: what she puts in the way leads nowhere."""
    root, outside = tmp_path / "root", tmp_path / "outside"
    for folder in (root, root / "ada", outside):
        folder.mkdir()
    place = FolderPlace("cluster", root, Accounts())
    (root / "ada" / "My export").symlink_to(outside)
    with pytest.raises(DestinationUnwritable):
        await bring(place, a_spot(), {"a.tif": b"a"})
    (root / "ada" / "My export").unlink()
    (root / "ada" / "My export").mkdir()
    (root / "ada" / "My export" / "12 cells").symlink_to(outside)
    (outside / "a.tif").write_bytes(b"a")
    spot = a_spot()
    os.utime(outside / "a.tif", ns=(0, 0))
    with pytest.raises(DestinationUnwritable):
        await place.remove(spot, [a_file("a.tif", b"a")], "0")
    assert [path.name for path in outside.iterdir()] == ["a.tif"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
async def test_files_become_their_persons(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts = {"ada": 4001, "bob": 4002}
    monkeypatch.setattr("transferapp.places.stores.accounts.pwd", _Accounts(accounts))
    place = FolderPlace("cluster", tmp_path, SystemAccounts())
    await place.check()
    spot = a_spot()
    files, mark = await bring(place, spot, {"a.zarr/zarr.json": b"{}", "b.tif": b"b"})
    found = [tmp_path / "ada", *(tmp_path / "ada").rglob("*")]
    assert len(found) == 6
    assert {(path.stat().st_uid, path.stat().st_gid) for path in found} == {(4001, 5000)}
    await bring(place, a_spot("bob"), {"a.tif": b"b"})
    assert (tmp_path / "bob").stat().st_uid == 4002
    with pytest.raises(Denied, match="no account 'eve'"):
        await bring(place, a_spot("eve"), {"a.tif": b"b"})
    # Again, with what is hers now.
    await bring(place, a_spot(inside="13"), {"a.tif": b"b"})
    assert await place.remove(spot, files, mark) == 0
    assert not (tmp_path / "ada" / "My export" / "12 cells").exists()


def _below(folder: Path) -> list[Path]:
    return list(folder.rglob("*"))


class _Accounts:
    def __init__(self, accounts: dict[str, int]) -> None:
        self._accounts = accounts

    def getpwnam(self, name: str) -> SimpleNamespace:
        return SimpleNamespace(pw_uid=self._accounts[name], pw_gid=5000)
