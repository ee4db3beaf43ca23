"""What a person reads of a transfer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.support.transfer_fakes import NOW, problem
from transferapp import errors
from transferapp.desktop.transfers import texts
from transferapp.model.transfers import ItemProblem, ItemState


@pytest.mark.parametrize(
    ("size", "stated"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (48_000_000, "48 MB"),
        (48_340_000, "48.3 MB"),
        (113_600_000, "113 MB"),
        (2_000_000_000_000, "2 TB"),
    ],
)
def test_sizes_are_short(size: int, stated: str) -> None:
    assert texts.size_text(size) == stated


@pytest.mark.parametrize(
    ("seconds", "stated"),
    [
        (None, ""),
        (0.2, "a second"),
        (50, "50 seconds"),
        (200, "3 minutes"),
        (5100, "1 hour and 25 minutes"),
        (3 * 86400, "3 days"),
        (1e12, ""),
    ],
)
def test_time_left_is_stated_as_a_person_would(seconds: float | None, stated: str) -> None:
    assert texts.eta_text(seconds) == stated


def test_nothing_moving_has_no_speed() -> None:
    assert texts.speed_text(0.0) == ""
    assert texts.speed_text(12_400_000) == "12.4 MB/s"


@pytest.mark.parametrize(
    ("moment", "stated"),
    [
        (datetime(2026, 11, 21, 9, 3, tzinfo=UTC), "09:03"),
        (datetime(2026, 11, 20, 9, 3, tzinfo=UTC), "20 Nov, 09:03"),
        (datetime(2025, 2, 3, 9, 3, tzinfo=UTC), "3 Feb 2025, 09:03"),
    ],
)
def test_times_are_as_short_as_they_can_be(moment: datetime, stated: str) -> None:
    assert texts.clock_text(moment, NOW, UTC) == stated


def test_every_state_has_text() -> None:
    assert all(texts.state_text(state) for state in ItemState)


def test_a_stalled_transfer_states_since_when() -> None:
    since = NOW - timedelta(minutes=27)
    stated = texts.status_text(ItemState.STALLED, None, since, NOW, UTC)
    assert stated == "Stalled since 12:03"
    assert "No sign of life since 12:03" in texts.stalled_text(since, NOW, UTC)


def test_a_stalled_repository_does_not_send_anybody_to_the_workstation() -> None:
    since = NOW - timedelta(minutes=27)
    stated = texts.stalled_text(since, NOW, UTC, arrived=True)
    assert "The image repository gives no sign of life of it since 12:03" in stated
    assert "workstation" not in stated


def test_a_waiting_transfer_states_until_when_and_why() -> None:
    why = problem(errors.RepositoryUnavailable(), retry_in_s=900)
    stated = texts.status_text(ItemState.WAITING, why, NOW, NOW, UTC)
    assert stated == "Waiting until 12:45: the image repository does not answer"


def test_a_remedy_names_the_problem_once() -> None:
    own = problem(errors.VanishedFile("'a.tif' is gone. Put it back, then retry."))
    assert texts.problem_text(own, NOW, UTC) == "'a.tif' is gone. Put it back, then retry."
    general = problem(errors.TargetNotFound())
    assert texts.problem_text(general, NOW, UTC) == (
        "The target does not exist. Choose another target. Your files are safe."
    )


def test_a_title_that_states_nothing_is_left_out() -> None:
    bad = problem(errors.Invalid("The reader does not know compression 34933."))
    assert texts.status_text(ItemState.FAILED, bad, NOW, NOW) == "Failed"
    assert texts.problem_text(bad, NOW) == "The reader does not know compression 34933."


def test_a_remedy_states_when_it_is_tried_again() -> None:
    why = problem(errors.StorageFull("The disk of the server is full."), retry_in_s=900)
    assert texts.problem_text(why, NOW, UTC).endswith("It is tried again at 12:45.")
    due = problem(errors.StorageFull("The disk of the server is full."), retry_in_s=-1)
    assert texts.problem_text(due, NOW, UTC).endswith("It is tried again now.")


def test_an_abbreviation_keeps_its_capitals() -> None:
    why = problem(errors.Unavailable())
    why = type(why)(why.code, "OMERO is down", "Wait.", why.retryable)
    assert texts.status_text(ItemState.WAITING, why, NOW, NOW, UTC) == "Waiting: OMERO is down"


def test_progress_is_stated_in_bytes() -> None:
    assert texts.progress_text(0, 48_000_000) == "0 of 48 MB"
    assert texts.progress_text(12_000_000, 48_000_000) == "12 MB of 48 MB"
    assert texts.progress_text(48_000_000, 48_000_000) == "48 MB"


def test_what_comes_from_an_archive_says_how_long() -> None:
    sentence = (
        "From the archive, about 5 hours. 1 file was asked for there; it goes on by itself."
    )
    at = NOW + timedelta(minutes=30)
    why = ItemProblem("in-archive", "From the archive", sentence, retryable=True, retry_at=at)
    stated = texts.status_text(ItemState.WAITING, why, NOW, NOW, UTC)
    assert stated == "Waiting: from the archive, about 5 hours"
    assert texts.problem_text(why, NOW, UTC).startswith(sentence)
