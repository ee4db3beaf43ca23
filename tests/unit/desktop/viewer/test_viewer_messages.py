"""Messages survive the pipe, and tokens show nowhere but on it."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from transferapp.desktop.viewer import messages
from transferapp.model.export_specs import Cut, Span

OPEN = messages.Open(
    image_id=3,
    name="a\nb",
    url="http://server/v1/images/3/zarr",
    token=SecretStr("ta1_secret"),
    clicked_at=12.5,
)


def test_one_line_there_and_back() -> None:
    line = messages.to_line(OPEN)
    assert line.count(b"\n") == 1
    assert messages.read_command(line) == OPEN


def test_tokens_are_masked_everywhere_else() -> None:
    assert "ta1_secret" not in repr(OPEN) + str(OPEN) + str(OPEN.model_dump())


def test_events_there_and_back() -> None:
    selection = messages.Selection(level=2, channels=[0, 2], region=(1, 2, 3, 4))
    for event in (
        messages.Ready(renderer="llvmpipe"),
        messages.FirstPixels(image_id=3, ms=12.5),
        messages.Export(image_id=3, selection=selection),
        messages.Failed(image_id=3, code="image-not-found", message="gone"),
    ):
        assert messages.read_event(messages.to_line(event)) == event


def test_rubbish_is_refused() -> None:
    for line in (b"", b"libGL error\n", b'{"event":"dance"}'):
        with pytest.raises(ValueError, match="validation error"):
            messages.read_event(line)


def test_a_selection_is_the_part_that_is_exported() -> None:
    whole = messages.Selection(level=0, channels=[])
    assert whole.cut() is None
    part = messages.Selection(level=1, channels=[2], region=(10, 20, 30, 40))
    assert part.cut() == Cut(1, y=Span(20, 40), x=Span(10, 30), channels=(2,))
