"""``omero.policy.binary_access``: who gets the bytes, as ome.security.policy has it.

A group may have a policy of its own beside the server's: what one of them forbids is
forbidden, else what one of them allows is allowed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import omero

from transferapp.sandbox.omero_sandbox.permissions import EDIT, group_of, permissions_of
from transferapp.sandbox.omero_sandbox.records import Record, SandboxCaller

if TYPE_CHECKING:
    from transferapp.sandbox.omero_sandbox.store import Store

SETTING = "omero.policy.binary_access"
_OF_PLATES = ("Plate", "PlateAcquisition", "Well", "WellSample")


class BinaryAccess:
    """The policy of one server, by its setting."""

    def __init__(self, store: Store, setting: str) -> None:
        """Read a setting such as ``+read,+write,+image,-plate``."""
        self._store = store
        self._stated = frozenset(part.strip() for part in setting.split(","))

    def allows(self, record: Record, caller: SandboxCaller) -> bool:
        """Say whether the caller gets the bytes; administrators are no exception."""
        rights = self._stated | _of_group(record)
        # Who may change it reads it, too.
        may_edit = not permissions_of(record, caller)._restrictions[EDIT]
        reads = _given("read", rights) or may_edit
        return _given("write", rights) and reads and self._allows_kind(record, rights)

    def _allows_kind(self, record: Record, rights: frozenset[str]) -> bool:
        image, plate = _given("image", rights), _given("plate", rights)
        if record.cls in _OF_PLATES:
            return image and plate
        images = self._images(record)
        return not images or (image and (plate or not self._in_wells(images)))

    def require(self, record: Record, caller: SandboxCaller) -> None:
        """Raise SecurityViolation where the bytes are kept back."""
        if not self.allows(record, caller):
            text = f"Download is restricted for ome.model.{record.cls}:Id_{record.id}"
            raise omero.SecurityViolation(None, "omero.SecurityViolation", text)

    def _images(self, record: Record) -> list[Record]:
        if record.cls == "Image":
            return [record]
        # Texts are given out in any case.
        if record.cls != "OriginalFile" or str(record.text("name") or "").endswith(".txt"):
            return []
        entries = self._store.related(record, "filesetEntries")
        filesets = [entry.values.get("fileset") for entry in entries]
        return [i for f in filesets if f is not None for i in self._store.related(f, "images")]

    def _in_wells(self, images: list[Record]) -> bool:
        return any(self._store.related(image, "wellSamples") for image in images)


def _of_group(record: Record) -> frozenset[str]:
    """Return what the record's group says; unlike the server's, its words are not trimmed."""
    group = group_of(record)
    settings = () if group is None else group.values.get("config") or ()
    stated = (one.value for one in settings if one.name == SETTING)
    return frozenset(right for value in stated for right in value.split(","))


def _given(right: str, rights: frozenset[str]) -> bool:
    return f"-{right}" not in rights and f"+{right}" in rights
