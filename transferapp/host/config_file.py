"""Settings in TOML files, below the environment: which files, and what may stand in them.

A setting ``TRANSFERAPP_PORT`` is ``port`` at the top, ``TRANSFERAPP_SMTP_PORT`` is ``port``
in the table ``[smtp]``. A key that nobody knows is refused, whichever process reads it.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from transferapp.errors import SettingsInvalid
from transferapp.host.hiding import hide_in_text
from transferapp.host.paths import HOME_VARIABLE, host_paths

PREFIX = "TRANSFERAPP_"
#: How much every process logs (``LEVEL``), and how (``FORMAT``), whatever is its habit.
LOG_PREFIX = f"{PREFIX}LOG_"
#: Names a file that is read instead of the others.
CONFIG_VARIABLE = "TRANSFERAPP_CONFIG"
#: What a facility sets for all accounts of a computer.
SITE_FILE = Path("/etc/transferapp/config.toml")


def _keys(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: The settings of all processes by their table; "" is the top. A test compares them.
KEYS: Mapping[str, frozenset[str]] = {
    "": _keys(
        """commands_file data database_url host housekeeping_s import_unknown
        keep_command_runs_days keep_events_days keep_grants_days keep_notifications_days
        keep_transfers_days limits mail_digest_s metrics_token_file name notify_mail
        notify_poll_s notify_webhook port repository reserve_bytes signed_url_most_s
        signed_url_s webhook_private worker_dead_after_s"""
    ),
    "agent": _keys(
        """bytes_per_s look_at_most_every_s look_every_s nice outbox parallel_files
        retry_max_s socket sources_every_s"""
    ),
    "bioformats": _keys("idle_s jar memory_mb off patience_s start_s"),
    "log": _keys("format level"),
    "omero": _keys(
        """ca_file call_timeout_s connect_timeout_s hash_timeout_s host idle_session_s
        import_quiet_s importer importer_password_file in_place in_place_vault
        legacy_anonymous_tls managed_repository minted_idle_s port threads transport verify_tls
        websocket_path"""
    ),
    "smtp": _keys("encryption host password_file port sender timeout_s username"),
}
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def config_files() -> list[Path]:
    """Return the files that are there, the one that goes before first.

    That of TRANSFERAPP_CONFIG alone, else the account's and the computer's; with
    TRANSFERAPP_HOME, which keeps everything in one folder, only the one in it. Raises
    SettingsInvalid when the named one is missing.
    """
    if named := os.environ.get(CONFIG_VARIABLE):
        path = Path(named)
        if not _is_there(path) or path.is_dir():
            raise SettingsInvalid(f"{CONFIG_VARIABLE}: there is no file '{named}'. Name one.")
        return [path]
    files = [host_paths().config / "config.toml"]
    if not os.environ.get(HOME_VARIABLE):
        files.append(SITE_FILE)
    return [path for path in files if _is_there(path)]


def read_config(path: Path, *, needed: bool = True) -> dict[str, Any]:
    """Return a file's content; raises SettingsInvalid with the file, the key and what to do.

    The computer's file may be for the server's account only: a process that does not need it
    (``needed``) goes on without it.
    """
    import tomllib  # noqa: PLC0415 - where there is no file, nothing waits for it

    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = tomllib.load(file)
    except OSError as error:
        if isinstance(error, PermissionError) and path == SITE_FILE and not needed:
            return {}
        raise SettingsInvalid(f"{path}: it cannot be read ({error.strerror}).") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        # The library's words may quote a value; where the fault is they say at the end.
        place = str(error).rpartition("(")[2].rstrip(")")
        where = f" ({place})" if place.startswith("at ") else ""
        raise SettingsInvalid(f"{path}: this is no TOML{where}. Correct the line.") from None
    for key, value in content.items():
        if key in KEYS and isinstance(value, dict):
            for inner in value:
                _check_known(path, inner, KEYS[key], f"{key}.")
        elif key in KEYS:
            raise SettingsInvalid(f"{path}: '{key}' is a table. Write [{key}] above its keys.")
        else:
            _check_known(path, key, KEYS[""] | KEYS.keys(), "")
    _check_private(path, content, mode)
    return content


def table_of(content: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Return the settings of one prefix (``TRANSFERAPP_``, ``TRANSFERAPP_SMTP_``, ...)."""
    table = table_name(prefix)
    if table:
        return dict(content.get(table, {}))
    return {key: value for key, value in content.items() if key not in KEYS}


def table_name(prefix: str) -> str:
    """Return a prefix's table, empty for the top."""
    return prefix.removeprefix(PREFIX).rstrip("_").lower()


def dotted(prefix: str, key: str) -> str:
    """Return how a message names a key: ``smtp.port``, ``port``."""
    table = table_name(prefix)
    return f"{table}.{key}" if table else key


def chosen(key: str, prefix: str = PREFIX) -> str:
    """Return one setting as text, from the environment or a file; empty when nobody set it.

    For what is read before settings are, or without them. Raises SettingsInvalid.
    """
    if stated := os.environ.get(f"{prefix}{key.upper()}"):
        return stated
    for path in config_files():
        found = table_of(read_config(path, needed=False), prefix)
        if key in found:
            return str(found[key])
    return ""


def origin(key: str, prefix: str) -> str:
    """Return what a message names: the variable, or the file and key that set it."""
    variable = f"{prefix}{key}".upper()
    if variable not in {name.upper() for name in os.environ}:
        for path in config_files():
            if key in table_of(read_config(path, needed=False), prefix):
                return f"{path}: '{dotted(prefix, key)}'"
    return variable


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except PermissionError:
        return True  # Told when it is read.


def _check_known(path: Path, key: str, known: frozenset[str], table: str) -> None:
    if key in known - {""}:
        return
    import difflib  # noqa: PLC0415 - for mistakes only

    close = difflib.get_close_matches(key, known - {""}, n=1)
    hint = f"Did you mean '{table}{close[0]}'?" if close else "docs/cli.md says what there is."
    raise SettingsInvalid(f"{path}: '{table}{key}' is not known. {hint}")


def _check_private(path: Path, content: Mapping[str, Any], mode: int, table: str = "") -> None:
    if sys.platform == "win32" or not mode & _OTHERS:
        return  # Windows has other rights than a mode.
    for key, value in content.items():
        if isinstance(value, dict):
            _check_private(path, value, mode, f"{key}.")
        elif isinstance(value, str) and hide_in_text(value) != value:
            raise SettingsInvalid(
                f"{path}: '{table}{key}' holds a secret, and others may read the file."
                f" Run: chmod 600 {path}"
            )
