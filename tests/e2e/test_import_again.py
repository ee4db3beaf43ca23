"""The same files imported twice: the terminal says so, and leaves them out where it shall."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.installation import LONG_AGO, PASSWORD, Terminal, make_tiffs
from transferapp.host.resources import resource
from transferapp.sandbox.local_installation import LocalInstallation

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """One installation for all; each test imports bytes of its own."""
    with LocalInstallation(tmp_path_factory.mktemp("i")) as installation:
        asyncio.run(installation.add_people(PASSWORD))
        installation.start_all()
        terminal = Terminal(installation)
        assert terminal.log_in().code == 0
        yield terminal


def test_a_second_import_is_reported_of_and_done(terminal: Terminal, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(resource("sample-data", "png-cells"), tmp_path / "cells"))
    command = ("import", str(folder), "--to", "Dataset:Twice", "--create", "--wait")
    first = terminal.run(*command, "--follow", "--json")
    assert first.code == 0, first.err
    assert "already" not in first.err
    *events, end = first.lines
    assert {one["event"] for one in events} == {"transfer", "item"}
    items = [one for one in events if one["event"] == "item"]
    assert items[-1]["state"] == end["items"][0]["state"] == "imported"
    assert set(end) == {"transfer", "items", "refused", "left_out", "image_pages"}
    second = terminal.run(*command, "--json")
    assert second.code == 0, second.err
    reported = " ".join(second.err.split())
    assert "is in the repository already, byte for byte ('Twice')" in reported
    assert "--skip-existing leaves them out" in reported
    [before], [after] = end["items"], second.json["items"]
    assert after["state"] == "imported"
    assert after["image_ids"] != before["image_ids"]
    assert after["note"] == (
        f"The same bytes were already in Image:{before['image_ids'][0]} (Twice)."
    )


def into(dataset: str) -> tuple[str, ...]:
    return ("--to", f"Dataset:{dataset}", "--create", "--wait", "--json")


def monday(terminal: Terminal, folder: Path, dataset: str) -> tuple[Path, int]:
    """Import a file of 5 MB; returns its place here and the id of its image."""
    make_tiffs(folder, 1, edge=1600, seed=int(dataset))
    first = terminal.run("import", str(folder), *into(dataset))
    assert first.code == 0, first.err
    assert "Into Dataset:" in first.err
    assert f"'{dataset}'." in first.err
    [item] = first.json["items"]
    return folder / "field_000.tif", item["image_ids"][0]


def corrected(path: Path) -> bytes:
    """The same but for a byte in its middle."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    return bytes(content)


def test_only_the_same_bytes_are_skipped(terminal: Terminal, tmp_path: Path) -> None:
    """Tuesday's file has the path, the size and the ends of Monday's."""
    path, image_id = monday(terminal, tmp_path / "Pos0", "20261129")
    again = terminal.run("import", str(path.parent), "--skip-existing", *into("20261129"))
    tuesday = tmp_path / "tuesday" / "Pos0"
    tuesday.mkdir(parents=True)
    (tuesday / path.name).write_bytes(corrected(path))
    os.utime(tuesday / path.name, (LONG_AGO, LONG_AGO))
    other = terminal.run("import", str(tuesday), "--skip-existing", *into("20261129"))
    assert again.code == 0, again.err
    assert (again.json["transfer"], again.json["items"]) == (None, [])
    [held] = again.json["left_out"]
    assert (held["reason"], held["client_path"]) == ("held", "Pos0/field_000.tif")
    assert held["sentence"] == (
        f"In the repository already, byte for byte: Image:{image_id} (20261129)."
    )
    assert other.code == 0, other.err
    assert [one["state"] for one in other.json["items"]] == ["imported"]


def test_what_was_skipped_keeps_no_folder_until_it_changes(
    terminal: Terminal, tmp_path: Path
) -> None:
    path, _ = monday(terminal, tmp_path / "Pos0", "20261206")
    make_tiffs(tmp_path / "new", 1, edge=64)
    (tmp_path / "new" / path.name).rename(path.with_name("new.tif"))
    part = terminal.run("import", str(path.parent), "--skip-existing", *into("20261206"))
    assert part.code == 0, part.err
    transfer = part.json["transfer"]
    assert [one["name"] for one in part.json["items"]] == ["new.tif"]
    assert transfer["left_out_files"] == 0
    assert terminal.becomes_safe_to_delete(transfer["id"]), "the repository holds both"
    # A look of two seconds ago counts as one of now (agent.source_watch).
    time.sleep(2.5)
    path.write_bytes(corrected(path))
    assert not terminal.safe_to_delete(transfer["id"])
    reported = terminal.run("transfers", "show", transfer["id"])
    assert "changed since: 'Pos0/field_000.tif'" in " ".join(reported.err.split())
