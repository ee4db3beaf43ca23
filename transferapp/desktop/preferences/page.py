"""What a person can set, and who and what this computer talks to."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from transferapp.desktop.loop import spawn, starts
from transferapp.desktop.preferences.cards import card, column_of, row
from transferapp.desktop.preferences.confirm_dialog import ConfirmDialog
from transferapp.desktop.preferences.notification_card import PreferencesCard
from transferapp.desktop.preferences.presenter import SettingsPresenter
from transferapp.desktop.session.texts import group_text, version_text
from transferapp.desktop.widgets import theme
from transferapp.desktop.widgets.buttons import button
from transferapp.desktop.widgets.labels import label
from transferapp.desktop.widgets.listening import listen
from transferapp.desktop.widgets.page import PageWidget

CARD_WIDTH = 720
NAME_WIDTH = 170


class SettingsPage(PageWidget):
    """Every change is saved at once. Names: ``settings.notifications``, ``.tryNotification``,
    ``.preview``, ``.warmUp``, ``.exportFolder``, ``.chooseExportFolder``, ``.signOut``,
    ``.otherServers``, ``.forgetServer``, and those of ``PreferencesCard``.
    """

    title = "Settings"
    icon_name = "mdi6.cog-outline"

    def __init__(self, presenter: SettingsPresenter) -> None:
        super().__init__()
        self._presenter = presenter
        change = presenter.set_notifications
        self._notifications = self._switch(
            "Tell me when a transfer has ended or needs me", "settings.notifications", change
        )
        self._preview = self._switch(
            "Show an image as soon as it is selected",
            "settings.preview",
            presenter.set_preview_on_select,
        )
        self._warm_up = self._switch(
            "Keep napari ready while I browse (uses about 500 MB of memory)",
            "settings.warmUp",
            presenter.set_warm_up_napari,
        )
        self._folder = QLineEdit()
        self._folder.setObjectName("settings.exportFolder")
        self._folder.setAccessibleName("Folder for exports")
        self._folder.setPlaceholderText("The folder for downloads")
        self._folder.editingFinished.connect(self._folder_typed)
        self._values: dict[str, QLabel] = {}
        self._lay_out()
        listen(self, presenter.changed, self._show)
        self._show()

    @override
    def activated(self) -> None:
        """Ask server and workstation service who they are."""
        spawn(self._presenter.load(), name="load settings")

    def _switch(
        self, text: str, name: str, change: Callable[..., Coroutine[Any, Any, None]]
    ) -> QCheckBox:
        made = QCheckBox(text)
        made.setObjectName(name)
        # clicked, not toggled: showing a value must not save it again.
        made.clicked.connect(lambda on: spawn(change(on=on)))
        return made

    def _lay_out(self) -> None:
        column = QVBoxLayout()
        column.setContentsMargins(0, 0, theme.MEDIUM, theme.MEDIUM)
        column.setSpacing(theme.LARGE)
        for part in (
            self._account_card(),
            self._notification_card(),
            PreferencesCard(self._presenter.preferences),
            self._image_card(),
            self._service_card(),
            self._about_card(),
        ):
            part.setMaximumWidth(CARD_WIDTH)
            column.addWidget(part)
        column.addStretch(1)
        inside = QWidget()
        inside.setLayout(column)
        scroll = QScrollArea()
        scroll.setObjectName("settings.scroll")
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(inside)
        self.body.addWidget(scroll)

    def _account_card(self) -> QFrame:
        out = button("Sign out", "settings.signOut", icon_name="mdi6.logout")
        out.clicked.connect(starts(self._presenter.session.sign_out))
        return card(
            "Account",
            self._value("Signed in as", "person"),
            self._value("Server", "server"),
            self._value("Server version", "serverVersion"),
            self._value("Group", "group"),
            self._others_row(),
            row(out),
        )

    def _others_row(self) -> QWidget:
        self._others = QComboBox()
        self._others.setObjectName("settings.otherServers")
        self._others.setAccessibleName("Other servers that you used here")
        forget = button("Forget this server…", "settings.forgetServer")
        forget.clicked.connect(self._ask_to_forget)
        caption = label("Other servers that you used here", "caption")
        self._others_rows = column_of(caption, row(self._others, forget, stretch=self._others))
        return self._others_rows

    def _notification_card(self) -> QFrame:
        attempt = button("Show an example", "settings.tryNotification")
        attempt.clicked.connect(starts(self._try_notification))
        self._try_answer = label("", "muted")
        self._try_answer.setObjectName("settings.tryAnswer")
        return card("Notifications", self._notifications, row(attempt, self._try_answer))

    def _image_card(self) -> QFrame:
        choose = button("Choose…", "settings.chooseExportFolder")
        choose.clicked.connect(self._choose_folder)
        row = QHBoxLayout()
        row.setSpacing(theme.SMALL)
        row.addWidget(self._folder, 1)
        row.addWidget(choose)
        holder = QWidget()
        holder.setLayout(row)
        row.setContentsMargins(0, 0, 0, 0)
        caption = label("Exports go to", "caption")
        caption.setBuddy(self._folder)
        return card("Images", self._preview, self._warm_up, caption, holder)

    def _service_card(self) -> QFrame:
        return card(
            "Workstation service",
            self._value("State", "agentState"),
            self._value("Account", "agentAccount"),
            self._value("Bandwidth", "bandwidth"),
        )

    def _about_card(self) -> QFrame:
        return card("About", self._value("TransferApp", "version"))

    def _value(self, name: str, key: str) -> QWidget:
        key_label = label(name, "muted")
        key_label.setFixedWidth(NAME_WIDTH)
        key_label.setAlignment(Qt.AlignmentFlag.AlignTop)
        value = label("", wrap=True)
        value.setObjectName(f"settings.{key}")
        value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._values[key] = value
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(key_label)
        row.addWidget(value, 1)
        return holder

    def _show(self) -> None:
        settings = self._presenter.settings
        self._notifications.setChecked(settings.notifications)
        self._preview.setChecked(settings.preview_on_select)
        self._warm_up.setChecked(settings.warm_up_napari)
        if not self._folder.hasFocus():
            self._folder.setText(settings.export_folder)
        self._show_others()
        for key, text in self._texts().items():
            self._values[key].setText(text)

    def _show_others(self) -> None:
        urls = [profile.url for profile in self._presenter.other_profiles]
        if urls != [self._others.itemText(n) for n in range(self._others.count())]:
            self._others.clear()
            self._others.addItems(urls)
        self._others_rows.setVisible(bool(urls))

    def _ask_to_forget(self) -> None:
        url = self._others.currentText()
        dialog = ConfirmDialog(
            f"Forget {url.partition('://')[2]}?",
            "It is no longer offered when you sign in, and the session that this computer may"
            " keep for it is deleted. Transfers to it go on.",
            "Forget",
            parent=self,
        )
        dialog.accepted.connect(lambda: spawn(self._presenter.forget_profile(url)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _texts(self) -> dict[str, str]:
        session, server = self._presenter.session, self._presenter.server_info
        identity = session.identity
        texts = {
            "server": session.server_url,
            "serverVersion": version_text(server),
            "bandwidth": "Not limited here; an administrator may limit the service",
            "version": f"Version {self._presenter.version}",
            **self._agent_texts(),
        }
        if identity is not None:
            person = identity.experimenter
            groups = {g.id: group_text(g) for g in identity.groups}
            texts["person"] = f"{person.full_name or person.username} ({person.username})"
            texts["group"] = groups.get(identity.default_group_id, "-")
        return texts

    def _agent_texts(self) -> dict[str, str]:
        info, problem = self._presenter.agent_info, self._presenter.agent_problem
        if info is not None:
            state = f"Running, version {info.version}"
            return {"agentState": state, "agentAccount": info.account}
        state = f"{problem.title}. {problem.message}" if problem else "Asking…"
        return {"agentState": state, "agentAccount": "-"}

    def _folder_typed(self) -> None:
        if self._folder.text() != self._presenter.settings.export_folder:
            spawn(self._presenter.set_export_folder(self._folder.text().strip()))

    def _choose_folder(self) -> None:
        chooser = QFileDialog(self, "Exports go to", self._folder.text())
        chooser.setFileMode(QFileDialog.FileMode.Directory)
        chooser.setOption(QFileDialog.Option.ShowDirsOnly)
        chooser.fileSelected.connect(lambda f: spawn(self._presenter.set_export_folder(f)))
        chooser.finished.connect(chooser.deleteLater)
        chooser.open()

    async def _try_notification(self) -> None:
        shown = await self._presenter.try_notification()
        self._try_answer.setText(
            "Sent. It shows at the edge of your screen."
            if shown
            else "This computer shows no notifications; look at Transfers instead."
        )
