"""The sign-in page without Qt: progress, problem, the kept session."""

from __future__ import annotations

from pathlib import Path

import keyring.errors

from tests.support.image_env import URL, ImageEnv, MemoryVault
from transferapp import errors
from transferapp.desktop.session.observable import Listeners
from transferapp.desktop.sign_in.presenter import SignInPresenter


def problem(presenter: SignInPresenter) -> type[object]:
    return type(presenter.trouble)


async def test_reports_progress_and_ends_signed_in(tmp_path: Path) -> None:
    session = ImageEnv().session(tmp_path)
    presenter = SignInPresenter(session)
    busy: list[bool] = []
    presenter.changed.listen(lambda: busy.append(presenter.busy))
    assert await presenter.sign_in(URL, " anna ", "pipette", remember=True)
    assert busy == [True, False]
    assert presenter.profiles[0].username == "anna"
    await session.close()


async def test_problem_stays_to_be_shown_until_the_next_try(tmp_path: Path) -> None:
    env = ImageEnv()
    session = env.session(tmp_path)
    presenter = SignInPresenter(session)
    assert not await presenter.sign_in(URL, "", "pipette", remember=True)
    assert problem(presenter) is errors.Invalid
    assert env.requests == []
    assert not await presenter.sign_in(URL, "anna", "wrong", remember=True)
    assert problem(presenter) is errors.SignInFailed
    env.down = True
    assert not await presenter.sign_in(URL, "anna", "pipette", remember=True)
    assert problem(presenter) is errors.ServerUnreachable
    env.down = False
    assert await presenter.sign_in(URL, "anna", "pipette", remember=True)
    assert problem(presenter) is type(None)
    await session.close()


async def test_states_when_the_session_cannot_be_kept(tmp_path: Path) -> None:
    vault = MemoryVault(keyring.errors.InitError("no collection"))
    session = ImageEnv().session(tmp_path, vault)
    presenter = SignInPresenter(session)
    notices: list[str] = []
    presenter.notice.listen(lambda title, text: notices.append(f"{title}: {text}"))
    assert await presenter.sign_in(URL, "anna", "pipette", remember=True)
    (notice,) = notices
    assert "until TransferApp is closed" in notice
    assert "keyring" in notice
    await session.close()


async def test_waits_for_the_server_of_a_kept_session(tmp_path: Path) -> None:
    env, vault = ImageEnv(), MemoryVault()
    first = env.session(tmp_path, vault)
    await first.sign_in(URL, "anna", "pipette", remember=True)
    await first.close()
    env.down = True
    session = env.session(tmp_path, vault)
    problems: list[object] = []

    async def pause(_seconds: float) -> None:
        problems.append(presenter.trouble)
        env.down = len(problems) < 3

    presenter = SignInPresenter(session, pause)
    await presenter.resume()
    assert session.signed_in
    assert len(problems) == 3
    assert all(isinstance(t, errors.ServerUnreachable) for t in problems)
    await session.close()


def test_listeners_may_leave_while_they_are_called() -> None:
    listeners: Listeners[[int]] = Listeners()
    heard: list[str] = []
    stop_second = listeners.listen(lambda n: heard.append(f"b{n}"))
    stop_second()
    stop_second()

    def once(number: int) -> None:
        heard.append(f"a{number}")
        stop_third()

    listeners.listen(once)
    stop_third = listeners.listen(lambda n: heard.append(f"c{n}"))
    listeners.notify(1)
    assert heard == ["a1"]
    assert len(listeners) == 1
