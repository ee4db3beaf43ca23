"""How a facility recalls files from its archive, as its TOML file says (docs/cold-tiers.md)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from transferapp.host.administered_file import read_administered

SETTING = "TRANSFERAPP_RECALL_FILE"

Argv = Annotated[tuple[str, ...], Field(max_length=100)]


class RecallSettings(BaseModel):
    """The programs, and how long they may take."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    #: Asks for files; the paths are on its input.
    recall: Argv
    #: Says where files are; empty: what has a size and no blocks on the disk is offline.
    status: Argv = ()
    #: Seconds that one run of a program may take.
    timeout_s: float = Field(default=120.0, gt=0.0, le=3600.0)
    #: Seconds that a recall usually takes, where ``status`` does not say; 0: nobody knows.
    usual_s: float = Field(default=0.0, ge=0.0, le=31_536_000.0)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.recall:
            raise ValueError("recall must name a program")
        for argv in filter(None, (self.recall, self.status)):
            if not Path(argv[0]).is_absolute():
                raise ValueError(f"'{argv[0]}' must be an absolute path")
        return self


def load_recall(path: Path) -> RecallSettings:
    """Read the file; raises SettingsInvalid that names the key."""
    return read_administered(path, SETTING, RecallSettings)
