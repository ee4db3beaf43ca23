"""The desktop process, from start to exit."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from PySide6.QtWidgets import QApplication

from transferapp.desktop import loop, wiring
from transferapp.desktop.single_instance import FirstInstance, raise_other
from transferapp.desktop.transfers.closing_notice import closing_notice
from transferapp.desktop.widgets import theme
from transferapp.host.collector import settle_heap
from transferapp.host.logging import configure_logging, log_what_nobody_caught
from transferapp.host.paths import HostPaths, host_paths


def run(beside: Callable[[wiring.Desktop], object] | None = None) -> int:
    """Open the window and return the exit code when the person quits.

    ``beside`` is called once on the running event loop (the demo's pilot). Where a desktop
    of this account runs already, its window is shown instead.
    """
    configure_logging("desktop")
    loop.log_qt_messages()
    paths = host_paths()
    app = _application()
    if raise_other(_socket(paths)):
        return 0
    theme.apply_theme(app, paths.cache / "theme")
    return loop.run(app, lambda: _main(paths, beside))


def _application() -> QApplication:
    existing = QApplication.instance()
    app = existing if isinstance(existing, QApplication) else QApplication(sys.argv[:1])
    app.setApplicationName("TransferApp")
    app.setApplicationDisplayName("TransferApp")
    app.setDesktopFileName("transferapp")
    app.setWindowIcon(wiring.app_icon())
    return app


async def _main(paths: HostPaths, beside: Callable[[wiring.Desktop], object] | None) -> int:
    stop = asyncio.Event()
    loop.on_terminate(stop.set)
    first = FirstInstance(_socket(paths))
    desktop = wiring.build(paths)
    window = desktop.window
    first.raise_requested.connect(window.bring_to_front)
    _show_errors(window.banner.show_error)
    window.close_requested.connect(lambda: _close_or_hide(desktop, stop))
    desktop.tray.show_requested.connect(window.bring_to_front)
    desktop.tray.transfers_requested.connect(window.bring_to_front)
    desktop.tray.transfers_requested.connect(lambda: window.go_to("transfers"))
    desktop.tray.quit_requested.connect(stop.set)
    window.show()
    settle_heap()
    desktop.sign_in_page.focus_first()
    loop.spawn(desktop.presenters.notifications.run(), name="notifications")
    loop.spawn(desktop.presenters.sign_in.resume(), name="resume session")
    if beside is not None:
        beside(desktop)
    await stop.wait()
    first.close()
    await desktop.close()
    _show_errors(None)
    return 0


def _close_or_hide(desktop: wiring.Desktop, stop: asyncio.Event) -> None:
    """Hide into the tray where there is one; else end. The agent goes on in either case."""
    # Asked now: a panel that has crashed would keep the window out of reach.
    if desktop.tray.icon is not None and desktop.tray.available():
        desktop.window.hide()
        loop.spawn(_show_closing_notice(desktop, in_tray=True), name="farewell")
    else:
        loop.spawn(_end(desktop, stop), name="farewell")


async def _end(desktop: wiring.Desktop, stop: asyncio.Event) -> None:
    desktop.window.hide()
    await _show_closing_notice(desktop, in_tray=False)
    stop.set()


async def _show_closing_notice(desktop: wiring.Desktop, *, in_tray: bool) -> None:
    text = closing_notice(desktop.presenters.transfers.rows.values(), in_tray=in_tray)
    if text is not None:
        await desktop.notifier.report(text)


def _show_errors(handler: loop.ErrorHandler | None) -> None:
    """Route errors of tasks, and of slots that Qt calls, to the window."""
    loop.handle_errors(handler)
    if handler is None:
        log_what_nobody_caught()
        return

    def hook(
        _kind: type[BaseException], error: BaseException, _trace: TracebackType | None
    ) -> None:
        loop.route_error(error)

    sys.excepthook = hook


def _socket(paths: HostPaths) -> Path:
    return paths.runtime / "desktop.sock"


if __name__ == "__main__":
    raise SystemExit(run())
