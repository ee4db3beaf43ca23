"""How the lowest and the newest dependencies are installed; pip itself is not run here."""

from __future__ import annotations

import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

import environments
import other_dependencies
import other_pythons


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[str, ...]]:
    """Return what is asked of installers, and keep it from being done."""
    found: list[tuple[str, ...]] = []

    def watched(_self: environments.Environment, *command: str) -> None:
        found.append(command)

    def run(_self: environments.Environment, *command: str) -> int:
        found.append(command)
        return 7

    monkeypatch.setattr(environments.Environment, "_watched", watched)
    monkeypatch.setattr(environments.Environment, "run", run)
    monkeypatch.setattr(other_dependencies, "ROOT", tmp_path)
    return found


def own() -> environments.Interpreter:
    found = environments.ask(Path(sys.executable))
    assert found is not None
    return found


def test_lowest_are_the_lower_bounds_in_an_environment_apart(
    asked: list[tuple[str, ...]], tmp_path: Path
) -> None:
    assert other_dependencies.try_out("lowest", own(), []) == 7
    uv, project, tests = asked
    assert uv[0] == "pip"
    assert "install" in uv
    assert "lowest-direct" in project
    assert str(tmp_path / ".venv-lowest" / "bin" / "python") in project
    assert tests[-1] == "tests/unit"
    assert other_dependencies.try_out("lowest", own(), []) == 7
    assert len(asked) == 4, "nothing has changed: nothing is installed again"


def test_newest_are_without_pins_and_brought_up_to_date(asked: list[tuple[str, ...]]) -> None:
    for _ in range(2):
        assert other_dependencies.try_out("newest", own(), ["tests/unit/model"]) == 7
    pips = [command for command in asked if "pip" in command]
    installed = [command for command in pips if "-e" in command]
    assert len(installed) == 2, "asked again each time: tomorrow there are newer ones"
    assert all("--upgrade" in command and "-c" not in command for command in installed)
    assert asked[-1][-1] == "tests/unit/model"


def direct_requirements() -> list[Requirement]:
    """Return what pyproject.toml asks for on this Python, as both kinds are installed."""
    text = (environments.ROOT / "pyproject.toml").read_text(encoding="utf-8")
    read = tomllib.loads(text)
    lines = list(read["project"]["dependencies"])
    for extra in other_pythons.EXTRAS.split(","):
        lines += read["project"]["optional-dependencies"][extra]
    for group in other_pythons.GROUPS:
        lines += read["dependency-groups"][group]
    requirements = [Requirement(line) for line in lines]
    return [one for one in requirements if one.marker is None or one.marker.evaluate()]


@pytest.mark.skipif(Path(sys.prefix).name != ".venv-lowest", reason="of --dependencies lowest")
def test_no_lower_bound_is_below_what_is_tested() -> None:
    """What others ask for can lift a version: then our bound promises what nobody tried."""
    lifted = []
    for requirement in direct_requirements():
        [bound] = [Version(s.version) for s in requirement.specifier if s.operator == ">="]
        found = Version(version(requirement.name))
        if found.release[: len(bound.release)] != bound.release or found.is_prerelease:
            lifted.append(f"{requirement}: tested with {found}")
    assert lifted == []
