"""How this server reaches mail servers and webhooks: ``TRANSFERAPP_SMTP_...`` and others."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from pydantic import Field, model_validator
from pydantic_settings import SettingsConfigDict

from transferapp.host.private_file import private_text
from transferapp.host.settings import EnvironmentSettings

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Encryption(StrEnum):
    """How the way to the mail server is protected."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


class SmtpSettings(EnvironmentSettings):
    """The mail server; without a host no mail is sent."""

    model_config = SettingsConfigDict(
        env_prefix="TRANSFERAPP_SMTP_", extra="ignore", frozen=True
    )

    host: str = ""
    port: int = Field(default=587, ge=1, le=65535)
    encryption: Encryption = Encryption.STARTTLS
    #: The address that mail comes from.
    sender: str = "transferapp@localhost"
    username: str = ""
    #: A file with the password, readable by this account only; never in the environment.
    password_file: Path | None = None
    timeout_s: float = Field(default=30.0, gt=0.0)

    @model_validator(mode="after")
    def _protected(self) -> SmtpSettings:
        open_way = self.encryption is Encryption.NONE and self.host not in _LOOPBACK
        if self.username and open_way:
            raise ValueError("a password needs ENCRYPTION starttls or tls")
        if self.username and self.password_file is None:
            raise ValueError("a USERNAME needs a PASSWORD_FILE")
        return self

    def password(self) -> str:
        """Read the password; raises SettingsInvalid when others may read the file."""
        if self.password_file is None:
            return ""
        return private_text(self.password_file, "TRANSFERAPP_SMTP_PASSWORD_FILE")


class NotifySettings(EnvironmentSettings):
    """When and where to notifications may go."""

    model_config = SettingsConfigDict(env_prefix="TRANSFERAPP_", extra="ignore", frozen=True)

    #: What mails, and what posts: ``smtp`` and ``http`` are ours, other names those of entry
    #: points ``transferapp.notifiers`` (docs/extending.md).
    notify_mail: str = "smtp"
    notify_webhook: str = "http"
    #: What comes within this many seconds is one mail.
    mail_digest_s: float = Field(default=60.0, ge=0.0)
    #: Whether webhooks may go to addresses inside the facility's own network.
    webhook_private: bool = False
    #: How often a worker looks for new events (seconds).
    notify_poll_s: float = Field(default=1.0, gt=0.0)
