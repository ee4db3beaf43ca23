"""Tell people by mail, many outcomes in one message."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from http import HTTPStatus
from uuid import uuid4

import aiosmtplib
from typing_extensions import override

from transferapp.errors import Denied, Invalid, SettingsInvalid, Unavailable
from transferapp.host.clock import Clock
from transferapp.notify.port import Batch, MailSender, NotableEvent, Preferences
from transferapp.notify.settings import Encryption, SmtpSettings
from transferapp.notify.texts import headline, sentence

#: SMTP answers from here on are for good; below, the other side asks for patience.
_FOR_GOOD = HTTPStatus.INTERNAL_SERVER_ERROR
#: Outcomes that one mail spells out; the inbox has them all.
_SPELLED_OUT = 100


class Mail(MailSender):
    """Mails over SMTP; a batch sent twice has the same Message-ID twice."""

    def __init__(self, settings: SmtpSettings, clock: Clock) -> None:
        """Connects for each message; nothing is opened here."""
        self._settings = settings
        self._clock = clock

    @override
    async def send(self, batch: Batch, to: Preferences) -> None:
        """Mail a batch to a person's own address.

        Raises Denied while that is not verified, SettingsInvalid when no mail server is set up,
        and what its answer means: Unavailable, Invalid.
        """
        if not to.address or not to.address_verified:
            raise Denied("The mail address was not verified, so nothing is sent to it.")
        mail = self._message(batch.id, to.address, headline(batch.notables))
        mail.set_content(_text(batch.notables))
        await self._deliver(mail)

    @override
    async def send_code(self, address: str, code: str) -> None:
        mail = self._message(uuid4().hex, address, "Your TransferApp code")
        mail.set_content(
            f"The code that confirms this address is {code}\n\n"
            "Enter it in TransferApp within an hour. If you did not ask for it, do"
            " nothing: without the code no mail is sent here.\n"
        )
        await self._deliver(mail)

    @override
    async def aclose(self) -> None:
        """Nothing stays open between two messages."""

    def _message(self, name: str, address: str, subject: str) -> EmailMessage:
        sender = self._settings.sender
        mail = EmailMessage(policy=SMTP)
        mail["From"] = sender
        mail["To"] = address
        mail["Subject"] = subject
        mail["Date"] = format_datetime(self._clock.now())
        mail["Message-ID"] = f"<{name}@{sender.rpartition('@')[2]}>"
        # Out-of-office programs and mailing lists do not answer this.
        mail["Auto-Submitted"] = "auto-generated"
        return mail

    async def _deliver(self, mail: EmailMessage) -> None:
        settings = self._settings
        if not settings.host:
            raise SettingsInvalid("No mail is sent: TRANSFERAPP_SMTP_HOST is not set.")
        password = await asyncio.to_thread(settings.password)
        with _smtp_errors():
            await aiosmtplib.send(
                mail,
                hostname=settings.host,
                port=settings.port,
                username=settings.username or None,
                password=password or None,
                use_tls=settings.encryption is Encryption.TLS,
                start_tls=settings.encryption is Encryption.STARTTLS,
                timeout=settings.timeout_s,
            )


def _text(notables: tuple[NotableEvent, ...]) -> str:
    blocks = [_block(one) for one in notables[:_SPELLED_OUT]]
    if len(notables) > _SPELLED_OUT:
        blocks.append(f"... and {len(notables) - _SPELLED_OUT} more in TransferApp.")
    blocks.append("You get this because mail is switched on in your TransferApp settings.")
    return "\n\n".join(blocks) + "\n"


def _block(notable: NotableEvent) -> str:
    return "\n  ".join((notable.title, sentence(notable), *notable.links))


@contextmanager
def _smtp_errors() -> Iterator[None]:
    """Raise Unavailable, SettingsInvalid or Invalid for the mail library's errors."""
    try:
        yield
    except aiosmtplib.SMTPAuthenticationError as error:
        raise SettingsInvalid("The mail server refuses the account.") from error
    except aiosmtplib.SMTPRecipientsRefused as error:
        worst = max(refused.code for refused in error.recipients)
        raise _refused(worst) from error
    except aiosmtplib.SMTPResponseException as error:
        raise _refused(error.code) from error
    except (aiosmtplib.SMTPException, OSError) as error:
        raise Unavailable("The mail server does not answer. It is tried again.") from error


def _refused(code: int) -> Exception:
    # 4xx, and the library's -1 for a connection that broke, may go well later.
    if code < _FOR_GOOD:
        return Unavailable(f"The mail server asks for patience (SMTP {code}).")
    return Invalid(f"The mail server refuses this mail (SMTP {code}). Check the address.")
