"""Tool tips: of what is shown now, and never read as markup."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPoint
from PySide6.QtGui import QHelpEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QApplication, QLabel, QToolTip
from pytestqt.qtbot import QtBot

from transferapp.desktop.widgets.labels import ElidedLabel
from transferapp.desktop.widgets.tables import FILL, WideTable
from transferapp.desktop.widgets.tips import tip_text

# The offscreen platform says so of every window.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

NAME = "a <b>bold</b> & long name.tif"


def test_names_stay_names_and_line_breaks_stay() -> None:
    text = QLabel(tip_text(f"{NAME}\nsecond"))
    assert "&lt;b&gt;bold&lt;/b&gt; &amp; long" in text.text()
    assert tip_text("") == ""


def test_the_tip_of_a_shortened_label_is_of_the_text_it_shows(qtbot: QtBot) -> None:
    name = ElidedLabel("x" * 100)
    qtbot.addWidget(name)
    name.resize(200, 20)
    name.show()
    assert "x" * 100 in name.toolTip()
    name.setText("short")
    assert name.toolTip() == ""
    name.setText("y" * 100)
    assert "y" * 100 in name.toolTip()


def test_the_tip_of_a_cell_is_plain_text(qtbot: QtBot) -> None:
    model = QStandardItemModel(1, 1)
    cell = QStandardItem("Failed")
    cell.setToolTip(NAME)
    model.setItem(0, 0, cell)
    table = WideTable("t", (FILL,), row_height=30)
    table.setModel(model)
    table.size_columns()
    qtbot.addWidget(table)
    table.show()
    where = table.visualRect(model.index(0, 0)).center()
    glance = QHelpEvent(QEvent.Type.ToolTip, where, QPoint(10, 10))
    QApplication.sendEvent(table.viewport(), glance)
    shown = [w for w in QApplication.topLevelWidgets() if w.inherits("QTipLabel")]
    assert [tip.property("text") for tip in shown] == [tip_text(NAME)]
    QToolTip.hideText()
    shown[0].hide()
