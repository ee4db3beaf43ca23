"""Mail and webhook pass the suite that every sender of notifications must pass."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.receivers import HookEnv, MailEnv, hook_server, mail_server
from transferapp.host.clock import SystemClock
from transferapp.notify.notifiers.mail import Mail
from transferapp.notify.notifiers.webhook import Webhook
from transferapp.notify.port import NotificationChannel, Preferences
from transferapp.notify.settings import Encryption, SmtpSettings
from transferapp.notify.webhooks import new_secret
from transferapp.testing.sender_suite import Arrived, MailSenderSuite, SenderSuite


class Mailing:
    """Our mails, and an SMTP server."""

    channel = NotificationChannel.MAIL
    reported = Preferences("ada", address="ada@example.org", address_verified=True)

    def __init__(self, server: MailEnv) -> None:
        self._server = server
        settings = SmtpSettings(host="127.0.0.1", port=server.port, encryption=Encryption.NONE)
        self.sender = Mail(settings, SystemClock())

    async def arrived(self) -> list[Arrived]:
        return [
            Arrived(str(mail["Message-ID"]), str(mail.get_content()))
            for mail in self._server.mails
        ]

    async def go_away(self) -> None:
        self._server.answers = ["451 later"] * 5


class Posting:
    """Our webhooks, and an HTTP server."""

    channel = NotificationChannel.WEBHOOK

    def __init__(self, server: HookEnv) -> None:
        self._server = server
        self.reported = Preferences("ada", webhook_url=server.url, webhook_secret=new_secret())
        self.sender = Webhook(SystemClock(), allow_private=True)

    async def arrived(self) -> list[Arrived]:
        return [
            Arrived(headers["webhook-id"], body.decode())
            for headers, body in self._server.posts
        ]

    async def go_away(self) -> None:
        self._server.answers = [503] * 5


class TestMail(MailSenderSuite):
    """Over SMTP."""

    @pytest.fixture
    async def env(self) -> AsyncIterator[Mailing]:
        async with mail_server() as server:
            env = Mailing(server)
            yield env
            await env.sender.aclose()


class TestWebhook(SenderSuite):
    """Over HTTP."""

    @pytest.fixture
    async def env(self) -> AsyncIterator[Posting]:
        async with hook_server() as server:
            env = Posting(server)
            yield env
            await env.sender.aclose()
