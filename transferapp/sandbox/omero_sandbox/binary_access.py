"""``omero.policy.binary_access``: who gets the bytes, as ome.security.policy has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import omero

from transferapp.sandbox.omero_sandbox.permissions import EDIT, permissions_of
from transferapp.sandbox.omero_sandbox.records import Record, SandboxCaller

if TYPE_CHECKING:
    from transferapp.sandbox.omero_sandbox.store import Store

_OF_PLATES = ("Plate", "PlateAcquisition", "Well", "WellSample")


class BinaryAccess:
    """The policy of one server, by its setting."""

    def __init__(self, store: Store, setting: str) -> None:
        """Read a setting such as ``+read,+write,+image,-plate``."""
        self._store = store
        self._rights = {part.strip() for part in setting.split(",")}

    def allows(self, record: Record, caller: SandboxCaller) -> bool:
        """Say whether the caller gets the bytes; administrators are no exception."""
        # Who may change it reads it, too.
        reads = self._given("read") or not permissions_of(record, caller)._restrictions[EDIT]
        return self._given("write") and reads and self._allows_kind(record)

    def _allows_kind(self, record: Record) -> bool:
        if record.cls in _OF_PLATES:
            return self._given("image") and self._given("plate")
        images = self._images(record)
        return not images or (
            self._given("image") and (self._given("plate") or not self._in_wells(images))
        )

    def require(self, record: Record, caller: SandboxCaller) -> None:
        """Raise SecurityViolation where the bytes are kept back."""
        if not self.allows(record, caller):
            text = f"Download is restricted for ome.model.{record.cls}:Id_{record.id}"
            raise omero.SecurityViolation(None, "omero.SecurityViolation", text)

    def _given(self, right: str) -> bool:
        return f"-{right}" not in self._rights and f"+{right}" in self._rights

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
