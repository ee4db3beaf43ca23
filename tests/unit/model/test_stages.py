"""The workstation's stages follow from the states that the server tells."""

from __future__ import annotations

import pytest

from transferapp.model.moves import RETRY
from transferapp.model.stages import (
    ENDED_STAGES,
    RETRIED_STAGES,
    ItemStage,
    shown_state,
    stage_of,
)
from transferapp.model.transfers import ENDED_STATES, ItemState


@pytest.mark.parametrize("state", ItemState)
def test_what_ended_there_has_ended_here(state: ItemState) -> None:
    stage = stage_of(state, verified=True)
    assert (stage in ENDED_STAGES) is (state in ENDED_STATES)
    assert stage is None or stage in ENDED_STAGES


def test_an_import_is_done_once_it_is_checked() -> None:
    assert stage_of(ItemState.IMPORTED, verified=False) is None
    assert stage_of(ItemState.IMPORTED, verified=True) is ItemStage.DONE
    assert stage_of(ItemState.DELIVERED, verified=False) is ItemStage.DONE
    assert stage_of(ItemState.FAILED, verified=False) is ItemStage.FAILED
    assert stage_of(ItemState.CANCELLED, verified=True) is ItemStage.CANCELLED


@pytest.mark.parametrize("state", ItemState)
def test_without_checksums_it_ends_and_is_not_done(state: ItemState) -> None:
    stage = stage_of(state, verified=False, checksum_skipped=True)
    assert (stage in ENDED_STAGES) is (state in ENDED_STATES)
    assert (stage is ItemStage.UNVERIFIED) is (state is ItemState.IMPORTED)
    # What is attached beside the images is checked, and done.
    checked = stage_of(ItemState.IMPORTED, verified=True, checksum_skipped=True)
    assert checked is ItemStage.DONE


def test_a_retry_opens_what_the_table_of_moves_lets_go_on() -> None:
    shown = {
        stage: shown_state(stage, ItemState(stage))
        for stage in ENDED_STAGES - {ItemStage.DONE, ItemStage.UNVERIFIED}
    }
    shown[ItemStage.PROBLEM] = shown_state(ItemStage.PROBLEM, ItemState.UPLOADING)
    assert {stage for stage, state in shown.items() if state in RETRY.start} == RETRIED_STAGES
