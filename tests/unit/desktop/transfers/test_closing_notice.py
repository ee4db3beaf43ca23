"""What is said when the window closes is never more than what is true."""

from __future__ import annotations

from tests.support.transfer_fakes import NOW, promises, transfer
from transferapp.desktop.transfers.closing_notice import closing_notice
from transferapp.desktop.transfers.rows import TransferRow, merge
from transferapp.model.transfers import ItemState


def row(
    number: int, *, log_off: bool = True, state: ItemState = ItemState.UPLOADING
) -> TransferRow:
    made = transfer(number, state=state, promises=promises(log_off=log_off))
    return merge(made, None, now=NOW)


def test_nothing_is_stated_when_nothing_runs_and_it_really_ends() -> None:
    done = row(1, state=ItemState.IMPORTED)
    assert closing_notice([done], in_tray=False) is None
    reported = closing_notice([done], in_tray=True)
    assert reported is not None
    assert "stays in the tray" in reported.title


def test_logging_off_is_called_safe_only_when_it_is_for_all() -> None:
    reported = closing_notice([row(1), row(2)], in_tray=False)
    assert reported is not None
    assert reported.title == "2 transfers go on without this window"
    assert "you may log off" in reported.text
    warned = closing_notice([row(1), row(2, log_off=False)], in_tray=False)
    assert warned is not None
    assert "do not log off" in warned.text
