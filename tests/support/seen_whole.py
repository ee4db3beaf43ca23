"""What a person sees only in part."""

from __future__ import annotations

from PySide6.QtWidgets import (
    QAbstractScrollArea,
    QCheckBox,
    QLabel,
    QLineEdit,
    QPushButton,
    QToolButton,
    QWidget,
)

WORDED = QLabel | QPushButton | QToolButton | QLineEdit | QCheckBox


def cut_off(page: QWidget) -> list[str]:
    """Return what a person sees only in part; what scrolls may be out of sight."""
    found = [w for w in page.findChildren(QWidget) if isinstance(w, WORDED) and w.isVisible()]
    return [f"{w.objectName()} {_text(w)!r}: {_lack(w)}" for w in found if _lack(w)]


def _lack(widget: QWidget) -> str:
    need = widget.minimumSizeHint()
    if isinstance(widget, QLabel) and widget.wordWrap():
        need.setHeight(widget.heightForWidth(widget.width()))
    if isinstance(widget, QLineEdit) or not _text(widget):
        need = widget.size()  # What is typed scrolls; marks have the size they were given.
    if widget.width() < need.width() or widget.height() < need.height():
        return f"{widget.size().toTuple()} of {need.toTuple()}"
    seen = widget.visibleRegion().boundingRect()
    if seen != widget.rect() and not _scrolls(widget):
        return f"only {seen.getRect()} of {widget.rect().getRect()}"
    return ""


def _scrolls(widget: QWidget) -> bool:
    above = widget.parentWidget()
    while above is not None:
        if isinstance(above, QAbstractScrollArea):
            return True
        above = above.parentWidget()
    return False


def _text(widget: QWidget) -> str:
    return str(widget.property("text") or "")
