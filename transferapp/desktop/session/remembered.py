"""What the desktop remembers between starts: server profiles, wishes, last seen events."""

from __future__ import annotations

import configparser
import io
from dataclasses import dataclass, field, replace
from pathlib import Path

from transferapp.host.private_file import write_private_text

DEFAULT_SERVER = "http://127.0.0.1:8470"


@dataclass(frozen=True, slots=True)
class ServerProfile:
    """A server a person has used: its address and the last user name there."""

    url: str
    username: str = ""


@dataclass(frozen=True, slots=True)
class DesktopSettings:
    """Everything that the settings file holds; secrets never (they are in the keyring)."""

    profiles: tuple[ServerProfile, ...] = (ServerProfile(DEFAULT_SERVER),)
    #: Keep the session token in the keyring.
    remember: bool = True
    notifications: bool = True
    #: Show the tiled preview as soon as an image is selected.
    preview_on_select: bool = True
    #: Load napari while the person browses, so that it opens at once.
    warm_up_napari: bool = True
    export_folder: str = ""
    #: Last event that was told, by ``user@server``.
    seen_events: dict[str, int] = field(default_factory=dict)

    @property
    def last_profile(self) -> ServerProfile:
        """The profile used last (the first of the list)."""
        return self.profiles[0] if self.profiles else ServerProfile(DEFAULT_SERVER)

    def with_profile(self, profile: ServerProfile) -> DesktopSettings:
        """Put a profile first; drop an older one of its server and those never used."""
        others = tuple(p for p in self.profiles if p.url != profile.url and p.username)
        return replace(self, profiles=(profile, *others)[:8])

    def with_seen(self, owner: str, event_id: int) -> DesktopSettings:
        """Remember the last event that ``owner`` was told of; it never goes back."""
        newest = max(event_id, self.seen_events.get(owner, 0))
        return replace(self, seen_events={**self.seen_events, owner: newest})


class SettingsFile:
    """The settings in an INI file. A damaged file gives defaults, never an error."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> DesktopSettings:
        """Read the file; what is missing or wrong keeps its default."""
        parser = _parser()
        try:
            parser.read_string(self._path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, configparser.Error):
            return DesktopSettings()
        default = DesktopSettings()
        return DesktopSettings(
            profiles=_profiles(parser) or default.profiles,
            remember=_flag(parser, "remember", default=default.remember),
            notifications=_flag(parser, "notifications", default=default.notifications),
            preview_on_select=_flag(
                parser, "preview_on_select", default=default.preview_on_select
            ),
            warm_up_napari=_flag(parser, "warm_up_napari", default=default.warm_up_napari),
            export_folder=parser.get("desktop", "export_folder", fallback=""),
            seen_events=_seen(parser),
        )

    def save(self, settings: DesktopSettings) -> None:
        """Write the file in one step: a power cut leaves the old or the new one."""
        parser = _parser()
        parser["desktop"] = {
            "remember": str(settings.remember).lower(),
            "notifications": str(settings.notifications).lower(),
            "preview_on_select": str(settings.preview_on_select).lower(),
            "warm_up_napari": str(settings.warm_up_napari).lower(),
            "export_folder": settings.export_folder,
        }
        for number, profile in enumerate(settings.profiles, 1):
            parser[f"server {number}"] = {"url": profile.url, "username": profile.username}
        parser["seen events"] = {o: str(i) for o, i in settings.seen_events.items()}
        text = io.StringIO()
        parser.write(text)
        write_private_text(self._path, text.getvalue())


def _parser() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, delimiters=("=",))
    # Owners are keys ("anna@http://..."): keep their case.
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    return parser


def _flag(parser: configparser.ConfigParser, key: str, *, default: bool) -> bool:
    try:
        return parser.getboolean("desktop", key, fallback=default)
    except ValueError:
        return default


def _profiles(parser: configparser.ConfigParser) -> tuple[ServerProfile, ...]:
    # An '@': an older version kept passwords that were typed into addresses.
    sections = [name for name in parser.sections() if name.startswith("server ")]
    found = (
        ServerProfile(parser[name].get("url", ""), parser[name].get("username", ""))
        for name in sections
    )
    return tuple(profile for profile in found if profile.url and "@" not in profile.url)


def _seen(parser: configparser.ConfigParser) -> dict[str, int]:
    if not parser.has_section("seen events"):
        return {}
    pairs = parser["seen events"].items()
    kept = ((o, n) for o, n in pairs if "@" not in o.partition("://")[2])  # As above.
    return {owner: int(number) for owner, number in kept if number.isdigit()}
