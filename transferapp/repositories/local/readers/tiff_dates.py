"""When a TIFF was acquired: LSM, SVS, MetaMorph and the tag DateTime say it each its way."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from tifffile import TiffFile

from transferapp.repositories.local.readers.moments import in_utc
from transferapp.repositories.local.readers.tiff_metadata import UNREADABLE

#: What days are counted from in LSM files (an OLE date).
_OLE_EPOCH = datetime(1899, 12, 30, tzinfo=UTC)
_FORMATS = ("%Y:%m:%d %H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y%m%d %H:%M:%S")
_SVS_FORMATS = ("%m/%d/%y %H:%M:%S", "%m/%d/%Y %H:%M:%S")


def acquired_at(tif: TiffFile) -> datetime | None:
    """Return the date in UTC; one without a zone is taken as it stands. None for nonsense."""
    with suppress(*UNREADABLE):
        return in_utc(_stated(tif))
    return None


def _stated(tif: TiffFile) -> datetime | None:
    page = tif.pages.first
    found: datetime | None = None
    if tif.lsm_metadata:
        found = _lsm_date(tif.lsm_metadata)
    elif tif.is_svs:
        found = _svs_date(page.description)
    elif tif.is_stk:
        found = _stk_date(tif.stk_metadata or {})
    elif tif.is_metaseries:
        found = (tif.metaseries_metadata or {})["PlaneInfo"].get("acquisition-time-local")
    text = str(page.tags.valueof("DateTime", default=""))
    return found if isinstance(found, datetime) else _parsed(text.strip("\0 "), _FORMATS)


def _lsm_date(metadata: dict[str, Any]) -> datetime | None:
    days = (metadata.get("ScanInformation") or {}).get("Sample0time")
    return _OLE_EPOCH + timedelta(days=days) if days else None


def _svs_date(description: str) -> datetime | None:
    stated = dict(re.findall(r"\|\s*(Date|Time|Time Zone) = ([^|]*)", description))
    found = _parsed(f"{stated['Date'].strip()} {stated['Time'].strip()}", _SVS_FORMATS)
    zone = re.search(r"([+-])(\d\d):?(\d\d)", stated.get("Time Zone", ""))
    if found is None or zone is None:
        return found
    offset = timedelta(hours=int(zone[2]), minutes=int(zone[3]))
    return found.replace(tzinfo=timezone(-offset if zone[1] == "-" else offset))


def _stk_date(metadata: dict[str, Any]) -> datetime | None:
    created = metadata.get("DatetimeCreated")
    if created is not None and len(created):
        # numpy gives a datetime only for microseconds.
        found: datetime | None = created[0].astype("datetime64[us]").item()
        return found
    return metadata.get("CreateTime")


def _parsed(text: str, formats: tuple[str, ...]) -> datetime | None:
    for form in formats:
        with suppress(ValueError):
            return datetime.strptime(text, form)  # noqa: DTZ007 - the file names no zone
    with suppress(ValueError):
        return datetime.fromisoformat(text)
    return None
