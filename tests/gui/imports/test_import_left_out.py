"""What an import leaves out: told, ignored on wish, and never a plain success."""

from __future__ import annotations

import pytest

from tests.support.import_page_env import Env, Play, env
from tests.support.transfer_fakes import (
    event,
    transfer,
    until,
    view,
)
from transferapp.model.promises import Promises
from transferapp.model.transfers import ItemState

# The offscreen platform says so of windows and menus.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

__all__ = ["env"]


def test_what_does_not_matter_can_be_ignored(env: Play) -> None:
    async def story(on: Env) -> None:
        await on.ready()
        assert on["import.leftOut"].text() == (
            "Left out: 1 cannot be imported. Keep what is not imported."
        )
        on.select("cell.png")
        assert not on["import.ignore"].isVisible(), "it is imported"
        on.select("cut.png")
        on.click("import.ignore")
        assert on["import.leftOut"].text() == "Left out: 1 ignored."
        model = on["import.list"].model()
        row = next(r for r in range(3) if model.index(r, 0).data() == "cut.png")
        assert model.index(row, 3).data() == "Ignored: it does not matter"
        assert on["import.ignore"].text() == "Do not ignore"
        on.click("import.ignore")
        assert "1 cannot be imported" in on["import.leftOut"].text()

    env(story)


def test_an_import_that_left_files_out_is_no_plain_success(env: Play) -> None:
    async def story(on: Env) -> None:
        await on.ready()
        on.click("import.submit")
        await until(on["import.promise.deleteSource"].isVisible)
        only = Promises(True, True, False, True)
        names = ("Embryo 🔬 day 3/notes.docx",)
        ended = {"state": ItemState.IMPORTED, "items_done": 12, "files_verified": 31}
        on.session.server.put(
            transfer(1, **ended, promises=only, left_out_files=1, left_out_names=names)
        )
        on.session.events.notify(event(f"{1:032x}"))
        on.session.agent.show(view(1, safe_to_delete_imported=True))
        await until(lambda: "only" in on["import.promise.deleteSource"].text(), 4)
        assert on["import.promise.deleteSource"].text() == (
            "Safe to delete the source: only the 31 imported files (1 file was left out and not"
            " imported: 'Embryo 🔬 day 3/notes.docx')"
        )
        reported = on["import.promise.deleteSource"]
        assert reported.property("role") == "warn"
        await until(lambda: reported.height() >= reported.heightForWidth(reported.width()), 4)
        assert on["import.outcome"].text() == "Imported, but for 1 file"

    env(story)
