"""Which addresses the plugin's reader takes, and what napari gets of an image."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.preview_images import ArraySource, made_image, pyramid_image
from tests.support.preview_server import PreviewServer, serving
from transferapp.desktop.viewer.pyramid import RemoteImage, open_image
from transferapp.desktop.viewer.store import RenewableToken

with warnings.catch_warnings():
    # napari's own, of libraries that it uses.
    warnings.simplefilter("ignore")
    from napari import settings as napari_settings
    from napari.components import ViewerModel
    from napari.settings import NapariSettings

    from transferapp.napari_plugin.layers import OpenImages, layer_data, read_in_background
    from transferapp.napari_plugin.reader import get_reader

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")

SIGNED = "https://images.test/v1/signed/tas1_x.y-z/image.zarr"


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NapariSettings:
    """A person's settings of napari, in a file of hers."""
    hers = NapariSettings(config_path=tmp_path / "napari.yaml")
    monkeypatch.setattr(napari_settings, "_SETTINGS", hers)
    return hers


@pytest.fixture(scope="module")
def server() -> Iterator[PreviewServer]:
    source = ArraySource()
    source.add(*made_image())
    source.add(*pyramid_image())
    with serving(source) as server:
        yield server


def opened(server: PreviewServer, image_id: int) -> RemoteImage:
    return open_image(server.image_url(image_id), RenewableToken("good", lambda: None))


@pytest.mark.parametrize(
    "path",
    [SIGNED, f"{SIGNED}/", [SIGNED], "http://h:8470/below/v1/signed/tas1_x/image.zarr"],
)
def test_signed_urls_are_read(path: str | list[str]) -> None:
    assert get_reader(path) is not None


@pytest.mark.parametrize(
    "path",
    [
        "/data/image.zarr",
        "/data/v1/signed/x/image.zarr",
        "https://images.test/image.zarr",
        f"{SIGNED}/0",
        "https://images.test/v1/images/7/zarr",
        "ftp://images.test/v1/signed/x/image.zarr",
        [SIGNED, SIGNED],
        [],
    ],
)
def test_nothing_else_is(path: str | list[str]) -> None:
    assert get_reader(path) is None


def test_layers_are_named_after_image_and_channel(server: PreviewServer) -> None:
    image = opened(server, 1)
    names = [settings["name"] for _, settings, _ in layer_data(image)]
    assert names == [f"{image.name}: {channel.name}" for channel in image.channels]
    assert len(names) == 3
    image.store.close()


def test_pixels_are_read_in_the_background_and_her_settings_stay(
    settings: NapariSettings, tmp_path: Path
) -> None:
    settings.application.save_window_geometry = False
    read_in_background()
    assert settings.experimental.async_
    settings.save()
    kept = (tmp_path / "napari.yaml").read_text(encoding="utf-8")
    assert "save_window_geometry" in kept
    assert "async" not in kept


def test_connections_end_with_the_last_layer(
    server: PreviewServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer = ViewerModel()
    images = OpenImages(viewer)
    closed = threading.Event()
    image, other = opened(server, 1), opened(server, 10)
    close = image.store.close

    def noted() -> None:
        close()
        closed.set()

    monkeypatch.setattr(image.store, "close", noted)
    images.add(image)
    layers = list(viewer.layers)
    assert [layer.contrast_limits_range for layer in layers] == [
        list(channel.value_range) for channel in image.channels
    ]
    images.add(other)
    for layer in layers[:-1]:
        viewer.layers.remove(layer)
    assert not closed.wait(0.2), "one layer still shows it"
    viewer.layers.remove(layers[-1])
    assert closed.wait(10)
    images.close()
    viewer.layers.clear()
    other.store.close()
