"""What the main window asks of a page; a page is built as ``XPage(presenter)``."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget


class Page(QWidget):
    """One page of the main window.

    ``title`` is its heading and name in the navigation, ``icon_name`` a qtawesome name
    (``mdi6.tray-arrow-up``). A page lays out its own heading with ``widgets.headings``.
    """

    title: str = ""
    icon_name: str = ""

    def activated(self) -> None:
        """Called each time the page comes to the front."""
