"""Make buttons that look alike and always have a name for screen readers and tests."""

from __future__ import annotations

from PySide6.QtWidgets import QPushButton, QToolButton

from transferapp.desktop.widgets import theme


def button(
    text: str, object_name: str, *, role: str = "", icon_name: str = "", tip: str = ""
) -> QPushButton:
    """Return a push button; ``role`` is primary, quiet, danger or empty."""
    made = QPushButton(text)
    made.setObjectName(object_name)
    if tip:
        made.setToolTip(tip)
    if role:
        theme.set_role(made, role)
    if icon_name:
        colour = {"primary": "on_accent", "quiet": "accent", "danger": "bad"}
        made.setIcon(theme.icon(icon_name, colour=colour.get(role, "text_muted")))
        made.setIconSize(theme.icon_size())
    return made


def icon_button(icon_name: str, name: str, object_name: str) -> QToolButton:
    """Return a button with an icon only; ``name`` is its tip and accessible name."""
    made = QToolButton()
    made.setObjectName(object_name)
    made.setIcon(theme.icon(icon_name))
    made.setIconSize(theme.icon_size())
    made.setToolTip(name)
    made.setAccessibleName(name)
    theme.set_role(made, "icon")
    return made
