"""What a person does with the plugin in her napari; run by path, where the wheels are.

    python napari_story.py < story.json

Her preferences come as JSON on stdin, what she sees goes as JSON lines to stdout.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import napari
import numpy as np
from napari.settings import get_settings
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication, QFileDialog

PATIENCE_S = 60.0
Story = dict[str, Any]


class Heart:
    """Beats on the GUI thread; the longest pause is how long the window stood still."""

    def __init__(self) -> None:
        self.longest_s = 0.0
        self._last = time.monotonic()
        self._timer = QTimer()
        self._timer.timeout.connect(self._beat)
        self._timer.start(10)

    def _beat(self) -> None:
        now = time.monotonic()
        self.longest_s, self._last = max(self.longest_s, now - self._last), now


def until(condition: Callable[[], object], what: str) -> None:
    """Let napari live until something is so."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(what)
        QApplication.processEvents()
        time.sleep(0.002)


def report(**seen: Any) -> None:
    sys.stdout.write(json.dumps(seen) + "\n")
    sys.stdout.flush()


def reported(layer: Any) -> dict[str, Any]:
    """Return what a layer shows."""
    return {
        "name": layer.name,
        "scale": [float(one) for one in layer.scale],
        "units": [str(unit) for unit in layer.units],
        "contrast": [float(one) for one in layer.contrast_limits],
        "color": [float(one) for one in layer.colormap.colors[-1][:3]],
        "levels": [list(level.shape) for level in layer.data],
    }


def loaded(viewer: Any) -> bool:
    return bool(len(viewer.layers)) and all(layer.loaded for layer in viewer.layers)


def shoot(viewer: Any, story: Story, name: str) -> None:
    if story.get("pictures"):
        until(lambda: loaded(viewer), "loaded")
        for _ in range(20):
            QApplication.processEvents()
        window: Any = viewer.window._qt_window
        window.grab().save(str(Path(story["pictures"]) / f"plugin-{name}.png"))


def sign_in(widget: Any, story: Story) -> None:
    form = widget.form
    form.server.setText(story["server"])
    form.username.setText(story["username"])
    form.password.setText("not the password")
    form.remember.setChecked(False)
    form.button.click()
    until(lambda: "Sign-in failed" in widget.status.text(), "refused")
    form.password.setText(story["password"])
    form.button.click()
    until(lambda: widget.pages.currentWidget() is widget.browser, "signed in")
    report(step="signed in", password_left=form.password.text())


def browse(widget: Any) -> None:
    browser = widget.browser
    until(lambda: browser.tree.topLevelItemCount() > 1, "containers")
    until(browser.images.count, "all images")
    rows = [browser.tree.topLevelItem(n) for n in range(browser.tree.topLevelItemCount())]
    browser.tree.setCurrentItem(rows[1])
    until(browser.images.count, "images of the dataset")
    browser.images.setCurrentRow(0)
    report(
        step="browsed",
        containers=[row.text(0) for row in rows],
        images=[browser.images.item(n).text() for n in range(browser.images.count())],
    )


def open_selected(viewer: Any, widget: Any, story: Story) -> None:
    widget.browser.open_button.click()
    until(lambda: loaded(viewer), "opened")
    shoot(viewer, story, "opened")
    report(step="opened", layers=[reported(layer) for layer in viewer.layers])


def scan_closer(viewer: Any, story: Story) -> None:
    """Zoom in while the server is slow; it is told when, and that it is quick again."""
    sys.stdin.readline()
    heart = Heart()
    shown = [layer.data_level for layer in viewer.layers]
    viewer.scene.camera.zoom *= 8
    until(lambda: [layer.data_level for layer in viewer.layers] != shown, "another level")
    waited = not loaded(viewer)
    until(lambda: loaded(viewer), "looked closer")
    report(step="looked closer", longest_s=heart.longest_s, waited=waited)
    sys.stdin.readline()
    # Only now: what was read once is kept.
    np.save(story["pixels"], np.stack([np.asarray(layer.data[0]) for layer in viewer.layers]))


def open_address(viewer: Any, widget: Any, story: Story) -> None:
    widget.browser.address_button.click()
    until(lambda: "clipboard" in widget.status.text(), "copied")
    address = QApplication.clipboard().text()
    viewer.layers.clear()
    viewer.open(address, plugin="napari-transferapp")
    until(lambda: loaded(viewer), "opened by its address")
    np.save(
        story["pixels_by_address"],
        np.stack([np.asarray(layer.data[0]) for layer in viewer.layers]),
    )
    report(step="opened by address", layers=[reported(layer) for layer in viewer.layers])
    report(step="copied", address=address, status=widget.status.text())


def main() -> None:
    story: Story = json.loads(sys.stdin.readline())
    get_settings().appearance.theme = story.get("theme", "dark")
    viewer = napari.Viewer()
    viewer.window._qt_window.resize(1280, 800)
    _, widget = viewer.window.add_plugin_dock_widget("napari-transferapp")
    if story.get("pictures"):
        until(widget.isVisible, "shown")
        for _ in range(50):
            QApplication.processEvents()
            time.sleep(0.02)
        viewer.window._qt_window.grab().save(
            str(Path(story["pictures"]) / "plugin-sign-in.png")
        )
    sign_in(widget, story)
    browse(widget)
    open_selected(viewer, widget, story)
    scan_closer(viewer, story)
    open_address(viewer, widget, story)
    image = widget.browser.selected()
    widget.ask_for_export(image)
    until(lambda: "1 image, 1 file" in widget.status.text(), "summary: " + widget.status.text())
    for dialog in widget.findChildren(QFileDialog):
        assert "1 image, 1 file" in dialog.windowTitle()
        dialog.reject()
    widget.export_to(image, story["folder"])
    until(lambda: "queued" in widget.status.text(), "export: " + widget.status.text())
    widget.browser.sign_out_requested.emit()
    until(lambda: widget.pages.currentWidget() is widget.form, "signed out")
    settings = get_settings()
    settings.save()
    report(step="ended", settings=Path(str(settings.config_path)).read_text(encoding="utf-8"))
    viewer.close()


main()
