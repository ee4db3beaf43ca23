"""The server's settings: environment variables with the prefix ``TRANSFERAPP_``."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, field_validator
from pydantic_settings import SettingsConfigDict

from transferapp.host.installation import InstallationSettings
from transferapp.host.private_file import private_text
from transferapp.model.skips import Skip, skips_of


class ServerSettings(InstallationSettings):
    """Where the server listens and what it keeps where."""

    model_config = SettingsConfigDict(env_prefix="TRANSFERAPP_", extra="ignore", frozen=True)

    host: str = "127.0.0.1"
    #: 0 takes a free one.
    port: int = Field(default=8470, ge=0, le=65535)
    #: What the sign-in window calls this server.
    name: str = "TransferApp"
    #: Bytes of the disk that uploads leave free, so that the database can go on.
    reserve_bytes: int = Field(default=256 << 20, ge=0)

    #: Seconds that a signed URL of a preview lasts, and the most that somebody may ask for.
    signed_url_s: int = Field(default=3600, ge=1)
    signed_url_most_s: int = Field(default=86_400, ge=1)

    #: Whether people may import files of formats that the repository does not know.
    import_unknown: bool = True
    #: What people may have the repository leave undone: "thumbnails", "minmax", "checksum".
    import_skip: str = ""

    #: A private file with the token that /metrics asks for; None: anyone may read it.
    metrics_token_file: Path | None = None

    @field_validator("import_skip")
    @classmethod
    def _skips(cls, text: str) -> str:
        try:
            skips_of(text)
        except ValueError:
            raise ValueError(f"it is made of {' and '.join(Skip)}") from None
        return text

    @property
    def signing_keys_file(self) -> Path:
        """The keys that sign URLs; made at the first start."""
        return self.data / "signing.keys"

    @property
    def receipt_keys_file(self) -> Path:
        """The keys that sign receipts; made at the first start."""
        return self.data / "receipt.keys"

    def metrics_token(self) -> str:
        """Read the token of /metrics, empty for none; blocking."""
        if self.metrics_token_file is None:
            return ""
        return private_text(self.metrics_token_file, "TRANSFERAPP_METRICS_TOKEN_FILE")
