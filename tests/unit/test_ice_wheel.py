"""The zeroc-ice wheel is found where it may be; on request the real build is run.

The build takes about 7 minutes of a core: ``-m build`` asks for it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import ice_wheel


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("zeroc_ice-3.6.5-cp311-cp311-linux_x86_64.whl", True),
        ("zeroc_ice-3.6.5-cp311-cp311-manylinux_2_28_x86_64.whl", True),
        ("zeroc_ice-3.6.5-cp312-cp312-linux_x86_64.whl", False),
        ("zeroc_ice-3.6.4-cp311-cp311-linux_x86_64.whl", False),
        ("zeroc_ice-3.6.5-cp311-cp311-linux_aarch64.whl", False),
        ("zeroc_ice-3.6.5-cp311-cp311-macosx_11_0_x86_64.whl", False),
        ("other-3.6.5-cp311-cp311-linux_x86_64.whl", False),
    ],
)
def test_a_wheel_fits_its_python_only(name: str, fits: bool) -> None:
    target = ice_wheel.Target("cp311", "linux-x86_64")
    assert target.fits(Path(name)) is fits


def test_mac_wheels_fit_macs() -> None:
    target = ice_wheel.Target("cp312", "macosx-14.0-arm64")
    assert target.fits(Path("zeroc_ice-3.6.5-cp312-cp312-macosx_11_0_arm64.whl"))


def test_wheelhouse_goes_before_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tag = "cp{}{}".format(*sys.version_info)
    platform = ice_wheel.target_of(Path(sys.executable)).platform.replace("-", "_")
    name = f"zeroc_ice-3.6.5-{tag}-{tag}-{platform}.whl"
    env, cache = tmp_path / "house", tmp_path / "cache"
    for folder in (env, cache):
        folder.mkdir()
        (folder / name).touch()
    monkeypatch.setattr(ice_wheel, "ROOT", tmp_path / "none" / "here")
    assert ice_wheel.ensure_wheel(Path(sys.executable), cache) == cache / name
    monkeypatch.setenv("TRANSFERAPP_WHEELHOUSE", str(env))
    assert ice_wheel.ensure_wheel(Path(sys.executable), cache) == env / name


def test_missing_compiler_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ice_wheel, "missing_parts", lambda: ["libssl-dev"])
    with pytest.raises(ice_wheel.WheelNotBuilt, match="apt-get install -y libssl-dev"):
        ice_wheel.build_wheel(Path(sys.executable), tmp_path)


@pytest.mark.build
@pytest.mark.timeout(3600)
def test_the_real_build(tmp_path: Path) -> None:
    made = ice_wheel.build_wheel(Path(sys.executable), tmp_path)
    assert ice_wheel.find_wheel(ice_wheel.target_of(Path(sys.executable)), [tmp_path]) == made
