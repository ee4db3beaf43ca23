"""What every staging must do; subclass it with a ``staging`` fixture."""

from __future__ import annotations

import asyncio
import hashlib
import os
import stat
import uuid

import blake3
import pytest

from transferapp import errors
from transferapp.staging.port import Checksum, Staging

SIZE = 300_000


def new_id() -> str:
    """Make an upload id."""
    return uuid.uuid4().hex


def sample(size: int = SIZE, *, seed: int = 1) -> bytes:
    """Make bytes that differ everywhere and are the same in every run."""
    return hashlib.shake_128(seed.to_bytes(4, "little")).digest(size)


async def send(staging: Staging, upload_id: str, offset: int, content: bytes) -> int:
    """Write one part in two batches, commit it, and return the offset."""
    part = await staging.open_part(upload_id, offset)
    half = len(content) // 2
    await part.write([content[:half]])
    await part.write([content[half:-1], content[-1:]])
    committed = await part.commit()
    await part.abandon(keep=False)
    return committed


class StagingSuite:
    """The behaviour of the port ``staging.port.Staging``."""

    async def test_parts_make_the_file(self, staging: Staging) -> None:
        """Parts in order, then a seal, give the same bytes."""
        content, upload = sample(), new_id()
        created = await staging.create(upload, SIZE)
        assert (created.offset, created.sealed) == (0, False)
        assert await send(staging, upload, 0, content[:100_000]) == 100_000
        assert (await staging.get(upload)).offset == 100_000
        assert await send(staging, upload, 100_000, content[100_000:]) == SIZE
        path = await staging.seal(upload)
        assert path.read_bytes() == content
        assert path == await staging.path(upload) == await staging.seal(upload)
        sealed = await staging.get(upload)
        assert (sealed.offset, sealed.size_bytes, sealed.sealed) == (SIZE, SIZE, True)

    async def test_what_is_here_is_listed(self, staging: Staging) -> None:
        """In every state, until it is discarded."""
        begun, sealed = new_id(), new_id()
        await staging.create(begun, SIZE)
        await staging.create(sealed, SIZE)
        await send(staging, sealed, 0, sample())
        await staging.seal(sealed)
        assert {begun, sealed} <= set(await staging.ids())
        await staging.discard(begun)
        await staging.discard(sealed)
        assert not {begun, sealed} & set(await staging.ids())

    async def test_a_sealed_file_is_read_only(self, staging: Staging) -> None:
        """Nobody can write to it by mistake."""
        upload = new_id()
        await staging.create(upload, 10)
        await send(staging, upload, 0, sample(10))
        mode = (await staging.seal(upload)).stat().st_mode
        assert stat.S_IMODE(mode) == 0o444

    async def test_an_empty_file(self, staging: Staging) -> None:
        """A file without bytes needs no part."""
        upload = new_id()
        assert (await staging.create(upload, 0)).offset == 0
        assert (await staging.get(upload)).size_bytes == 0
        assert (await staging.seal(upload)).read_bytes() == b""

    async def test_creating_twice_finds_the_first(self, staging: Staging) -> None:
        """Also with bytes, and once it is sealed; another size is a conflict."""
        upload = new_id()
        await staging.create(upload, 20)
        await send(staging, upload, 0, sample(8))
        assert (await staging.create(upload, 20)).offset == 8
        with pytest.raises(errors.Conflict):
            await staging.create(upload, 21)
        await send(staging, upload, 8, sample(12))
        await staging.seal(upload)
        assert (await staging.create(upload, 20)).sealed

    async def test_creations_at_once_make_one(self, staging: Staging) -> None:
        """A creation never empties what another one has begun."""
        upload = new_id()
        await asyncio.gather(*(staging.create(upload, 20) for _ in range(8)))
        await send(staging, upload, 0, sample(8))
        found = await asyncio.gather(*(staging.create(upload, 20) for _ in range(8)))
        assert {staged.offset for staged in found} == {8}

    async def test_what_is_not_committed_is_not_there(self, staging: Staging) -> None:
        """Offsets count committed bytes only."""
        upload = new_id()
        await staging.create(upload, SIZE)
        part = await staging.open_part(upload, 0)
        await part.write([sample(1000)])
        assert (await staging.get(upload)).offset == 0
        await part.abandon(keep=False)
        assert (await staging.get(upload)).offset == 0

    async def test_an_abandoned_part_can_be_kept(self, staging: Staging) -> None:
        """What arrived before an interruption need not come again."""
        content, upload = sample(), new_id()
        await staging.create(upload, SIZE)
        part = await staging.open_part(upload, 0)
        await part.write([content[:1000]])
        await part.abandon(keep=True)
        await part.abandon(keep=True)
        assert (await staging.get(upload)).offset == 1000
        await send(staging, upload, 1000, content[1000:])
        assert (await staging.seal(upload)).read_bytes() == content

    async def test_several_commits_in_one_part(self, staging: Staging) -> None:
        """A long part makes its bytes durable now and then."""
        content, upload = sample(), new_id()
        await staging.create(upload, SIZE)
        part = await staging.open_part(upload, 0)
        for start in range(0, SIZE, 100_000):
            await part.write([content[start : start + 100_000]])
            assert await part.commit() == start + 100_000
        assert await part.commit() == SIZE
        await part.abandon(keep=False)
        assert (await staging.seal(upload)).read_bytes() == content

    async def test_a_part_must_start_at_the_offset(self, staging: Staging) -> None:
        """Neither a gap nor an overlap."""
        upload = new_id()
        await staging.create(upload, 20)
        await send(staging, upload, 0, sample(8))
        for offset in (0, 7, 9, 20):
            with pytest.raises(errors.OffsetMismatch):
                await staging.open_part(upload, offset)

    async def test_nothing_fits_beyond_the_size(self, staging: Staging) -> None:
        """A part that is too long is refused, and what fitted can be kept."""
        upload = new_id()
        await staging.create(upload, 20)
        part = await staging.open_part(upload, 0)
        await part.write([sample(20)])
        with pytest.raises(errors.Invalid):
            await part.write([b"x"])
        await part.abandon(keep=False)
        await send(staging, upload, 0, sample(20))
        with pytest.raises(errors.StateConflict):
            await staging.open_part(upload, 20)

    async def test_the_newest_part_wins(self, staging: Staging) -> None:
        """The older one's bytes are kept, and it is told to stop."""
        content, upload = sample(), new_id()
        await staging.create(upload, SIZE)
        older = await staging.open_part(upload, 0)
        await older.write([content[:1000]])
        with pytest.raises(errors.OffsetMismatch):
            await staging.open_part(upload, 0)
        for stopped in (older.write([content[1000:2000]]), older.commit()):
            with pytest.raises(errors.StateConflict):
                await stopped
        await send(staging, upload, 1000, content[1000:])
        await older.abandon(keep=True)
        assert (await staging.seal(upload)).read_bytes() == content

    async def test_a_right_checksum(self, staging: Staging) -> None:
        """Each known algorithm lets the right bytes in."""
        content = sample()
        digests = {
            "blake3": blake3.blake3(content).digest(),
            "sha1": hashlib.sha1(content, usedforsecurity=False).digest(),
            "sha256": hashlib.sha256(content).digest(),
        }
        for algorithm, digest in digests.items():
            upload = new_id()
            await staging.create(upload, SIZE)
            part = await staging.open_part(upload, 0, Checksum(algorithm, digest))
            await part.write([content[:1000], content[1000:]])
            assert await part.commit() == SIZE
            with pytest.raises(errors.TransferAppError):
                await part.write([b"x"])
            await part.abandon(keep=True)

    async def test_a_wrong_checksum_advances_nothing(self, staging: Staging) -> None:
        """Damaged bytes are never kept, whatever the caller asks for."""
        content, upload = sample(), new_id()
        await staging.create(upload, SIZE)
        await send(staging, upload, 0, content[:1000])
        wrong = Checksum("blake3", blake3.blake3(b"other").digest())
        part = await staging.open_part(upload, 1000, wrong)
        await part.write([os.urandom(SIZE - 1000)])
        with pytest.raises(errors.ChecksumMismatch):
            await part.commit()
        await part.abandon(keep=True)
        assert (await staging.get(upload)).offset == 1000
        await send(staging, upload, 1000, content[1000:])
        assert (await staging.seal(upload)).read_bytes() == content

    async def test_an_interrupted_checksum_keeps_nothing(self, staging: Staging) -> None:
        """Bytes that nobody could check do not count."""
        upload = new_id()
        await staging.create(upload, 20)
        part = await staging.open_part(upload, 0, Checksum("sha1", b"\0" * 20))
        await part.write([sample(8)])
        await part.abandon(keep=True)
        assert (await staging.get(upload)).offset == 0
        with pytest.raises(errors.Invalid):
            await staging.open_part(upload, 0, Checksum("md5", b""))

    async def test_an_incomplete_file_cannot_be_sealed(self, staging: Staging) -> None:
        """And has no path."""
        upload = new_id()
        await staging.create(upload, 20)
        await send(staging, upload, 0, sample(19))
        with pytest.raises(errors.StateConflict):
            await staging.seal(upload)
        with pytest.raises(errors.StateConflict):
            await staging.path(upload)

    async def test_unknown_ids(self, staging: Staging) -> None:
        """Are not found; forgetting them is fine, and ids never leave the folder."""
        for unknown in (new_id(), "../../etc/passwd", ""):
            for asked in (staging.get, staging.seal, staging.path):
                with pytest.raises(errors.NoSuchFile):
                    await asked(unknown)
            with pytest.raises(errors.NoSuchFile):
                await staging.open_part(unknown, 0)
            await staging.discard(unknown)
        with pytest.raises(errors.Invalid):
            await staging.create("../escape", 1)

    async def test_discard_forgets_all(self, staging: Staging) -> None:
        """In every state, also while a part is written; the id can be used anew."""
        upload = new_id()
        await staging.create(upload, 20)
        await send(staging, upload, 0, sample(8))
        running = await staging.open_part(upload, 8)
        await running.write([sample(4)])
        await staging.discard(upload)
        with pytest.raises(errors.StateConflict):
            await running.commit()
        assert (await staging.create(upload, 30)).offset == 0
        await send(staging, upload, 0, sample(30))
        await staging.seal(upload)
        await staging.discard(upload)
        with pytest.raises(errors.NoSuchFile):
            await staging.get(upload)

    async def test_many_small_pieces(self, staging: Staging) -> None:
        """A slow network delivers more pieces than one system call takes."""
        content, upload = sample(5000), new_id()
        await staging.create(upload, 5000)
        part = await staging.open_part(upload, 0)
        await part.write([content[i : i + 1] for i in range(5000)])
        await part.commit()
        await part.abandon(keep=False)
        assert (await staging.seal(upload)).read_bytes() == content

    async def test_free_space_is_reported(self, staging: Staging) -> None:
        """In bytes."""
        assert await staging.free_bytes() > 0
