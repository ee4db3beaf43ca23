"""The strip above all pages: what a person has to know wherever she is."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from transferapp.desktop.shell.services import (
    AGENT_TITLE,
    BACKGROUND_TITLE,
    WORKER_TITLE,
    ServicesPresenter,
)
from transferapp.desktop.widgets import theme
from transferapp.desktop.widgets.banner import MessageBanner
from transferapp.desktop.widgets.listening import listen


class Notices(QWidget):
    """Names: ``main.banner``, ``main.agentNotice``, ``main.workerNotice``,
    ``main.backgroundNotice``.
    """

    def __init__(self) -> None:
        super().__init__()
        self.banner = MessageBanner("main.banner")
        self._agent = MessageBanner("main.agentNotice")
        self._worker = MessageBanner("main.workerNotice")
        self._background = MessageBanner("main.backgroundNotice")
        self._all = (self.banner, self._agent, self._worker, self._background)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.LARGE, theme.MEDIUM, theme.LARGE, 0)
        layout.setSpacing(theme.SMALL)
        for banner in self._all:
            layout.addWidget(banner)
            banner.shown.connect(self.show)
            banner.closed.connect(self._settle)
        self.hide()

    def follow(self, services: ServicesPresenter) -> None:
        """Show what these services say for as long as it is true."""

        def show() -> None:
            self._agent.show_while(services.agent_notice, AGENT_TITLE)
            self._worker.show_while(services.worker_notice, WORKER_TITLE)
            self._background.show_while(services.background_notice, BACKGROUND_TITLE)
            self._settle()

        listen(self, services.changed, show)
        show()

    def _settle(self) -> None:
        """Take no room when there is nothing to say."""
        self.setVisible(not all(banner.isHidden() for banner in self._all))
