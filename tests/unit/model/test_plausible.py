"""What can be true of an image."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from math import inf, isfinite, nan

import pytest
from hypothesis import given, strategies as st

from transferapp.model.plausible import plausible_moment, plausible_um, plausible_window


@given(st.floats() | st.none())
def test_a_size_is_unknown_or_finite_and_above_zero(size_um: float | None) -> None:
    found = plausible_um(size_um)
    assert found is None or (found == size_um and found > 0 and isfinite(found * 1e9))


@pytest.mark.parametrize("size_um", [None, inf, -inf, nan, 0.0, -0.5, 1e40])
def test_sizes_that_cannot_be_true(size_um: float | None) -> None:
    assert plausible_um(size_um) is None


@given(st.datetimes(timezones=st.none() | st.timezones()))
def test_a_moment_is_unknown_or_has_a_local_time_everywhere(when: datetime) -> None:
    found = plausible_moment(when)
    if found is not None:
        for hours in (-14, 14):
            assert found.astimezone(timezone(timedelta(hours=hours))) == found


@pytest.mark.parametrize(
    ("year", "zone"),
    [(1, None), (1, UTC), (1, timezone(timedelta(hours=1))), (1601, UTC), (9999, UTC)],
)
def test_moments_that_cannot_be_true(year: int, zone: tzinfo | None) -> None:
    assert plausible_moment(datetime(year, 1, 1, tzinfo=zone)) is None


def test_a_moment_without_a_zone_is_in_utc() -> None:
    found = plausible_moment(datetime(2024, 3, 31, 2, 30))  # noqa: DTZ001
    assert found == datetime(2024, 3, 31, 2, 30, tzinfo=UTC)


@given(st.floats(), st.floats())
def test_a_window_is_unknown_or_finite_and_in_order(start: float, end: float) -> None:
    found = plausible_window(start, end)
    assert found is None or (found[0] < found[1] and all(map(isfinite, found)))
