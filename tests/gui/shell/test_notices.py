"""What a person has to know is above every page, for as long as it is true."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.support.shell_env import Env, Play
from transferapp.desktop.shell.services import ServicesPresenter


def test_services_are_reported_on_every_page(shell: Play) -> None:
    async def story(on: Env) -> None:
        services = ServicesPresenter(on.session)
        on.window.notices.follow(services)
        await on.come_in()
        await services.close()
        agent, worker = on["main.agentNotice"], on["main.workerNotice"]
        assert not on.window.notices.isVisible()
        services.agent_notice = "The workstation service ended: OSError: no space left."
        services.changed.notify()
        for page in ("browse", "settings"):
            on.window.go_to(page)
            assert agent.isVisible()
            assert not worker.isVisible()
        assert "no space left" in on["main.agentNotice.text"].text()
        services.worker_notice = "Tell your administrator."
        services.changed.notify()
        title = on["main.workerNotice.title"].text()
        assert title == "The server has no worker at work: imports wait"
        QTest.mouseClick(on["main.agentNotice.close"], Qt.MouseButton.LeftButton)
        services.changed.notify()
        assert not agent.isVisible(), "she has read it"
        assert worker.isVisible()
        services.background_notice = "This keeps failing and is begun again: a page."
        services.changed.notify()
        assert on["main.backgroundNotice"].isVisible()
        services.agent_notice = services.worker_notice = services.background_notice = ""
        services.changed.notify()
        assert not on.window.notices.isVisible()
        services.agent_notice = "The workstation service ended: OSError: no space left."
        services.changed.notify()
        assert agent.isVisible(), "it happened again"

    shell(story)
