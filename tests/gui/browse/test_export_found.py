"""All that a search finds can be exported, however little of it is listed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QLabel, QMenu

from tests.support.image_env import until
from tests.support.qt_story import named
from transferapp.desktop.browse.export_dialog import ExportDialog

if TYPE_CHECKING:
    from PySide6.QtGui import QAction
    from PySide6.QtWidgets import QWidget

    from tests.support.shell_env import Env, Play

pytestmark = [
    # The offscreen platform says so of every window.
    pytest.mark.qt_log_ignore("This plugin does not support"),
    pytest.mark.usefixtures("dressed"),
]


def entries(view: QWidget) -> dict[str, QAction]:
    """Open the menu over a view; return what it offers by name."""
    for menu in view.findChildren(QMenu):
        menu.setParent(None)
    view.customContextMenuRequested.emit(QPoint(5, 5))
    (menu,) = view.findChildren(QMenu)
    menu.hide()
    return {entry.objectName(): entry for entry in menu.actions()}


def test_a_search_is_exported_from_either_menu(shell: Play) -> None:
    async def story(env: Env) -> None:
        await env.come_in()
        tree, cards = env["browse.tree"], env["browse.images"]
        assert "browse.exportFound" not in entries(tree)
        env["browse.search"].setText("re")
        await until(lambda: cards.model().rowCount() == 2)
        cards.setCurrentIndex(cards.model().index(0, 0))
        await until(lambda: env.browse.selected)
        assert "browse.exportFound" in entries(cards)
        entries(tree)["browse.exportFound"].trigger()
        (dialog,) = env.window.findChildren(ExportDialog)
        assert "Export all images named like “re”" in {
            one.text() for one in dialog.findChildren(QLabel)
        }
        await until(lambda: "POST /v1/exports/summary" in env.env.requests)
        # This server is older than summaries.
        shown = named(dialog, "export.summary")
        await until(lambda: shown.text() == "How much it is could not be counted.")
        assert named(dialog, "export.start").isEnabled()
        dialog.reject()

    shell(story)
