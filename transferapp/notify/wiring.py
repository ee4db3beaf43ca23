"""Open what mails and webhooks are sent with: ours, or what another package brings."""

from __future__ import annotations

from dataclasses import dataclass

from transferapp.host.clock import Clock
from transferapp.host.extensions import ExtensionPoint
from transferapp.notify.notifiers.mail import Mail
from transferapp.notify.notifiers.webhook import Webhook
from transferapp.notify.port import MailSender, NotificationChannel, Sender
from transferapp.notify.settings import NotifySettings, SmtpSettings

_GROUP = "transferapp.notifiers"
#: Entry points: callables that take a Clock and return the port.
MAIL = ExtensionPoint(_GROUP, "TRANSFERAPP_NOTIFY_MAIL", MailSender, ("smtp",))
WEBHOOK = ExtensionPoint(_GROUP, "TRANSFERAPP_NOTIFY_WEBHOOK", Sender, ("http",))


@dataclass(frozen=True, slots=True)
class Senders:
    """One sender for each channel; the inbox needs none."""

    mail: MailSender
    webhook: Sender

    @property
    def by_channel(self) -> dict[NotificationChannel, Sender]:
        """The senders, by what they serve."""
        return {
            NotificationChannel.MAIL: self.mail,
            NotificationChannel.WEBHOOK: self.webhook,
        }

    async def aclose(self) -> None:
        """Let go of both."""
        await self.mail.aclose()
        await self.webhook.aclose()


def open_senders(settings: NotifySettings, clock: Clock) -> Senders:
    """Return the senders that the settings name; nothing is connected yet.

    Raises SettingsInvalid for a name that is not known, a wrong setting of a sender's own, and
    a package that is missing or broken.
    """
    return Senders(_mail(settings, clock), _webhook(settings, clock))


def _mail(settings: NotifySettings, clock: Clock) -> MailSender:
    if settings.notify_mail == "smtp":
        return Mail(SmtpSettings(), clock)
    opened: MailSender = MAIL.open(settings.notify_mail, clock)
    return opened


def _webhook(settings: NotifySettings, clock: Clock) -> Sender:
    if settings.notify_webhook == "http":
        return Webhook(clock, allow_private=settings.webhook_private)
    opened: Sender = WEBHOOK.open(settings.notify_webhook, clock)
    return opened
