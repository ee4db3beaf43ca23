"""A file that fails when OMERO reads its pixels: nothing stays there, and it can come again."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

from tests.support.installation import LONG_AGO, PASSWORD, Answer, Terminal
from tests.support.omero_sandbox_env import gateway
from transferapp.model.transfers import ItemState
from transferapp.sandbox.installation_repositories import running_sandbox
from transferapp.sandbox.local_installation import LocalInstallation
from transferapp.sandbox.omero_sandbox.fixture import RunningSandbox

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

Plane = np.ndarray[Any, np.dtype[np.uint16]]
ASKED = {ItemState.NEEDS_ATTENTION, ItemState.FAILED}


@dataclass
class Site:
    """Agent, server and worker on a sandbox, and alice at a terminal."""

    terminal: Terminal
    sandbox: RunningSandbox

    def send(self, folder: Path, dataset: str) -> Answer:
        """Import what is in a folder, and wait for the end."""
        where = ("--to", f"Dataset:{dataset}", "--create", "--wait", "--json")
        return self.terminal.run("import", str(folder), *where)

    def retried(self, answer: Answer) -> str:
        """Press Retry, and return the state that the item comes to."""
        transfer_id = answer.json["transfer"]["id"]
        pressed = self.terminal.run("transfers", "retry", transfer_id)
        assert pressed.code == 0, pressed.err
        until, state = time.monotonic() + 60, ""
        while time.monotonic() < until:
            shown = self.terminal.run("transfers", "show", transfer_id, "--json")
            state = str(item_of(shown)["state"])
            if state in {ItemState.IMPORTED, *ASKED}:
                return state
        raise AssertionError(f"not within a minute: {state}")

    def counts(self) -> tuple[int, int]:
        """Return how many filesets and images OMERO holds."""
        found = self.sandbox.control("status")["counts"]
        return found["Fileset"], found["Image"]

    def planes(self, dataset: str) -> list[Plane]:
        """Return the pixels of all images in a dataset, as another program reads them."""
        with gateway(self.sandbox, "alice", "ssl", PASSWORD) as conn:
            [found] = conn.getObjects("Dataset", attributes={"name": dataset})
            return [
                image.getPrimaryPixels().getPlane(0, 0, 0) for image in found.listChildren()
            ]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home = tmp_path_factory.mktemp("installation")
    with (
        running_sandbox(home / "omero", PASSWORD) as repository,
        LocalInstallation(home / "i", {}, repository) as installation,
    ):
        asyncio.run(installation.add_people(PASSWORD))
        installation.start_all()
        terminal = Terminal(installation)
        assert terminal.log_in().code == 0
        yield Site(terminal, repository.sandbox)


def plane(seed: int) -> Plane:
    return np.random.default_rng(seed).integers(0, 4096, (64, 64), dtype=np.uint16)


def write(path: Path, content: Plane) -> None:
    """Write a compressed image that the microscope left long ago."""
    path.parent.mkdir(exist_ok=True)
    tifffile.imwrite(path, content, compression="zlib")
    os.utime(path, (LONG_AGO, LONG_AGO))


def damage(path: Path) -> None:
    """Spoil pixels behind a whole header, as a bad disk does."""
    with tifffile.TiffFile(path) as file:
        [begin], [size] = file.pages[0].dataoffsets, file.pages[0].databytecounts
    with path.open("r+b") as opened:
        opened.seek(begin + size // 3)
        opened.write(bytes(64))
    os.utime(path, (LONG_AGO, LONG_AGO))


def item_of(answer: Answer) -> dict[str, Any]:
    [item] = answer.json["items"]
    assert isinstance(item, dict)
    return item


def test_what_failed_between_images_and_pixels_is_gone_and_retry_imports_it(
    site: Site, tmp_path: Path
) -> None:
    content, before = plane(1), site.counts()
    write(tmp_path / "run" / "cells.tif", content)
    site.sandbox.control("fail_step", step=2)
    try:
        answer = site.send(tmp_path / "run", "Retried")
    finally:
        site.sandbox.control("fail_step", step=0)
    assert answer.code != 0
    assert item_of(answer)["state"] == ItemState.NEEDS_ATTENTION, answer.out
    assert site.counts() == before
    assert site.planes("Retried") == []

    assert site.retried(answer) == ItemState.IMPORTED
    [imported] = site.planes("Retried")
    np.testing.assert_array_equal(imported, content)
    assert site.counts() == (before[0] + 1, before[1] + 1)


def test_a_damaged_file_leaves_nothing_until_it_is_replaced(site: Site, tmp_path: Path) -> None:
    content, before = plane(2), site.counts()
    path = tmp_path / "run" / "cells.tif"
    write(path, content)
    damage(path)
    answer = site.send(tmp_path / "run", "Replaced")
    assert answer.code != 0
    # The file itself is the reason: nobody but its person can help.
    assert item_of(answer)["state"] == ItemState.FAILED, answer.out
    assert site.counts() == before
    assert site.retried(answer) == ItemState.FAILED
    assert site.counts() == before
    assert site.planes("Replaced") == []

    # A good copy of another size: the workstation sends it anew before it is tried again.
    content = plane(3)
    write(path, content)
    assert site.retried(answer) == ItemState.IMPORTED
    [imported] = site.planes("Replaced")
    np.testing.assert_array_equal(imported, content)
    assert site.counts() == (before[0] + 1, before[1] + 1)
