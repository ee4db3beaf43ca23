"""Where an import goes, what it is called, and the button that starts it."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QLineEdit, QVBoxLayout, QWidget

from transferapp.desktop.containers.target_picker import TargetPicker
from transferapp.desktop.imports.presenter import ImportPresenter
from transferapp.desktop.loop import starts
from transferapp.desktop.widgets import theme
from transferapp.desktop.widgets.buttons import button
from transferapp.desktop.widgets.labels import label
from transferapp.desktop.widgets.listening import listen
from transferapp.desktop.widgets.scrolling import scrolling

_WIDTH = 360


class ImportForm(QFrame):
    """The right side of the Import page.

    Names: ``import.target`` (the picker's own), ``import.name``, ``import.tags``,
    ``import.comment``, ``import.summary``, ``import.whyNot``, ``import.submit``.
    """

    def __init__(self, presenter: ImportPresenter) -> None:
        super().__init__()
        theme.set_role(self, "card")
        self.setFixedWidth(_WIDTH)
        self._presenter = presenter
        self._picker = TargetPicker(presenter.targets)
        self._name = _field("import.name", "Name of the import")
        self._name.textEdited.connect(presenter.set_name)
        self._tags = _field("import.tags", "Tags", "Optional, separated by commas")
        self._comment = _field("import.comment", "Comment", "Optional, for all images")
        self._tags.textEdited.connect(self._annotate)
        self._comment.textEdited.connect(self._annotate)
        self._summary = label("", wrap=True)
        self._summary.setObjectName("import.summary")
        self._left_out = label("", "warn", wrap=True)
        self._left_out.setObjectName("import.leftOut")
        self._why_not = label("", "muted", wrap=True)
        self._why_not.setObjectName("import.whyNot")
        self._submit = button(
            "Import", "import.submit", role="primary", icon_name="mdi6.tray-arrow-up"
        )
        self._submit.setMinimumHeight(42)
        self._submit.clicked.connect(starts(presenter.submit))
        self._lay_out()
        listen(self, presenter.changed, self._show)
        listen(self, presenter.rows_changed, self._show)
        self._show()

    def _lay_out(self) -> None:
        fields = QVBoxLayout()
        fields.setSpacing(theme.SMALL)
        fields.addWidget(self._picker, 1)
        fields.addSpacing(theme.SMALL)
        for sentence, field in (
            ("Name of the import", self._name),
            ("Tags", self._tags),
            ("Comment", self._comment),
        ):
            caption = label(sentence, "caption")
            caption.setBuddy(field)
            fields.addWidget(caption)
            fields.addWidget(field)
        # What the button does, and the button, stay in sight in a small window.
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.LARGE, theme.MEDIUM, theme.LARGE, theme.MEDIUM)
        layout.setSpacing(theme.SMALL)
        layout.addWidget(label("Import into", "heading"))
        layout.addWidget(scrolling(fields, "import.fields"), 1)
        layout.addSpacing(theme.SMALL)
        for text_label in (self._summary, self._left_out, self._why_not):
            layout.addWidget(text_label)
        layout.addWidget(self._submit)

    def press(self) -> None:
        """Do as if the button was pressed; nothing while it cannot be."""
        self._submit.click()

    def _annotate(self) -> None:
        self._presenter.set_annotations(tags=self._tags.text(), comment=self._comment.text())

    def _show(self) -> None:
        presenter = self._presenter
        for field, text in (
            (self._name, presenter.name),
            (self._tags, presenter.tags),
            (self._comment, presenter.comment),
        ):
            if field.text() != text:
                field.setText(text)
        why_not = presenter.why_not
        _show(self._summary, presenter.summary)
        _show(self._left_out, presenter.left_out)
        _show(self._why_not, why_not)
        self._submit.setEnabled(not why_not)
        self._submit.setToolTip(why_not or "Hand the import over (Ctrl+Enter)")
        self._submit.setText("Handing over…" if presenter.handing_over else "Import")


def _field(name: str, accessible_name: str, hint: str = "") -> QLineEdit:
    field = QLineEdit()
    field.setObjectName(name)
    field.setAccessibleName(accessible_name)
    field.setPlaceholderText(hint)
    field.setMaxLength(1000)
    return field


def _show(sentence: QWidget, text: str) -> None:
    sentence.setProperty("text", text)
    sentence.setVisible(bool(text))
