"""How much is told beside results: ``-v`` and ``-q``, before the name of a command."""

from __future__ import annotations

import os
from contextvars import ContextVar

from transferapp.host.config_file import LOG_PREFIX

#: Whether notes for people are left out; what goes wrong is told all the same.
quiet: ContextVar[bool] = ContextVar("quiet", default=False)


def choose_verbosity(*, verbose: bool, ask_for_quiet: bool) -> bool:
    """Set it for this command and the processes that it starts; return whether that is new."""
    quiet.set(ask_for_quiet)
    if not (verbose or ask_for_quiet):
        return False
    os.environ[f"{LOG_PREFIX}LEVEL"] = "debug" if verbose else "error"
    return True
