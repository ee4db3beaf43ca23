"""How a preview's channels become napari's image layers; no napari here."""

from __future__ import annotations

from typing import Any

from transferapp.desktop.viewer.pyramid import RemoteChannel, RemoteImage


def layer_settings(image: RemoteImage, channel: RemoteChannel) -> dict[str, Any]:
    """Return what ``add_image`` takes beside the levels: name, scale, colours and window."""
    return {
        "name": channel.name,
        "multiscale": True,
        "scale": image.scale,
        "units": image.units,
        "axis_labels": image.axis_labels,
        "blending": "additive",
        "colormap": {"colors": ["#000000", channel.color], "name": channel.name},
        "contrast_limits": channel.window,
        "visible": channel.visible,
    }
