"""Open a preview by its signed URL: ``napari https://.../v1/signed/.../image.zarr``."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from transferapp.desktop.viewer.pyramid import open_image
from transferapp.napari_plugin.layers import LayerData, layer_data, read_in_background
from transferapp.protocol import routes


def get_reader(path: str | list[str]) -> Callable[[str | list[str]], list[LayerData]] | None:
    """Return the reader of a signed URL; None for anything else."""
    if not isinstance(path, str):
        path = path[0] if len(path) == 1 else ""
    parts = urlsplit(path)
    # A server may lie below a path of its own.
    before, signed, rest = parts.path.partition(f"{routes.SIGNED}/")
    signature = rest.partition("/")[0]
    ours = parts.path.rstrip("/") == before + routes.signed_zarr(signature)
    return read if parts.scheme in {"http", "https"} and signed and ours else None


def read(path: str | list[str]) -> list[LayerData]:
    """Read the documents now, for napari waits for them, and pixels as they are drawn.

    Raises SignedUrlEnded, Denied for a changed one, ServerUnreachable.
    """
    url = path if isinstance(path, str) else path[0]
    image = open_image(url.rstrip("/"), None)
    read_in_background()
    return layer_data(image)
