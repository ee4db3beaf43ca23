"""The folder staging against its contract, kill -9, a full disk and random sequences."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import blake3
import pytest
from hypothesis import given, settings, strategies as st

from tests.support.small_disks import small_disk
from transferapp import errors
from transferapp.staging.port import Checksum, Staging
from transferapp.staging.stores.filesystem import FilesystemStaging
from transferapp.staging.stores.journal import OffsetJournal
from transferapp.staging.stores.layout import UploadFiles
from transferapp.testing.staging_suite import SIZE, StagingSuite, new_id, sample, send


@pytest.fixture
async def staging(tmp_path: Path) -> AsyncIterator[FilesystemStaging]:
    staging = FilesystemStaging(tmp_path / "staging")
    yield staging
    await staging.close()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk") as folder:
        yield folder


class TestFilesystemStaging(StagingSuite):
    """The suite that every staging passes."""


async def test_another_process_sees_the_same(
    staging: FilesystemStaging, tmp_path: Path
) -> None:
    upload = new_id()
    await staging.create(upload, 20)
    await send(staging, upload, 0, sample(8))
    reader = FilesystemStaging(tmp_path / "staging")
    assert (await reader.get(upload)).offset == 8
    await send(staging, upload, 8, sample(12))
    assert (await reader.get(upload)).offset == 20
    await staging.seal(upload)
    assert (await reader.path(upload)).stat().st_size == 20
    await reader.close()


async def test_small_files_leave_one_file_each(
    staging: FilesystemStaging, tmp_path: Path
) -> None:
    for _ in range(5):
        upload = new_id()
        await staging.create(upload, 20)
        await send(staging, upload, 0, sample(20))
        await staging.seal(upload)
    names = [path.name for path in (tmp_path / "staging").iterdir()]
    assert len(names) == 5
    assert not [name for name in names if "." in name]


async def test_a_leftover_journal_does_not_speak_for_a_new_file(
    staging: FilesystemStaging, tmp_path: Path
) -> None:
    upload = new_id()
    OffsetJournal(tmp_path / "staging" / f"{upload}.journal").advance(15)
    assert (await staging.create(upload, 20)).offset == 0
    assert (await staging.get(upload)).offset == 0


def test_a_torn_journal_record_leaves_the_earlier_offset(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    journal = OffsetJournal(path)
    for offset in (5, 9, 12):
        journal.advance(offset)
    whole = path.read_bytes()
    for slot in (0, 4096):
        torn = bytearray(whole)
        torn[slot + 9] ^= 0xFF
        path.write_bytes(torn)
        assert journal.read() in (9, 12)
    path.write_bytes(b"")
    assert journal.read() == 0


async def test_a_failed_sync_is_never_trusted_again(
    staging: FilesystemStaging, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = new_id()
    await staging.create(upload, 20)
    part = await staging.open_part(upload, 0)
    await part.write([sample(8)])

    def fail(_fd: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("transferapp.staging.stores.part.sync_data", fail)
    with pytest.raises(errors.Unavailable):
        await part.commit()
    monkeypatch.undo()
    with pytest.raises(errors.Unavailable):
        await part.commit()
    await part.abandon(keep=True)
    assert (await staging.get(upload)).offset == 0


async def test_a_cancelled_writer_still_ends_cleanly(staging: FilesystemStaging) -> None:
    upload = new_id()
    await staging.create(upload, 8 << 20)
    part = await staging.open_part(upload, 0)

    async def work() -> None:
        try:
            for _ in range(4):
                await part.write([sample(2 << 20)])
            await part.commit()
        finally:
            await part.abandon(keep=True)

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await staging.get(upload)).offset % (2 << 20) == 0


_WRITER = """
import asyncio, sys
from pathlib import Path
from transferapp.staging.stores.filesystem import FilesystemStaging
from transferapp.testing.staging_suite import sample

async def main(folder, upload, size):
    staging = FilesystemStaging(Path(folder))
    staged = await staging.create(upload, size)
    content = sample(size)
    offset = staged.offset
    while offset < size:
        part = await staging.open_part(upload, offset)
        await part.write([content[offset:offset + 9_000]])
        await part.write([content[offset + 9_000:offset + 20_000]])
        offset = await part.commit()
        await part.abandon(keep=False)
        print(offset, flush=True)
    await staging.seal(upload)
    print("sealed", flush=True)

asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
"""


def test_kill_9_loses_no_committed_byte(tmp_path: Path) -> None:
    upload, size = new_id(), 600_000
    files = UploadFiles(tmp_path / "staging", upload)
    command = [sys.executable, "-c", _WRITER, str(files.folder), upload, str(size)]
    for lines in (1, 4, 7):
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert process.stdout is not None
        stated = [process.stdout.readline() for _ in range(lines)]
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        assert files.load().offset >= int(stated[-1])
        assert not files.load().sealed
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    assert files.load().sealed
    assert files.sealed.read_bytes() == sample(size)


@pytest.mark.parametrize("checked", [False, True])
async def test_a_full_disk_loses_nothing(disk: Path, *, checked: bool) -> None:
    staging = FilesystemStaging(disk / "staging")
    filler = disk / "filler"
    filler.write_bytes(bytes(2 << 20))
    content, upload = sample(3 << 20), new_id()
    await staging.create(upload, len(content))
    start = await send(staging, upload, 0, content[: 1 << 20])
    with pytest.raises(errors.StorageFull):
        await _send_rest(staging, upload, start, content, checked=checked)
    kept = (await staging.get(upload)).offset
    assert kept == start if checked else start < kept < len(content)
    filler.unlink()
    await _send_rest(staging, upload, kept, content, checked=checked)
    assert (await staging.seal(upload)).read_bytes() == content
    await staging.close()


async def _send_rest(
    staging: Staging, upload: str, offset: int, content: bytes, *, checked: bool
) -> None:
    rest = content[offset:]
    checksum = Checksum("blake3", blake3.blake3(rest).digest()) if checked else None
    part = await staging.open_part(upload, offset, checksum)
    try:
        for start in range(0, len(rest), 256 << 10):
            await part.write([rest[start : start + (256 << 10)]])
        await part.commit()
    finally:
        await part.abandon(keep=True)


_PARTS = st.lists(
    st.tuples(
        st.integers(0, SIZE // 2),  # bytes of the part
        st.integers(-5, 5),  # how far it starts beside the offset
        st.sampled_from(["commit", "keep", "drop", "right", "wrong"]),
    ),
    max_size=12,
)


@settings(max_examples=40, deadline=None)
@given(parts=_PARTS)
def test_any_sequence_of_parts_gives_the_file(
    tmp_path_factory: pytest.TempPathFactory, parts: list[tuple[int, int, str]]
) -> None:
    """The offset is what a simple model says, and the bytes before it are the right ones."""
    folder = tmp_path_factory.mktemp("staging")
    asyncio.run(_play(FilesystemStaging(folder), parts))


async def _play(staging: FilesystemStaging, parts: list[tuple[int, int, str]]) -> None:
    content, upload = sample(), new_id()
    await staging.create(upload, SIZE)
    offset = 0
    for length, beside, ending in parts:
        end = min(offset + length, SIZE)
        if offset == SIZE:
            break
        if beside:
            with pytest.raises(errors.OffsetMismatch):
                await staging.open_part(upload, offset + beside)
            continue
        offset = await _play_part(staging, upload, content[offset:end], offset, ending)
        assert (await staging.get(upload)).offset == offset
    if offset < SIZE:
        await send(staging, upload, offset, content[offset:])
    assert (await staging.seal(upload)).read_bytes() == content
    await staging.close()


async def _play_part(
    staging: Staging, upload: str, piece: bytes, offset: int, ending: str
) -> int:
    checksum = None
    if ending in ("right", "wrong"):
        checksum = Checksum("blake3", blake3.blake3(piece).digest())
    part = await staging.open_part(upload, offset, checksum)
    damage = b"x" if ending == "wrong" and offset + len(piece) < SIZE else b""
    await part.write([piece + damage])
    if ending in ("commit", "right"):
        offset = await part.commit()
    elif damage:
        with pytest.raises(errors.ChecksumMismatch):
            await part.commit()
    elif ending == "keep":
        offset += len(piece)
    await part.abandon(keep=ending == "keep")
    return offset
