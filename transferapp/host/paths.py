"""Where TransferApp keeps its files on this machine."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from transferapp.errors import SettingsInvalid

#: Set to keep everything of one run in one folder (demo, tests, portable installations).
HOME_VARIABLE = "TRANSFERAPP_HOME"


@dataclass(frozen=True, slots=True)
class HostPaths:
    """The folders and files of one operating-system account."""

    config: Path
    data: Path
    cache: Path
    runtime: Path

    @property
    def agent_socket(self) -> Path:
        """The workstation service's Unix socket.

        Beside its database, not in the run-time folder: that one is removed at log-off, and
        the service goes on.
        """
        return self.data / "agent" / "agent.sock"

    @property
    def agent_outbox(self) -> Path:
        """The workstation service's database."""
        return self.data / "agent" / "outbox.db"

    @property
    def desktop_settings(self) -> Path:
        """The desktop's settings file (INI)."""
        return self.config / "desktop.ini"

    @property
    def formats(self) -> Path:
        """What each server said last that it reads."""
        return self.data / "formats"

    @property
    def receipt_keys(self) -> Path:
        """The public keys of servers that somebody here signed in to."""
        return self.data / "receipt-keys"

    @property
    def server_data(self) -> Path:
        """The embedded server's folder: database, staging, local repository."""
        return self.data / "server"


def host_paths() -> HostPaths:
    """Return the account's folders; ``TRANSFERAPP_HOME`` moves them all below one folder.

    Raises SettingsInvalid when that is a file.
    """
    home = os.environ.get(HOME_VARIABLE)
    if home:
        root = Path(home)
        if root.exists() and not root.is_dir():
            raise SettingsInvalid(f"{HOME_VARIABLE}: '{home}' is a file. Name a folder.")
        return HostPaths(root / "config", root / "data", root / "cache", root / "run")
    dirs = platformdirs.PlatformDirs("transferapp", appauthor=False)
    return HostPaths(
        Path(dirs.user_config_path),
        Path(dirs.user_data_path),
        Path(dirs.user_cache_path),
        _runtime(dirs),
    )


def _runtime(dirs: platformdirs.PlatformDirs) -> Path:
    if sys.platform.startswith("linux") and not os.environ.get("XDG_RUNTIME_DIR"):
        # Outside a log-in session (cron, su, containers) the library falls back to a name in
        # /tmp that anybody could have taken before.
        return Path(dirs.user_cache_path) / "run"
    return Path(dirs.user_runtime_path)


def private_folder(path: Path) -> Path:
    """Make a folder that only this account can enter, and return it."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.chmod(0o700)
    return path
