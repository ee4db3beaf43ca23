"""The same files imported twice: the terminal says so, and the second import goes on."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from tests.support.installation import PASSWORD, Terminal
from transferapp.host.resources import resource
from transferapp.testing.stage import Stage

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


def test_a_second_import_is_told_of_and_done(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(resource("sample-data", "png-cells"), tmp_path / "cells"))
    with Stage(tmp_path / "i") as stage:
        asyncio.run(stage.add_people(PASSWORD))
        stage.start_all()
        terminal = Terminal(stage)
        assert terminal.log_in().code == 0
        command = ("import", str(folder), "--to", "Dataset:Twice", "--create", "--wait")
        first = terminal.run(*command, "--json")
        assert first.code == 0, first.err
        assert "already" not in first.err
        second = terminal.run(*command, "--json")
    assert second.code == 0, second.err
    told = " ".join(second.err.split())
    assert "is in the repository already ('Twice')" in told
    [before], [after] = first.json["items"], second.json["items"]
    assert after["state"] == "imported"
    assert after["image_ids"] != before["image_ids"]
    assert after["note"] == (
        f"The same bytes were already in Image:{before['image_ids'][0]} (Twice)."
    )
