"""What the details pane says of an image."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from transferapp.desktop.browse.texts import fact_rows
from transferapp.model.images import ImageDetails, ImageSummary, Level, Pixels


@pytest.fixture(params=["America/Los_Angeles", "Pacific/Kiritimati", "UTC"])
def _somewhere(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", request.param)
        time.tzset()
        yield
    time.tzset()


def facts(acquired_at: datetime) -> dict[str, str]:
    imported_at = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
    sizes = (1, 1, 1, 1, 1)
    summary = ImageSummary(
        1, "a.ome.tif", 1, "alice", 1, *sizes, "uint8", imported_at, acquired_at
    )
    pixels = Pixels(1, "a.ome.tif", 1, 1, 1, "uint8", (Level(1, 1),), ())
    return dict(fact_rows(ImageDetails(summary, pixels, ())))


@pytest.mark.usefixtures("_somewhere")
@pytest.mark.parametrize("year", [1, 9999])
def test_a_date_without_a_local_time_is_not_shown(year: int) -> None:
    last = year > 1
    when = datetime(year, 12 if last else 1, 31 if last else 1, 23 * last, tzinfo=UTC)
    assert "Acquired" not in facts(when)
    assert "2026" in facts(when)["Imported"]


@pytest.mark.usefixtures("_somewhere")
def test_a_date_is_shown_in_local_time() -> None:
    assert "2024" in facts(datetime(2024, 3, 15, 12, 0, tzinfo=UTC))["Acquired"]
