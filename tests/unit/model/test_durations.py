"""How long something takes, in words."""

from __future__ import annotations

import pytest

from transferapp.model.durations import about_text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "a minute"),
        (59, "a minute"),
        (60, "1 minute"),
        (150, "2 minutes"),
        (3599, "60 minutes"),
        (3600, "1 hour"),
        (18_000, "5 hours"),
        (86_400, "1 day"),
        (100 * 86_400, "100 days"),
        (2000 * 86_400, "2,000 days"),
    ],
)
def test_about(seconds: float, text: str) -> None:
    assert about_text(seconds) == text
