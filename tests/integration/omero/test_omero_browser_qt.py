"""omero-browser-qt, unmodified, on images that we imported: its dialogs on a screen."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

import pytest

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

from tests.support.omero_imported import imported_by_us
from tests.support.omero_programs import OmeroPrograms, omero_programs
from tests.support.own_display import own_display

# The first run fetches the packages.
pytestmark = [
    pytest.mark.omero_clients,
    pytest.mark.screen,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(shutil.which("Xvfb") is None, reason="needs Xvfb"),
]

#: A person: signs in (wrongly first), opens the dataset, filters, looks, and imports one image.
_CHOSEN = """
import json, sys, time
from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import (
    QApplication, QDialogButtonBox, QLabel, QLineEdit, QPushButton, QSpinBox, QTableWidget,
    QTreeView,
)
app = QApplication([])
from omero_browser_qt import OmeroBrowserDialog
from omero_browser_qt.login_dialog import LoginDialog
port, password, picture = sys.argv[1:]
seen, ends = {}, time.monotonic() + 90

def wait(what, look):
    while not (found := look()):
        if time.monotonic() > ends:
            raise SystemExit(f"never came: {what}; seen {seen}")
        QTest.qWait(50)
    return found

def dialog(kind):
    return wait(kind.__name__, lambda: next(
        (w for w in app.topLevelWidgets() if isinstance(w, kind) and w.isVisible()), None))

def shown(parent, kind):
    return [w for w in parent.findChildren(kind) if w.isVisible()]

def rows(tree):
    def below(parent, depth):
        model, found = tree.model(), []
        for row in range(model.rowCount(parent)):
            index = model.index(row, 0, parent)
            found.append(("  " * depth + str(index.data()), index))
            if tree.isExpanded(index):
                found += below(index, depth + 1)
        return found
    return below(tree.rootIndex(), 0)

def sign_in():
    window = dialog(LoginDialog)
    host, user, secret = [w for w in shown(window, QLineEdit) if w.parent() is not None
                          and not isinstance(w.parent(), QSpinBox)]
    host.selectAll()
    QTest.keyClicks(host, "127.0.0.1")
    shown(window, QSpinBox)[0].setValue(int(port))
    QTest.keyClicks(user, "alice")
    QTest.keyClicks(secret, "wrong")
    QTest.keyClick(secret, Qt.Key.Key_Return)
    seen["refused"] = wait("the refusal", lambda: next(
        (w.text() for w in shown(window, QLabel) if "failed" in w.text()), None))
    secret.selectAll()
    QTest.keyClicks(secret, password)
    ok = window.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Ok)
    QTimer.singleShot(100, browse)
    QTest.mouseClick(ok, Qt.MouseButton.LeftButton)

def browse():
    window = dialog(OmeroBrowserDialog)
    (tree,) = shown(window, QTreeView)[:1]
    seen["roots"] = [text for text, _index in wait("roots", lambda: rows(tree))]
    dataset = next(index for text, index in rows(tree) if "By TransferApp" in text)
    tree.setCurrentIndex(dataset)
    tree.setFocus()
    QTest.keyClick(tree, Qt.Key.Key_Right)
    wait("the images", lambda: len(rows(tree)) == len(seen["roots"]) + 3)
    seen["tree"] = [text for text, _index in rows(tree)]
    words = next(w for w in shown(window, QLineEdit) if w.parent() is not None)
    QTest.keyClicks(words, "cells")
    wait("fewer", lambda: len(rows(tree)) == 2)
    seen["filtered"] = [text for text, _index in rows(tree)]
    index = rows(tree)[-1][1]
    tree.scrollTo(index)
    QTest.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton,
                     pos=tree.visualRect(index).center())
    (table,) = shown(window, QTableWidget)
    wait("the details", table.rowCount)
    seen["details"] = {table.item(row, 0).text(): table.item(row, 1).text()
                       for row in range(table.rowCount())}
    thumbnail = wait("the thumbnail", lambda: next(
        (w.pixmap() for w in shown(window, QLabel) if w.pixmap() and w.pixmap().width() > 1),
        None)).toImage()
    middle = thumbnail.width() // 2
    seen["greys"] = len({thumbnail.pixel(middle, y) for y in range(thumbnail.height())})
    window.grab().save(picture)
    button = next(w for w in shown(window, QPushButton) if w.text() == "Import")
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)

QTimer.singleShot(100, sign_in)
seen["chosen"] = [image.getId() for image in OmeroBrowserDialog.select_images()]
print(json.dumps(seen))
"""


def test_a_person_signs_in_and_chooses_an_image(tmp_path: Path) -> None:
    python = omero_programs()
    with (
        imported_by_us(tmp_path) as held,
        tempfile.TemporaryDirectory(prefix="ta-") as home,
        own_display(1280, 800) as display,
    ):
        programs = OmeroPrograms(python, held.sandbox, Path(home))
        port, picture = held.sandbox.port("ssl"), tmp_path / "dialog.png"
        printed = programs.python(
            _CHOSEN, port, held.sandbox.password, picture, display=display
        )
    seen = json.loads(printed.splitlines()[-1])
    assert "Connection failed" in seen["refused"]
    assert seen["roots"][0] == "By TransferApp (3)"
    assert seen["tree"][1:4] == [
        "  cells_D03f00d0.tif",
        "  slide.ome.tiff",
        "  timelapse.ome.tif",
    ]
    assert seen["filtered"] == ["By TransferApp (3)", "  cells_D03f00d0.tif"]
    details = seen["details"]
    assert details["Owner"].startswith("Alice")
    assert (details["Image width"], details["Pixel type"]) == ("512 px", "u1")
    assert seen["greys"] > 10
    assert seen["chosen"] == [held.cells]
    assert picture.stat().st_size > 10_000
