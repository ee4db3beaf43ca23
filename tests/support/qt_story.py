"""Play a coroutine on Qt's event loop, as the desktop does, in a plain pytest-qt test."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeVar, cast

from PySide6.QtWidgets import QApplication, QWidget

from transferapp.desktop import loop


def play(story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run to the end; an error that no one took fails the test."""
    app = cast("QApplication", QApplication.instance())
    loop.handle_errors(None)
    untaken: list[BaseException] = []
    loop.handle_errors(untaken.append)

    async def whole() -> None:
        try:
            await story()
        finally:
            await loop.cancel_all()

    try:
        with asyncio.Runner(loop_factory=lambda: loop.make_loop(app)) as runner:
            runner.run(whole())
    finally:
        loop.handle_errors(None)
        # Qt objects in cycles must die here, not in a thread of the next test.
        gc.collect()
    assert not untaken, untaken


class Closing(Protocol):
    """A scene that puts its things away."""

    async def close(self) -> None: ...


S = TypeVar("S", bound=Closing)
Story = Callable[[S], Coroutine[Any, Any, None]]


def playing(open_env: Callable[[], S]) -> Callable[[Story[S]], None]:
    """Return what plays a story on a scene of its own, which is closed in any case."""

    def play_on(story: Story[S]) -> None:
        async def whole() -> None:
            env = open_env()
            try:
                await story(env)
            finally:
                await env.close()

        play(whole)

    return play_on


def named(parent: QWidget, name: str) -> Any:
    """Return the widget of this object name."""
    found = parent.findChild(QWidget, name)
    assert found is not None, name
    return found
