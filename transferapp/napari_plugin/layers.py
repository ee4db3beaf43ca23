"""Previews as layers of a person's own viewer: lazily, multiscale, off the GUI thread."""

from __future__ import annotations

import threading
from typing import Any

from napari.settings import get_settings

from transferapp.desktop.viewer.layers import layer_settings
from transferapp.desktop.viewer.pyramid import RemoteImage

LayerData = tuple[list[Any], dict[str, Any], str]


def read_in_background() -> None:
    """Let napari read pixels off its GUI thread, until it ends.

    It is a setting of napari's ("Render Layers Asynchronously"). A person's file of settings is
    left as it is: napari does not write down what it takes for a value of the environment.
    """
    settings = get_settings()
    if settings.experimental.async_:
        return
    settings.env_settings.setdefault("experimental", {})["async_"] = True
    settings.experimental.async_ = True


def layer_data(image: RemoteImage) -> list[LayerData]:
    """Return an image's channels as npe2 readers give layers, named after both."""
    several = len(image.channels) > 1
    layers: list[LayerData] = []
    for channel in image.channels:
        settings = layer_settings(image, channel)
        if image.name:
            settings["name"] = f"{image.name}: {channel.name}" if several else image.name
        layers.append((list(channel.levels), settings, "image"))
    return layers


class OpenImages:
    """The images of one viewer; the connections of one end when its last layer is removed."""

    def __init__(self, viewer: Any) -> None:
        """Watch a viewer's layers."""
        self._viewer = viewer
        self._images: list[tuple[RemoteImage, set[Any]]] = []
        viewer.layers.events.removed.connect(self._removed)

    def add(self, image: RemoteImage) -> None:
        """Show an image beside what is there."""
        read_in_background()
        is_first = not self._viewer.layers
        added = set()
        for channel, (levels, settings, _) in zip(
            image.channels, layer_data(image), strict=True
        ):
            layer = self._viewer.add_image(levels, **settings)
            layer.contrast_limits_range = channel.value_range
            added.add(layer)
        self._images.append((image, added))
        if is_first:
            self._viewer.reset_view()

    def refresh(self) -> None:
        """Read again what could not be read."""
        for _, layers in self._images:
            for layer in layers:
                layer.refresh()

    def close(self) -> None:
        """Watch no longer; layers stay, and read on."""
        self._viewer.layers.events.removed.disconnect(self._removed)

    def _removed(self, event: Any) -> None:
        for one in list(self._images):
            image, layers = one
            layers.discard(event.value)
            if not layers:
                self._images.remove(one)
                # Waits for zarr's own thread, which may wait for a server.
                threading.Thread(target=image.store.close, daemon=True).start()
