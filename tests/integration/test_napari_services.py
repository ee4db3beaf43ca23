"""What the plugin's dock asks for, against a real server: sessions, images, addresses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import numpy as np
import pytest

from tests.support.imported_image import import_image, two_channels
from tests.support.rest_server import PASSWORD, RestServer, server
from transferapp.desktop.session.remembered import DesktopSettings, SettingsFile
from transferapp.errors import AgentUnreachable, SignInFailed
from transferapp.host.paths import HostPaths, host_paths
from transferapp.napari_plugin.services import PluginServices, PluginState

__all__ = ["server"]

PIXELS = two_channels()


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HostPaths:
    monkeypatch.setenv("TRANSFERAPP_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
    return host_paths()


@pytest.fixture
def states() -> list[PluginState]:
    return []


@pytest.fixture
async def services(
    paths: HostPaths, states: list[PluginState]
) -> AsyncIterator[PluginServices]:
    services = PluginServices(paths, states.append)
    yield services
    await services.close()


async def test_an_open_image_goes_on_when_the_same_person_signs_in_again(
    server: RestServer, services: PluginServices, states: list[PluginState]
) -> None:
    image_id = await import_image(server, PIXELS)
    with pytest.raises(SignInFailed):
        await services.sign_in(server.url, "ada", "wrong", remember=False)
    await services.sign_in(server.url, "ada", PASSWORD, remember=False)
    assert (states[-1].person, states[-1].online) == ("Ada", True)
    (found,) = (await services.images(None, "", "")).items
    image = await services.open_image(found.id)
    assert found.id == image_id
    assert image.name == "Cells"
    await services.sign_out()
    assert states[-1].person == ""
    reading = asyncio.create_task(asyncio.to_thread(np.asarray, image.channels[1].levels[0]))
    await asyncio.sleep(0.5)
    assert not reading.done(), "it waits for her"
    await services.sign_in(server.url, "ada", PASSWORD, remember=False)
    assert np.array_equal(await reading, PIXELS[1])
    await asyncio.to_thread(image.store.close)


async def test_what_the_desktop_wrote_meanwhile_is_kept(
    server: RestServer, services: PluginServices, paths: HostPaths
) -> None:
    file = SettingsFile(paths.desktop_settings)
    theirs = replace(DesktopSettings(), notifications=False).with_seen("bob@elsewhere", 7)
    file.save(theirs)
    await services.sign_in(server.url, "ada", PASSWORD, remember=False)
    now = file.load()
    assert (now.notifications, now.seen_events["bob@elsewhere"]) == (False, 7)
    assert now.last_profile.url == server.url


async def test_without_a_keyring_it_is_stated(
    server: RestServer, services: PluginServices
) -> None:
    stated = await services.sign_in(server.url, "ada", PASSWORD, remember=True)
    assert "keyring" in stated


async def test_an_address_opens_and_an_export_needs_the_service(
    server: RestServer, services: PluginServices, tmp_path: Path
) -> None:
    await import_image(server, PIXELS)
    await services.sign_in(server.url, "ada", PASSWORD, remember=False)
    (found,) = (await services.images(None, "", "")).items
    address = (await services.signed_url(found.id)).url
    async with httpx.AsyncClient() as http:
        assert (await http.get(f"{address}/zarr.json")).status_code == 200
    with pytest.raises(AgentUnreachable):
        await services.export(found, tmp_path / "out")
    summary = await services.export_summary(found)
    assert (summary.images, summary.files, summary.refused) == (1, 1, "")
