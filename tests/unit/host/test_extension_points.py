"""Other packages bring adapters; what is wrong with one is said by its name."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from typing import Protocol

import pytest

from transferapp.errors import SettingsInvalid, Unavailable
from transferapp.host.extensions import ExtensionPoint

SECRET = "ta1_" + "k" * 43


class Lamp(Protocol):
    """A port."""

    def shine(self) -> str:
        """Say how."""

    def close(self) -> None:
        """Let go."""


class Candle:
    """An adapter."""

    def __init__(self, wax: str) -> None:
        self.wax = wax

    def shine(self) -> str:
        return f"warm, of {self.wax}"

    def close(self) -> None:
        return


class Stone:
    """No adapter."""

    def __init__(self, _wax: str) -> None:
        return

    def close(self) -> None:
        return


def damp(_wax: str) -> Lamp:
    raise RuntimeError(f"the wick is wet, token {SECRET}")


def empty(_wax: str) -> Lamp:
    raise Unavailable("There is no wax today.")


def final(_wax: str) -> Lamp:
    raise SystemExit(3)


POINT = ExtensionPoint("transferapp.lamps", "TRANSFERAPP_LAMP", Lamp, ("bulb", "tube"))


def entry(name: str, made: str = "") -> EntryPoint:
    return EntryPoint(name, f"{__name__}:{made or name}", POINT.group)


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    module = type(sys)(__name__)
    for made in (Candle, Stone, damp, empty, final):
        setattr(module, made.__name__, made)
    monkeypatch.setitem(sys.modules, __name__, module)


def refused(name: str, *found: EntryPoint) -> str:
    with pytest.raises(SettingsInvalid) as caught:
        POINT.open(name, "wax", found=found)
    return caught.value.message


def test_the_named_one_is_opened_and_no_other_is_loaded() -> None:
    lamp = POINT.open("candle", "wax", found=[entry("final"), entry("candle", "Candle")])
    assert lamp.shine() == "warm, of wax"


def test_an_unknown_name_lists_what_there_is() -> None:
    stated = refused("torch", entry("damp"), entry("candle", "Candle"), entry("bulb", "Candle"))
    assert stated == "TRANSFERAPP_LAMP: 'torch' is not known. Use bulb, tube, candle or damp."


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("damp", "RuntimeError: the wick is wet"),
        ("final", "SystemExit: 3"),
        ("absent", "has no attribute 'absent'"),
    ],
)
def test_what_cannot_be_loaded_is_reported_by_name(name: str, text: str) -> None:
    stated = refused(name, entry(name))
    assert stated.startswith(f"TRANSFERAPP_LAMP is '{name}', which {__name__}:{name} brings")
    assert "cannot be loaded" in stated
    assert text in stated
    assert SECRET not in stated


def test_what_is_no_adapter_is_reported_with_what_it_lacks() -> None:
    assert "is no Lamp: it lacks shine." in refused("stone", entry("stone", "Stone"))


def test_two_packages_with_one_name_are_refused() -> None:
    both = [entry("candle", "Candle"), entry("candle", "damp")]
    stated = refused("candle", *both)
    assert f"two packages bring: {__name__}:Candle and {__name__}:damp." in stated


def test_its_own_errors_of_ours_go_through() -> None:
    with pytest.raises(Unavailable, match="no wax today"):
        POINT.open("empty", "wax", found=[entry("empty")])


def test_nothing_installed_names_ours() -> None:
    stated = refused("torch")
    assert stated == "TRANSFERAPP_LAMP: 'torch' is not known. Use bulb or tube."
