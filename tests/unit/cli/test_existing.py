"""What ``--skip-existing`` leaves out is in the repository, byte for byte; the rest is told."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from tests.support.duplicate_files import MONDAY, HoldingServer, candidate_of
from transferapp.cli.existing import leave_out_existing, show_what_exists
from transferapp.cli.import_scan import ScannedDrop
from transferapp.cli.linking import carries
from transferapp.client.dropping import Dropped, drop_message, drop_on_disk
from transferapp.client.duplicates import Duplicates
from transferapp.errors import ImageNotFound, ServerUnreachable
from transferapp.intake.candidates import FilesetCandidate
from transferapp.model.annotations import MADE_FROM
from transferapp.model.drops import LeftOutReason
from transferapp.model.duplicates import END_BYTES, DuplicateFileset, DuplicateMatch
from transferapp.model.images import Annotation, AnnotationKind, ImageDetails


class Away:
    """A server that does not answer."""

    async def duplicates(self, _items: object) -> list[DuplicateMatch]:
        raise ServerUnreachable


def write(path: Path, *parts: int) -> Path:
    path.write_bytes(b"".join(bytes([n]) * END_BYTES for n in parts))
    os.utime(path, (1_700_000_000, 1_700_000_000))
    return path


@pytest.fixture
def server() -> HoldingServer:
    return HoldingServer()


@pytest.fixture
def scanned(tmp_path: Path, server: HoldingServer) -> ScannedDrop:
    """Small and large files that are held, one corrected in its middle, and a new one."""
    names = {"small.tif": (1,), "large.tif": (1, 2, 3), "corrected.tif": (4, 5, 6)}
    ready: list[FilesetCandidate] = []
    for name, parts in names.items():
        one = candidate_of(write(tmp_path / name, *parts), name=name)
        server.hold(
            one, DuplicateFileset(len(ready) + 1, "ada", (11 + len(ready),), ("Monday",))
        )
        ready.append(one)
    ready[2] = candidate_of(write(tmp_path / "corrected.tif", 4, 9, 6), name="corrected.tif")
    ready.append(candidate_of(write(tmp_path / "new.tif", 7), name="new.tif"))
    return ScannedDrop(tuple(ready), Dropped((tmp_path,)), (), ())


async def test_it_is_stated_without_the_option(
    scanned: ScannedDrop, server: HoldingServer
) -> None:
    stated: list[str] = []
    await show_what_exists(server, scanned, stated.append)
    [text] = stated
    assert text == (
        "1 of these 4 filesets is in the repository already, byte for byte ('Monday'). 2 look"
        " the same as what is there: size, first and last MiB ('Monday'). Importing makes"
        " second copies; --skip-existing leaves them out."
    )


class Noting:
    """A server that knows what is written on images."""

    def __init__(self, notes: dict[int, tuple[Annotation, ...]]) -> None:
        self.notes = notes

    async def image(self, image_id: int) -> ImageDetails:
        if image_id not in self.notes:
            raise ImageNotFound
        return cast("ImageDetails", SimpleNamespace(annotations=self.notes[image_id]))


def made_from(image_id: int) -> Annotation:
    pairs = (("made from", f"Image:{image_id}"), ("name", "cells"))
    return Annotation(AnnotationKind.KEY_VALUE, MADE_FROM, pairs=pairs)


async def test_what_is_there_of_another_image_is_imported(
    scanned: ScannedDrop, server: HoldingServer
) -> None:
    """``--link-to Image:3``: small.tif was made from it, large.tif from another."""
    noting = Noting({11: (made_from(2), made_from(3)), 12: (made_from(2),)})

    async def enough(found: Duplicates) -> bool:
        return await carries(noting, [made_from(3)], found.filesets)

    stated: list[str] = []
    left = await leave_out_existing(server, "ada", scanned, stated.append, enough)
    assert [one.name for one in left.ready] == ["large.tif", "corrected.tif", "new.tif"]
    assert any(
        text.startswith("large.tif: The repository holds it")
        and text.endswith("but not as made from this image. It is imported.")
        for text in stated
    )


async def test_a_link_is_no_more_than_its_image() -> None:
    filesets = [DuplicateFileset(1, "ada", (11, 12), ("Monday",))]
    assert not await carries(Noting({11: (made_from(3),)}), [made_from(3)], filesets)
    assert not await carries(Noting({}), [made_from(3)], [DuplicateFileset(1, "ada", (), ())])


async def test_what_is_there_whole_is_left_out(
    scanned: ScannedDrop, server: HoldingServer
) -> None:
    stated: list[str] = []
    left = await leave_out_existing(server, "ada", scanned, stated.append)
    assert [one.name for one in left.ready] == ["corrected.tif", "new.tif"]
    reading, result = stated
    assert reading == (
        "Reading 2 filesets (6.3 MB) to compare every byte with what is in the repository."
    )
    assert result == (
        "2 of these 4 filesets are in the repository already, byte for byte ('Monday'). Left"
        " out."
    )
    drop = drop_message(left.dropped)
    assert [(o.client_path, o.reason, o.sentence) for o in drop.left_out] == [
        (name, LeftOutReason.HELD, f"In the repository already, byte for byte: {where}.")
        for name, where in (
            ("small.tif", "Image:11 (Monday)"),
            ("large.tif", "Image:12 (Monday)"),
        )
    ]
    assert (drop.left_out_files, drop.ignored_files) == (0, 0)
    on_disk = drop_on_disk(left.dropped).left_out
    assert [len(one.held[0].sha1) for one in on_disk] == [40, 40]


async def test_images_of_others_count_as_missed(
    scanned: ScannedDrop, server: HoldingServer
) -> None:
    left = await leave_out_existing(server, "eve", scanned, lambda _text: None)
    drop = drop_message(left.dropped)
    assert {one.reason for one in drop.left_out} == {LeftOutReason.NOT_CHOSEN}
    assert "They belong to 'ada'" in drop.left_out[0].sentence
    assert drop.left_out_files == 2
    assert all(not one.held for one in drop_on_disk(left.dropped).left_out)


async def test_other_checksums_leave_nothing_out(
    scanned: ScannedDrop, server: HoldingServer
) -> None:
    server.keeps_sha1 = False
    stated: list[str] = []
    left = await leave_out_existing(server, "ada", scanned, stated.append)
    assert left.ready == scanned.ready
    assert any("keeps no SHA-1" in one for one in stated)


async def test_without_an_answer_a_hint_is_silent_and_the_option_is_not(
    scanned: ScannedDrop,
) -> None:
    stated: list[str] = []
    await show_what_exists(Away(), scanned, stated.append)
    assert stated == []
    with pytest.raises(ServerUnreachable):
        await leave_out_existing(Away(), "ada", scanned, stated.append)


async def test_nothing_known_changes_nothing(scanned: ScannedDrop) -> None:
    stated: list[str] = []
    assert await leave_out_existing(HoldingServer(), "ada", scanned, stated.append) == scanned
    assert stated == []
    assert MONDAY.where == "Image:12 (Monday)"
