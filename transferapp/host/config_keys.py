"""What may stand in a TOML file: every setting of every process, and of which kind it is.

Each process knows its own settings only, and reads a file that is for all of them. So what a
file may hold is listed here, once; a test compares it with the settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from enum import StrEnum


class Kind(StrEnum):
    """What a setting is, as TOML tells kinds apart, in the words of a message."""

    TEXT = "text in quotes"
    WHOLE = "a whole number"
    NUMBER = "a number"
    SWITCH = "true or false"
    NUMBERS = "a table of whole numbers"


def _keys(**names: str) -> Mapping[str, Kind]:
    return {key: Kind[kind.upper()] for kind, keys in names.items() for key in keys.split()}


#: The settings by their table; "" is the top.
KEYS: Mapping[str, Mapping[str, Kind]] = {
    "": _keys(
        text="""commands_file data database_url host import_skip metrics_token_file name
        notify_mail notify_webhook places_file recall_file repository""",
        whole="""conversion_threads conversions keep_command_runs_days keep_events_days
        keep_grants_days keep_notifications_days keep_transfers_days port portion_pixels
        reserve_bytes signed_url_most_s signed_url_s""",
        number="housekeeping_s mail_digest_s notify_poll_s worker_dead_after_s",
        switch="import_unknown webhook_private",
        numbers="limits",
    ),
    "agent": _keys(
        text="outbox socket",
        whole="bytes_per_s nice parallel_files",
        number="look_at_most_every_s look_every_s retry_max_s sources_every_s",
    ),
    "bioformats": _keys(
        text="jar", whole="memory_mb", number="idle_s patience_s start_s", switch="off"
    ),
    "log": _keys(text="format level"),
    "omero": _keys(
        text="""ca_file host importer importer_password_file in_place in_place_vault
        managed_repository transport web websocket_path""",
        whole="port threads",
        number="""answer_timeout_s call_timeout_s connect_timeout_s hash_timeout_s
        idle_session_s import_quiet_s minted_idle_s step_quiet_s""",
        switch="legacy_anonymous_tls verify_tls",
    ),
    "smtp": _keys(
        text="encryption host password_file sender username", whole="port", number="timeout_s"
    ),
}


def wrong_kind(key: str, value: object, kind: Kind) -> str:
    """Say that a value is not of its setting's kind; empty when it is.

    As strictly as TOML tells kinds apart: "8470" is no number and true is no 1, which the
    environment, where all is text, must take. The value is not repeated: it may be a secret.
    """
    if kind is Kind.NUMBERS and isinstance(value, dict):
        faults = (wrong_kind(f"{key}.{name}", one, Kind.WHOLE) for name, one in value.items())
        return next(filter(None, faults), "")
    if _fits(value, kind):
        return ""
    return f"'{key}' must be {kind}; it is {_described(value)}."


def _fits(value: object, kind: Kind) -> bool:
    if isinstance(value, bool):
        return kind is Kind.SWITCH
    if isinstance(value, int):
        return kind in {Kind.WHOLE, Kind.NUMBER}
    if isinstance(value, float):
        return kind is Kind.NUMBER
    return isinstance(value, str) and kind is Kind.TEXT


def _described(value: object) -> str:
    if isinstance(value, date | time):
        return "a date or time"
    names = {str: "text", bool: "true or false", int: "a whole number", float: "a fraction"}
    return names.get(type(value)) or ("a table" if isinstance(value, dict) else "a list")
