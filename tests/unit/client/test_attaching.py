"""Which files may be attached, and what is said of it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from transferapp.client.attaching import (
    attachable,
    attaching_text,
    check_attaching,
    why_not_attached,
)
from transferapp.errors import Invalid
from transferapp.intake.scanning import FoundFile
from transferapp.model.attachments import MOST_ATTACHED_BYTES, MOST_ATTACHMENTS
from transferapp.protocol.messages import ServerInfo


def found(path: Path, size: int = 1) -> FoundFile:
    return FoundFile(str(path), f"day 3/{path.name}", size, 0)


@pytest.mark.parametrize(
    "name",
    [
        "Thumbs.db", "ehthumbs.db", "desktop.ini", ".DS_Store", ".hidden", "._notes.txt",
        "~$protocol.docx", "notes.txt~", "a.tmp", "b.part", "c.crdownload", ".nfs0001",
    ],
)  # fmt: skip
def test_litter_hidden_and_unfinished_files_are_never_attached(
    tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    path.write_bytes(b"\0\5\x16\7")
    assert attachable([found(path)]) == ()


@pytest.mark.parametrize("name", ["protocol.pdf", "run.log", "readme", "Größe.docx"])
def test_notes_are_attached(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"x")
    assert attachable([found(path)]) == (found(path),)


def test_what_exceeds_a_limit_is_reported() -> None:
    file = found(Path("/a.pdf"), MOST_ATTACHED_BYTES)
    assert why_not_attached([file]) == ""
    assert why_not_attached([found(Path("/a"), 0)] * MOST_ATTACHMENTS) == ""
    assert "501 files" in why_not_attached([found(Path("/a"), 0)] * (MOST_ATTACHMENTS + 1))
    assert "2.0 GiB" in why_not_attached([file, found(Path("/b"))])


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, ""),
        (1, "1 other file is not an image; it is attached to the target."),
        (1400, "1,400 other files are not images; they are attached to the target."),
    ],
)
def test_attached_files_are_one_line(count: int, text: str) -> None:
    assert attaching_text(count) == text
    to_image = text.replace("the target", "Image:4")
    assert attaching_text(count, "Image:4") == to_image


class Server:
    """Says what it can do."""

    def __init__(self, *capabilities: str) -> None:
        self.capabilities = list(capabilities)

    async def server_info(self) -> ServerInfo:
        return ServerInfo(
            name="s", version="1", repository="r", capabilities=self.capabilities, part_size=1
        )


def test_an_older_server_is_reported_of_before_anything_is_sent() -> None:
    files = [found(Path("/a.pdf"))]
    asyncio.run(check_attaching(Server("attachments"), files))
    asyncio.run(check_attaching(Server(), []))
    with pytest.raises(Invalid, match="takes no attachments"):
        asyncio.run(check_attaching(Server("tiles"), files))
    with pytest.raises(Invalid, match="one import attaches at most 500"):
        asyncio.run(check_attaching(Server("attachments"), files * 501))
