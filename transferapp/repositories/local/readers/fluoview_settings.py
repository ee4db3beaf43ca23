"""What FluoView says of an image: settings in sections, as text in UTF-16."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from transferapp.repositories.local.readers.lengths import micrometres_per, pixel_size
from transferapp.repositories.local.readers.moments import moment_of
from transferapp.repositories.local.readers.port import ChannelHint

#: Values by section and key, without their quotes.
Settings = Mapping[str, Mapping[str, str]]
_AXES = 16


def parse_settings(content: bytes) -> Settings:
    """Read sections of ``key=value``; raises ValueError for what is no such text."""
    # Some programs write UTF-8. A stream may be filled up behind its text.
    is_wide = content[:2] in {b"\xff\xfe", b"\xfe\xff"}
    text = content[: len(content) // 2 * 2].decode("utf-16" if is_wide else "utf-8-sig")
    found = dict[str, dict[str, str]]()
    section = dict[str, str]()
    for line in map(str.strip, text.splitlines()):
        if line.startswith("[") and line.endswith("]"):
            section = found.setdefault(line[1:-1], {})
        elif "=" in line:
            key, _, value = line.partition("=")
            section[key.strip()] = value.strip().strip("\"'")
    if not found:
        raise ValueError("no settings of FluoView")
    return found


def pixel_size_um(
    settings: Settings, size_z: int
) -> tuple[float | None, float | None, float | None]:
    """Return micrometres (z, y, x); z as far as the axis says where it begins and ends."""
    reference = settings.get("Reference Image Parameter", {})
    y, x = (
        _length(reference.get(f"{edge}ConvertValue"), reference.get(f"{edge}Unit"))
        for edge in ("Height", "Width")
    )
    z = _axis(settings, "Z")
    ends = [_number(z.get(f"{end}Position")) for end in ("Start", "End")]
    if size_z == 1 or ends[0] is None or ends[1] is None:
        return None, y, x
    return _length((ends[1] - ends[0]) / (size_z - 1), z.get("UnitName")), y, x


def channel_hints(settings: Settings, size_c: int) -> tuple[ChannelHint, ...]:
    """Return the names of the channels that were recorded."""
    sections = (settings.get(f"Channel {n} Parameters", {}) for n in range(1, size_c + 1))
    return tuple(ChannelHint(section.get("CH Name", "")) for section in sections)


def acquired_at(settings: Settings) -> datetime | None:
    """Return when it was taken; no zone is named. "Caputre" is the microscope's word."""
    stated = settings.get("Acquisition Parameters Common", {})
    return moment_of(stated.get("ImageCaputreDate", ""))


def _axis(settings: Settings, code: str) -> Mapping[str, str]:
    sections = (settings.get(f"Axis {n} Parameters Common", {}) for n in range(_AXES))
    return next((section for section in sections if section.get("AxisCode") == code), {})


def _length(number: str | float | None, unit: str | None) -> float | None:
    length, each = _number(number), micrometres_per(unit or "")
    return None if length is None or each is None else pixel_size(length * each)


def _number(text: str | float | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None
