"""Let a widget watch a presenter no longer than it lives."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec

from PySide6.QtWidgets import QWidget

from transferapp.desktop.session.observable import Listeners

P = ParamSpec("P")


def listen(widget: QWidget, listeners: Listeners[P], callback: Callable[P, object]) -> None:
    """Call ``callback`` on each change until Qt destroys ``widget``.

    Without this a presenter would call into a widget whose C++ half is gone.
    """
    stop = listeners.listen(callback)
    widget.destroyed.connect(lambda *_: stop())
