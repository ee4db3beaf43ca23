"""Where an export goes, as a person writes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from transferapp.desktop.browse.export_destinations import (
    MAX_BELOW,
    ExportDestination,
    destination_written,
)
from transferapp.errors import Invalid
from transferapp.protocol.places import PlaceView

SCRATCH = PlaceView(
    name="cluster", title="Scratch", kind="folder", path="/scratch/anna", used_bytes=0
)


def test_a_folder_here_is_a_whole_path() -> None:
    goes = destination_written(None, " /data/out ")
    assert goes == ExportDestination(Path("/data/out"))
    assert (goes.to, goes.shown) == ("", "/data/out")
    assert destination_written(None, "~/out").folder == Path.home() / "out"


@pytest.mark.parametrize("text", ["", "out", "./out", "~nobody-of-this-name/out"])
def test_no_whole_path_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="whole path"):
        destination_written(None, text)


@pytest.mark.parametrize(
    ("text", "to", "shown"),
    [
        ("", "cluster:", "/scratch/anna"),
        (" / ", "cluster:", "/scratch/anna"),
        ("runs/monday/", "cluster:runs/monday", "/scratch/anna/runs/monday"),
    ],
)
def test_at_a_place_it_is_below_the_persons_own(text: str, to: str, shown: str) -> None:
    goes = destination_written(SCRATCH, text)
    assert (goes.to, goes.shown) == (to, shown)


@pytest.mark.parametrize("text", ["a\tb", "a\x00b", "a" * (MAX_BELOW + 1)])
def test_what_no_request_can_say_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="folder at a place"):
        destination_written(SCRATCH, text)
