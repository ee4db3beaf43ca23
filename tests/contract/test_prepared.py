"""The folder of prepared files against its contract, and after a kill in its middle."""

from __future__ import annotations

import uuid
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.small_disks import small_disk
from transferapp.errors import StorageFull
from transferapp.prepared.stores.filesystem import FilesystemPrepared
from transferapp.testing.prepared_suite import PreparedSuite


@pytest.fixture
def prepared(tmp_path: Path) -> FilesystemPrepared:
    return FilesystemPrepared(tmp_path / "prepared")


class TestFilesystemPrepared(PreparedSuite):
    """The suite that every store passes."""


async def test_a_kill_between_rename_and_list_is_healed(
    prepared: FilesystemPrepared, tmp_path: Path
) -> None:
    item = uuid.uuid4().hex
    folder = await prepared.begin(item)
    (folder / "a.tif").write_bytes(b"a")
    folder.rename(tmp_path / "prepared" / item)
    [file] = await prepared.publish(item)
    assert file.client_path == "a.tif"


async def test_a_full_disk_is_told(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        prepared = FilesystemPrepared(disk / "prepared")
        item = uuid.uuid4().hex
        folder = await prepared.begin(item)
        _fill(folder / "fill")
        with pytest.raises(StorageFull):
            await prepared.publish(item)


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file, suppress(OSError):
        for _ in range(1 << 20):
            file.write(bytes(1 << 12))
