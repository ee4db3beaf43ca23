"""The window: a rail to move between pages, a header that says who and where, the pages."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt, QUrl, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QKeySequence,
    QShortcut,
)
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from transferapp.desktop.session.presenter import SessionPresenter
from transferapp.desktop.shell.header import Header
from transferapp.desktop.shell.notices import Notices
from transferapp.desktop.widgets import theme
from transferapp.desktop.widgets.labels import IconLabel, label
from transferapp.desktop.widgets.listening import listen
from transferapp.desktop.widgets.page import PageWidget

RAIL_WIDTH = 96
#: Pixels; in less some page would show its words or buttons in part.
LEAST_SIZE = (960, 680)
_SIZE = QSize(1320, 840)
#: More than window managers draw around a window.
_FRAME = QSize(16, 48)
MOST_COUNTED = 99


class MainWindow(QMainWindow):
    """Sign-in first; then the pages. Files may be dropped anywhere and go to Import.

    ``files_dropped`` carries a list of Path, ``close_requested`` asks whoever owns the window
    what closing means (hide into the tray, or quit). Names: ``nav.<title>``, ``main.banner``.
    """

    files_dropped = Signal(list)
    close_requested = Signal()

    def __init__(
        self, session: SessionPresenter, sign_in_page: QWidget, pages: Sequence[PageWidget]
    ) -> None:
        super().__init__()
        self._session = session
        self._sign_in_page = sign_in_page
        self._pages = {page.title.lower(): page for page in pages}
        self.setObjectName("main")
        self.setWindowTitle("TransferApp")
        self.setMinimumSize(*LEAST_SIZE)
        # Frames are outside; on a laptop the window is as large as the screen lets it be.
        room = self.screen().availableGeometry().size() - _FRAME
        self.resize(_SIZE.boundedTo(room))
        self.setAcceptDrops(True)
        self.notices = Notices()
        self.banner = self.notices.banner
        self.header = Header(session)
        self._stack = QStackedWidget()
        self._stack.setObjectName("pages")
        for page in pages:
            self._stack.addWidget(page)
        self._buttons: dict[str, QToolButton] = {}
        self._badges: dict[str, QLabel] = {}
        self._shell = self._make_shell(pages)
        self._outer = QStackedWidget()
        self._outer.addWidget(sign_in_page)
        self._outer.addWidget(self._shell)
        self.setCentralWidget(self._outer)
        self._was_signed_in: bool | None = None
        listen(self, session.changed, self._show_session)
        self._show_session()

    def go_to(self, name: str) -> None:
        """Bring a page to the front by its lower-case title; unknown names do nothing."""
        page = self._pages.get(name)
        if page is None:
            return
        self._buttons[name].setChecked(True)
        self._stack.setCurrentWidget(page)
        page.setFocus()
        page.activated()

    @property
    def current_page(self) -> str:
        """The lower-case title of the page in front, or ``sign-in``."""
        if not self._session.signed_in:
            return "sign-in"
        front = self._stack.currentWidget()
        return next((name for name, page in self._pages.items() if page is front), "")

    def bring_to_front(self) -> None:
        """Show the window, from the tray or from behind others."""
        if self.isMinimized():
            self.showNormal()
        self.show()
        self.raise_()
        self.activateWindow()

    def show_notice(self, title: str, text: str) -> None:
        """Show something worth knowing above the pages."""
        self.banner.show_message(title, text)

    def show_badge(self, name: str, count: int) -> None:
        """Show a small number on a page's button in the rail; 0 hides it."""
        badge = self._badges[name]
        badge.setText(str(count) if count <= MOST_COUNTED else f"{MOST_COUNTED}+")
        badge.setVisible(count > 0)
        badge.adjustSize()
        badge.move(self._buttons[name].width() - badge.width() - 10, 4)

    def _make_shell(self, pages: Sequence[PageWidget]) -> QWidget:
        right = QVBoxLayout()
        right.setSpacing(0)
        right.setContentsMargins(0, 0, 0, 0)
        right.addWidget(self.header)
        right.addWidget(self.notices)
        right.addWidget(self._stack, 1)
        shell = QWidget()
        layout = QHBoxLayout(shell)
        layout.setSpacing(0)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._make_rail(pages))
        layout.addLayout(right, 1)
        return shell

    def _make_rail(self, pages: Sequence[PageWidget]) -> QFrame:
        rail = QFrame()
        rail.setObjectName("rail")
        rail.setFixedWidth(RAIL_WIDTH)
        layout = QVBoxLayout(rail)
        layout.setContentsMargins(theme.SMALL, theme.MEDIUM, theme.SMALL, theme.MEDIUM)
        layout.setSpacing(theme.TIGHT)
        mark = IconLabel()
        mark.show_icon("mdi6.swap-vertical-bold", "accent", 30)
        layout.addWidget(mark)
        layout.addSpacing(theme.MEDIUM)
        group = QButtonGroup(self)
        for number, page in enumerate(pages, 1):
            if page.title == "Settings":
                layout.addStretch(1)
            made = self._nav_button(page, number)
            group.addButton(made)
            layout.addWidget(made)
        return rail

    def _nav_button(self, page: PageWidget, number: int) -> QToolButton:
        name = page.title.lower()
        made = QToolButton()
        made.setObjectName(f"nav.{name}")
        made.setText(page.title)
        made.setToolTip(f"{page.title} (Ctrl+{number})")
        made.setCheckable(True)
        made.setIcon(theme.nav_icon(page.icon_name))
        made.setIconSize(theme.icon_size(theme.NAV_ICON))
        made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        made.setFixedWidth(RAIL_WIDTH - 2 * theme.SMALL)
        # The ring shows where the keyboard is; a click needs none.
        made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        theme.set_role(made, "nav")
        made.clicked.connect(lambda: self.go_to(name))
        shortcut = QShortcut(QKeySequence(f"Ctrl+{number}"), self)
        shortcut.activated.connect(lambda: self._jump_to(name))
        badge = label("", "badge")
        badge.setParent(made)
        badge.setAlignment(Qt.AlignmentFlag.AlignCenter)
        badge.hide()
        self._buttons[name], self._badges[name] = made, badge
        return made

    def _jump_to(self, name: str) -> None:
        if self._session.signed_in:
            self.go_to(name)

    def _show_session(self) -> None:
        signed_in = self._session.signed_in
        if signed_in == self._was_signed_in:
            return
        self._was_signed_in = signed_in
        self._outer.setCurrentWidget(self._shell if signed_in else self._sign_in_page)
        if signed_in:
            self.go_to(next(iter(self._pages), ""))
        else:
            self.banner.dismiss()

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take local files when somebody is signed in."""
        if self._session.signed_in and _local_paths(event.mimeData().urls()):
            event.acceptProposedAction()

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        """Hand dropped files to the Import page."""
        paths = _local_paths(event.mimeData().urls())
        if paths and self._session.signed_in:
            event.acceptProposedAction()
            self.go_to("import")
            self.files_dropped.emit(paths)

    @override
    def closeEvent(self, event: QCloseEvent) -> None:
        """Let the owner decide; the window itself never ends the program."""
        event.ignore()
        self.close_requested.emit()


def _local_paths(urls: Sequence[QUrl]) -> list[Path]:
    return [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]
