"""What the main window asks of a page; a page is built as ``XPage(presenter)``."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from transferapp.desktop.widgets import theme
from transferapp.desktop.widgets.banner import MessageBanner
from transferapp.desktop.widgets.labels import label


class PageWidget(QWidget):
    """One page of the main window, with its heading, its banner and a body to fill.

    ``title`` is its heading and name in the navigation, ``icon_name`` a qtawesome name
    (``mdi6.tray-arrow-up``). Put buttons into ``self.heading`` and content into
    ``self.body``; show problem in ``self.banner``.
    """

    title: str = ""
    subtitle: str = ""
    icon_name: str = ""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("page")
        self.banner = MessageBanner(f"{self.title.lower()}.banner")
        self.heading = QHBoxLayout()
        self.heading.setSpacing(theme.SMALL)
        text = QVBoxLayout()
        text.setSpacing(2)
        text.addWidget(label(self.title, "title"))
        self.subtitle_label = label(self.subtitle, "subtitle")
        self.subtitle_label.setVisible(bool(self.subtitle))
        text.addWidget(self.subtitle_label)
        self.heading.addLayout(text)
        self.heading.addStretch(1)
        self.body = QVBoxLayout()
        self.body.setSpacing(theme.MEDIUM)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.LARGE, theme.LARGE, theme.LARGE, theme.LARGE)
        layout.setSpacing(theme.MEDIUM)
        layout.addLayout(self.heading)
        layout.addWidget(self.banner)
        layout.addLayout(self.body, 1)

    def activated(self) -> None:
        """Called each time the page comes to the front."""
