"""IRenderingSettings: settings of many images at once, reset or copied."""

from __future__ import annotations

from typing import Any

from transferapp.sandbox.omero_sandbox.dispatch import Service
from transferapp.sandbox.omero_sandbox.permissions import ANNOTATE, permissions_of
from transferapp.sandbox.omero_sandbox.records import Record
from transferapp.sandbox.omero_sandbox.rendering_settings import (
    WHOLE,
    RenderingSettings,
    default_settings,
    load_settings,
    save_settings,
    settings_record,
)
from transferapp.sandbox.omero_sandbox.services.query import flat, images_below, named


class IRenderingSettings(Service):
    """Settings of sets of images."""

    def _pixels(self, cls: str, ids: list[int]) -> list[Record]:
        if named(cls) == "Pixels":
            return [self.store.load("Pixels", id_) for id_ in ids]
        return flat(self.store.get(images_below(self.store, named(cls), ids), "pixels"))

    def _may(self, pixels: Record) -> bool:
        return not permissions_of(pixels, self.caller)._restrictions[ANNOTATE]

    def _save(self, pixels: Record, settings: RenderingSettings) -> None:
        save_settings(self.store, self.caller, pixels, settings)

    # -- reading

    def getRenderingSettings(self, pixels_id: int) -> Any:
        pixels = self.store.load("Pixels", pixels_id)
        return self.out(settings_record(self.store, pixels, self.caller), *WHOLE)

    def sanityCheckPixels(self, one: Any, other: Any) -> bool:
        first, second = (self.store.load("Pixels", p._id._val) for p in (one, other))
        return _alike(first, second)

    # -- back to what an import shows

    def resetDefaultsInSet(self, cls: str, ids: list[int]) -> list[int]:
        """Return the images that were reset; for pixels, theirs."""
        done = [pixels for pixels in self._pixels(cls, ids) if self._may(pixels)]
        for pixels in done:
            self._save(pixels, default_settings(self.store, pixels))
        return [pixels.values["image"].id for pixels in done]

    setOriginalSettingsInSet = resetMinMaxInSet = resetDefaultsInSet

    def resetDefaultsByOwnerInSet(self, cls: str, ids: list[int]) -> list[int]:
        """Take the settings of each image's owner."""
        done = []
        for pixels in self._pixels(cls, ids):
            owner = pixels.values["@owner"]
            held = (
                r for r in self.store.related(pixels, "settings") if r.values["@owner"] is owner
            )
            record = next(held, None)
            if record is not None and self._may(pixels):
                self._save(pixels, load_settings(self.store, record))
                done.append(pixels.values["image"].id)
        return done

    def resetDefaultsInImage(self, id_: int) -> None:
        self.resetDefaultsInSet("Image", [id_])

    def resetDefaultsInDataset(self, id_: int) -> list[int]:
        return self.resetDefaultsInSet("Dataset", [id_])

    def resetDefaultsForPixels(self, id_: int) -> None:
        self.resetDefaultsInSet("Pixels", [id_])

    # -- from one image to others

    def applySettingsToSet(
        self, pixels_id: int, cls: str, ids: list[int]
    ) -> dict[bool, list[int]]:
        """Return the images that took the settings, and those that could not."""
        source = self.store.load("Pixels", pixels_id)
        record = settings_record(self.store, source, self.caller)
        made = default_settings(self.store, source)
        settings = made if record is None else load_settings(self.store, record)
        answer: dict[bool, list[int]] = {True: [], False: []}
        for pixels in self._pixels(cls, ids):
            fits = _alike(source, pixels) and self._may(pixels)
            if fits and pixels is not source:
                self._save(pixels, settings)
            answer[fits].append(pixels.values["image"].id)
        return answer

    def applySettingsToImages(self, pixels_id: int, ids: list[int]) -> dict[bool, list[int]]:
        return self.applySettingsToSet(pixels_id, "Image", ids)

    def applySettingsToDataset(self, pixels_id: int, id_: int) -> dict[bool, list[int]]:
        return self.applySettingsToSet(pixels_id, "Dataset", [id_])

    def applySettingsToImage(self, pixels_id: int, id_: int) -> bool:
        return not self.applySettingsToImages(pixels_id, [id_])[False]


def _alike(one: Record, other: Record) -> bool:
    """Settings pass between images of the same type and number of channels."""
    same = one.values["pixelsType"] is other.values["pixelsType"]
    return same and one.text("sizeC") == other.text("sizeC")
