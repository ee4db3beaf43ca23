"""What every store of prepared files must do; subclass it with a ``prepared`` fixture."""

from __future__ import annotations

import hashlib
import uuid
from pathlib import Path

import pytest

from transferapp.errors import NoSuchFile
from transferapp.prepared.port import Prepared, PreparedFile


def _sha1(content: bytes) -> str:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


def _write(folder: Path) -> None:
    (folder / "a.zarr" / "c").mkdir(parents=True)
    (folder / "a.zarr" / "zarr.json").write_bytes(b"{}")
    (folder / "a.zarr" / "c" / "0").write_bytes(b"pixels")


class PreparedSuite:
    """The behaviour of the port ``prepared.port.Prepared``."""

    async def test_there_is_room(self, prepared: Prepared) -> None:
        assert await prepared.free_bytes() > 0

    async def test_what_is_published_is_listed_and_found(self, prepared: Prepared) -> None:
        """With sizes and hashes, in one order, also when it is asked again."""
        item = uuid.uuid4().hex
        _write(await prepared.begin(item))
        for _ in range(2):
            files = await prepared.publish(item)
            assert [(one.client_path, one.size_bytes, one.sha1) for one in files] == [
                ("a.zarr/c/0", 6, _sha1(b"pixels")),
                ("a.zarr/zarr.json", 2, _sha1(b"{}")),
            ]
        path = await prepared.path(item, "a.zarr/c/0")
        assert path.read_bytes() == b"pixels"
        assert await prepared.ids() == [item]

    async def test_what_is_not_published_is_nobodys(self, prepared: Prepared) -> None:
        """And is forgotten when it is begun anew."""
        item = uuid.uuid4().hex
        folder = await prepared.begin(item)
        (folder / "half.tif").write_bytes(b"half")
        with pytest.raises(NoSuchFile):
            await prepared.path(item, "half.tif")
        _write(await prepared.begin(item))
        files = await prepared.publish(item)
        assert [one.client_path for one in files] == ["a.zarr/c/0", "a.zarr/zarr.json"]

    async def test_many_make_it_together(self, prepared: Prepared) -> None:
        """They find what was begun, and their notes are nobody else's."""
        item = uuid.uuid4().hex
        with pytest.raises(NoSuchFile):
            await prepared.begun(item)
        folder = await prepared.begin(item)
        begun = await prepared.begun(item)
        assert begun.files == folder
        _write(begun.files)
        (begun.notes / "plan").write_bytes(b"plan")
        assert (await prepared.begun(item)).notes.joinpath("plan").read_bytes() == b"plan"
        known = {"a.zarr/c/0": PreparedFile("a.zarr/c/0", 6, "told")}
        for _ in range(2):
            found = {one.client_path: one.sha1 for one in await prepared.publish(item, known)}
            assert found == {"a.zarr/c/0": "told", "a.zarr/zarr.json": _sha1(b"{}")}
            begun = await prepared.begun(item)
            assert begun.files.joinpath("a.zarr/zarr.json").exists()
            assert begun.notes.joinpath("plan").exists()
        assert await prepared.ids() == [item]
        assert not list((await prepared.begun(item)).files.rglob("plan"))
        await prepared.begin(item)
        assert not list((await prepared.begun(item)).notes.iterdir())
        await prepared.discard(item)
        assert not begun.notes.exists()

    async def test_what_is_known_wrongly_is_read(self, prepared: Prepared) -> None:
        """A file that has another size now was not the one that was told of."""
        item = uuid.uuid4().hex
        _write(await prepared.begin(item))
        known = {"a.zarr/c/0": PreparedFile("a.zarr/c/0", 5, "told")}
        files = await prepared.publish(item, known)
        assert files[0].sha1 == _sha1(b"pixels")

    async def test_what_is_made_anew_replaces_what_was_published(
        self, prepared: Prepared
    ) -> None:
        """Until then the old one is gone: nobody fetches a mixture."""
        item = uuid.uuid4().hex
        _write(await prepared.begin(item))
        await prepared.publish(item)
        folder = await prepared.begin(item)
        with pytest.raises(NoSuchFile):
            await prepared.path(item, "a.zarr/c/0")
        (folder / "b.tif").write_bytes(b"b")
        assert [one.client_path for one in await prepared.publish(item)] == ["b.tif"]

    async def test_what_is_discarded_is_gone(self, prepared: Prepared) -> None:
        """Begun, published, or unknown."""
        begun, published = uuid.uuid4().hex, uuid.uuid4().hex
        await prepared.begin(begun)
        _write(await prepared.begin(published))
        await prepared.publish(published)
        for item in (begun, published, uuid.uuid4().hex, "no id"):
            await prepared.discard(item)
        assert await prepared.ids() == []
        with pytest.raises(NoSuchFile):
            await prepared.path(published, "a.zarr/c/0")
        with pytest.raises(NoSuchFile):
            await prepared.publish(begun)

    @pytest.mark.parametrize("path", ["../x", "a/../../x", "/etc/passwd", "", "."])
    async def test_no_path_leads_outside(self, prepared: Prepared, path: str) -> None:
        """Whatever a ledger says."""
        item = uuid.uuid4().hex
        _write(await prepared.begin(item))
        await prepared.publish(item)
        with pytest.raises(NoSuchFile):
            await prepared.path(item, path)
