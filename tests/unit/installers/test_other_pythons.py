"""Which further Pythons the test command tries, and what it says of them."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import Any, ClassVar

import pytest

import bootstrap
import environments
import other_pythons

FIRST = (3, 11, 7)


@pytest.fixture
def pyenv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("TRANSFERAPP_PYTHONS", raising=False)
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    for version in ("2.7.18", "3.10.13", "3.11.7", "3.12.1", "3.12.10", "3.13.0", "3.99.1"):
        a_python(tmp_path / "versions" / version / "bin" / "python", version)
    broken = tmp_path / "versions" / "3.13.1" / "bin" / "python"
    broken.parent.mkdir(parents=True)
    broken.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    broken.chmod(0o755)
    return tmp_path


def a_python(path: Path, version: str) -> Path:
    """What answers as a Python of this version."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho {version} 3.40\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_what_we_claim_has_pins() -> None:
    assert {(3, 11), (3, 12), (3, 13)} <= other_pythons.claimed()
    assert FIRST[:2] in other_pythons.claimed()


def test_the_newest_of_each_claimed_version_in_pyenv(pyenv: Path) -> None:
    found = other_pythons.further(FIRST)
    assert [one.version for one in found] == [(3, 12, 10), (3, 13, 0)]
    assert found[0].python == pyenv / "versions" / "3.12.10" / "bin" / "python"
    assert [one.tag for one in other_pythons.further((3, 12, 3))] == ["py311", "py313"]


def test_named_ones_and_no_others(pyenv: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = a_python(pyenv / "mine" / "python3.99", "3.99.0")
    monkeypatch.setenv("PATH", str(mine.parent), prepend=":")
    monkeypatch.setenv("TRANSFERAPP_PYTHONS", f"python3.99:{sys.executable}")
    found = other_pythons.further(FIRST)
    assert [one.python for one in found] == [mine, Path(sys.executable)]
    assert found[1].version == tuple(sys.version_info[:3])
    monkeypatch.setenv("TRANSFERAPP_PYTHONS", "")
    assert other_pythons.further(FIRST) == []
    assert other_pythons.try_all(FIRST) == 0


def test_a_name_that_is_no_python_is_stated(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TRANSFERAPP_PYTHONS", "/no/python")
    with pytest.raises(SystemExit) as ended:
        other_pythons.further(FIRST)
    assert ended.value.code == 2
    assert "TRANSFERAPP_PYTHONS: '/no/python' is no Python" in capsys.readouterr().err


class FakeEnvironment:
    """Runs nothing; the demo of 3.13 fails."""

    made: ClassVar[list[str]] = []
    interrupt = False

    def __init__(self, _interpreter: Any, folder: Path) -> None:
        self.name = folder.name
        self.interrupted = False

    def ensure(self, extras: str, groups: tuple[str, ...]) -> None:
        self.made.append(f"{self.name} {extras} {','.join(groups)}")

    def run(self, *arguments: str) -> int:
        self.interrupted = self.interrupt
        return int(self.name == ".venv-py313" and "transferapp.sandbox.demo" in arguments)


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> type[FakeEnvironment]:
    monkeypatch.setattr(FakeEnvironment, "made", [])
    monkeypatch.setattr(other_pythons, "Environment", FakeEnvironment)
    return FakeEnvironment


@pytest.mark.usefixtures("pyenv")
def test_what_fails_on_one_fails_the_command(
    fakes: type[FakeEnvironment], capsys: pytest.CaptureFixture[str]
) -> None:
    assert other_pythons.try_all(FIRST) == 1
    wanted = f"{other_pythons.EXTRAS} dev"
    assert fakes.made == [f".venv-py312 {wanted}", f".venv-py313 {wanted}"]
    *_, before, last = capsys.readouterr().out.splitlines()
    assert "FAILED, the demo ended with exit code 1" in before
    assert last.startswith("[bootstrap] FAILED on Python 3.13.0")


@pytest.mark.usefixtures("pyenv")
def test_all_is_well(fakes: type[FakeEnvironment], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fakes, "run", lambda *_: 0)
    assert other_pythons.try_all(FIRST) == 0
    assert len(fakes.made) == 2


@pytest.mark.usefixtures("pyenv")
def test_ctrl_c_ends_it(fakes: type[FakeEnvironment], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fakes, "interrupt", True)
    assert other_pythons.try_all(FIRST) == 130
    assert len(fakes.made) == 1


def test_an_environment_is_of_its_python(tmp_path: Path) -> None:
    """One that was made by another Python is made anew."""
    python = a_python(tmp_path / "python", "3.12.1")
    interpreter = environments.ask(python)
    assert interpreter is not None
    made = environments.Environment(interpreter, tmp_path / "venv")
    assert not made._is_there()
    a_python(made.python, "3.12.0")
    assert not made._is_there()
    a_python(made.python, "3.12.1")
    assert made._is_there()


def test_what_is_installed_is_declared() -> None:
    with (environments.ROOT / "pyproject.toml").open("rb") as file:
        table = tomllib.load(file)
    groups = {*bootstrap.TEST_GROUPS, *other_pythons.GROUPS}
    assert groups <= set(table["dependency-groups"])
    wanted = (bootstrap.DEMO_EXTRAS, bootstrap.TEST_EXTRAS, other_pythons.EXTRAS)
    extras = {extra for one in wanted for extra in one.split(",")}
    assert extras <= set(table["project"]["optional-dependencies"])


def test_groups_are_installed_by_a_pip_that_knows_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interpreter = environments.ask(a_python(tmp_path / "python", "3.99.0"))
    assert interpreter is not None
    made = environments.Environment(interpreter, tmp_path / "venv")
    a_python(made.python, "3.99.0")
    asked: list[tuple[str, ...]] = []
    monkeypatch.setattr(made, "_pip", lambda *arguments: asked.append(arguments))
    made.ensure("desktop")
    made.ensure("desktop", ("dev",))
    made.ensure("desktop", ("dev",))
    project = environments.ROOT / "pyproject.toml"
    product = f"install -e {environments.ROOT}[desktop]"
    assert [" ".join(arguments) for arguments in asked] == [
        product,
        "install pip>=25.1",
        f"{product} --group={project}:dev",
    ]
