"""What can be set of the workstation service, from the environment."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from transferapp.host.paths import host_paths
from transferapp.host.settings import EnvironmentSettings


class AgentSettings(EnvironmentSettings):
    """Settings of the workstation service; each is ``TRANSFERAPP_AGENT_...``."""

    model_config = SettingsConfigDict(
        env_prefix="TRANSFERAPP_AGENT_", extra="ignore", frozen=True
    )

    socket: Path = Field(default_factory=lambda: host_paths().agent_socket)
    outbox: Path = Field(default_factory=lambda: host_paths().agent_outbox)
    #: Files in flight at once. Each waiting submission may have one more beyond this.
    parallel_files: int = Field(default=4, ge=1, le=64)
    #: Bytes per second of all transfers together; 0 is no limit.
    bytes_per_s: int = Field(default=0, ge=0)
    #: CPU niceness, so that the acquisition software goes first (measured: ADR 0005).
    nice: int = Field(default=19, ge=0, le=19)
    #: Longest pause between two tries while a server is away, in seconds.
    retry_max_s: float = Field(default=60.0, gt=0)
    #: How often the server is asked how far an import or export is, in seconds: first, at most.
    look_every_s: float = Field(default=1.0, gt=0)
    look_at_most_every_s: float = Field(default=15.0, gt=0)
    #: While somebody follows, how often the source of an ended import is looked at again.
    sources_every_s: float = Field(default=30.0, gt=0)

    @property
    def receipts(self) -> Path:
        """Where receipts of imports are kept: beside the outbox."""
        return self.outbox.parent / "receipts"

    @property
    def receipt_keys(self) -> Path:
        """Where the public keys are kept that they were signed with."""
        return self.outbox.parent / "receipt-keys"
