"""The Inbox page: what came of a person's transfers, on whichever computer they began."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QTimer, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QListView, QStackedLayout, QVBoxLayout, QWidget
from typing_extensions import override

from transferapp.desktop.inbox.delegate import InboxDelegate
from transferapp.desktop.inbox.model import InboxModel
from transferapp.desktop.inbox.presenter import InboxPresenter
from transferapp.desktop.inbox.texts import inbox_row
from transferapp.desktop.loop import starts
from transferapp.desktop.widgets import theme
from transferapp.desktop.widgets.banner import MessageBanner
from transferapp.desktop.widgets.buttons import button, icon_button
from transferapp.desktop.widgets.filter_chips import FilterChips
from transferapp.desktop.widgets.labels import EmptyState
from transferapp.desktop.widgets.listening import listen
from transferapp.desktop.widgets.page import PageWidget

_ALL, _NEW = "all", "new"


class InboxPage(PageWidget):
    """A list; a click (or Return) opens an entry's transfer and makes the entry read.

    ``unread_changed`` carries how many are new. Names: ``inbox.list``, ``.filter.<key>``,
    ``.markAllRead``, ``.refresh``, ``.more``.
    """

    title = "Inbox"
    subtitle = "What came of your transfers, on whichever computer they began"
    icon_name = "mdi6.inbox-outline"
    unread_changed = Signal(int)

    def __init__(self, presenter: InboxPresenter) -> None:
        super().__init__()
        self._presenter = presenter
        self._unread = 0
        self._notice = MessageBanner("inbox.notice")
        self._chips = FilterChips("inbox.filter", ((_ALL, "All"), (_NEW, "New")))
        self._chips.chosen.connect(self._filter)
        self._shown = _ALL
        self.model = InboxModel(self)
        self._list = self._make_list()
        self._empty = EmptyState("mdi6.inbox-outline", "Nothing yet")
        self._all_read = button("Mark all as read", "inbox.markAllRead")
        self._all_read.clicked.connect(
            starts(presenter.mark_all_read, on_error=self.banner.show_error)
        )
        self._more = button("Show older ones", "inbox.more", role="quiet")
        self._more.clicked.connect(presenter.load_more)
        self._lay_out()
        listen(self, presenter.changed, self._show)
        self._show()
        presenter.start()

    @override
    def activated(self) -> None:
        """Read the inbox again and take the keyboard."""
        self._presenter.refresh()
        self._list.setFocus()

    def _make_list(self) -> QListView:
        made = QListView()
        made.setObjectName("inbox.list")
        made.setAccessibleName("Inbox")
        made.setModel(self.model)
        made.setItemDelegate(InboxDelegate(made))
        made.setUniformItemSizes(True)
        made.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        made.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        made.clicked.connect(self._open)
        made.activated.connect(self._open)
        return made

    def _lay_out(self) -> None:
        refresh = icon_button("mdi6.refresh", "Refresh (F5)", "inbox.refresh")
        refresh.clicked.connect(self._presenter.refresh)
        QShortcut(QKeySequence("F5"), self).activated.connect(self._presenter.refresh)
        self.heading.addWidget(self._all_read)
        self.heading.addWidget(refresh)
        card = QFrame()
        theme.set_role(card, "card")
        inside = QVBoxLayout(card)
        inside.setContentsMargins(theme.TIGHT, theme.TIGHT, theme.TIGHT, theme.TIGHT)
        holder = QWidget()
        self._stack = QStackedLayout(holder)
        self._stack.addWidget(self._list)
        self._stack.addWidget(self._empty)
        inside.addWidget(holder, 1)
        inside.addWidget(self._more)
        self.body.addWidget(self._notice)
        self.body.addWidget(self._chips)
        self.body.addWidget(card, 1)

    def _open(self, index: QModelIndex) -> None:
        row = self.model.row_at(index)
        if row is not None:
            # Not now: the list is still working on the click, and "New" would drop the row.
            QTimer.singleShot(0, self, lambda: self._presenter.open(row.entry))

    def _filter(self, key: str) -> None:
        self._shown = key
        self._show()

    def _show(self) -> None:
        presenter, now = self._presenter, self._presenter.clock.now()
        rows = [
            inbox_row(entry, now, is_unread=presenter.is_unread(entry))
            for entry in presenter.entries
        ]
        shown = [row for row in rows if row.is_unread] if self._shown == _NEW else rows
        self.model.show_rows(shown)
        self._stack.setCurrentIndex(0 if shown else 1)
        if not shown:
            self._show_why_empty(len(rows))
        self._chips.show_counts({_ALL: len(rows), _NEW: presenter.unread})
        self._all_read.setEnabled(presenter.unread > 0)
        self._more.setVisible(presenter.has_more)
        self._notice.show_while(presenter.notice, "This may be old")
        if presenter.unread != self._unread:
            self._unread = presenter.unread
            self.unread_changed.emit(self._unread)

    def _show_why_empty(self, known: int) -> None:
        if not self._presenter.loaded:
            self._empty.show_text("Reading your inbox…")
        elif known:
            self._empty.show_text("Nothing new", "You have opened everything that came.")
        else:
            self._empty.show_text(
                "Nothing yet",
                "What comes of your transfers appears here, on every computer you sign in to.",
            )
