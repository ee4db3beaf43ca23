"""The repository's two distributions: what each wheel holds, and that they fit together."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

import transferapp

ROOT = Path(__file__).resolve().parents[2]
OFFLINE = ("--no-deps", "--no-index", "--disable-pip-version-check", "-q")
#: What the wheel of the product may weigh: icons, fonts and code. It was 6.6 MB with samples.
MOST_BYTES = 2_500_000


def pip(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "pip", *arguments], check=True)


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The wheels by the names of their distributions."""
    folder = tmp_path_factory.mktemp("wheels")
    for source in (ROOT, ROOT / "installers" / "sandbox"):
        pip("wheel", *OFFLINE, "--no-build-isolation", "--wheel-dir", str(folder), str(source))
    return {wheel.name.partition("-")[0]: wheel for wheel in folder.iterdir()}


class Installation:
    """An environment with some of our wheels, and all but ours of this one's packages."""

    def __init__(self, folder: Path, wheels: list[Path]) -> None:
        self._folder = folder
        venv.create(folder, with_pip=False)
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        packages = folder / "lib" / version / "site-packages"
        # Not --system-site-packages: the .pth of our editable installation would be read too.
        (packages / "others.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
        python = str(folder / "bin" / "python")
        pip("--python", python, "install", "--no-compile", *OFFLINE, *map(str, wheels))

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a program of its ``bin``, far from the source tree."""
        return subprocess.run(
            [str(self._folder / "bin" / command[0]), *command[1:]],
            cwd=self._folder,
            env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )


@pytest.fixture(scope="module")
def alone(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Installation:
    return Installation(tmp_path_factory.mktemp("alone"), [wheels["transferapp"]])


@pytest.fixture(scope="module")
def both(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Installation:
    return Installation(tmp_path_factory.mktemp("both"), [*wheels.values()])


def files_of(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_each_file_is_in_one_of_them(wheels: dict[str, Path]) -> None:
    ours, sandbox = (files_of(wheels[name]) for name in ("transferapp", "transferapp_sandbox"))
    assert ours & sandbox == set()
    for folder in ("transferapp", "resources"):
        paths = [path.relative_to(ROOT) for path in (ROOT / folder).rglob("*")]
        names = {path.as_posix() for path in paths if (ROOT / path).is_file()}
        wanted = {
            re.sub(r"^resources/", "transferapp/_resources/", name)
            for name in names
            # The plugin is a wheel of its own: tests/e2e/test_napari_plugin.py.
            if "__pycache__" not in name and "/napari_plugin/" not in name
        }
        assert len(wanted) > 100
        assert wanted - ours - sandbox == set(), "in neither of them"


def test_the_product_carries_nothing_to_try_it_on(wheels: dict[str, Path]) -> None:
    ours = files_of(wheels["transferapp"])
    # The pages of "demo" and "omero-sandbox" stay: these commands say what to install.
    assert {
        name
        for name in ours
        if re.search(r"sandbox|sample|/bench|demo|local_installation|napari_plugin", name)
        and "/share/man/" not in name
    } == set()
    assert wheels["transferapp"].stat().st_size < MOST_BYTES
    # What authors of extensions test with stays.
    assert {
        "transferapp/testing/repository_suite.py",
        "transferapp/testing/sender_suite.py",
        "transferapp/testing/memory_queue.py",
    } <= ours


def test_the_sandbox_wants_the_product_of_its_own_version(wheels: dict[str, Path]) -> None:
    version = transferapp.__version__
    with zipfile.ZipFile(wheels["transferapp_sandbox"]) as archive:
        name = f"transferapp_sandbox-{version}.dist-info/METADATA"
        metadata = archive.read(name).decode()
    wanted = re.findall(
        r"^Requires-Dist: transferapp\[\S+\]==([^\s;]+)", metadata, re.MULTILINE
    )
    assert wanted == [version] * 3, "for omero, omero-tables and the server"


def test_the_product_works_alone(alone: Installation) -> None:
    reported = alone.run("transferapp", "--version")
    assert reported.stdout == f"transferapp {transferapp.__version__}\n", reported.stderr
    where = alone.run("python", "-c", "import transferapp; print(transferapp.__file__)")
    assert str(ROOT) not in where.stdout


@pytest.mark.parametrize(
    ("command", "package"),
    [("demo", "transferapp-sandbox"), ("omero-sandbox", "transferapp-sandbox[omero]")],
)
def test_alone_it_states_what_to_install(
    alone: Installation, command: str, package: str
) -> None:
    reported = alone.run("transferapp", command, "--headless")
    assert reported.returncode == 1
    assert f"pip install '{package}'" in re.sub(r"\s+", " ", reported.stderr)
    assert "Traceback" not in reported.stderr


def test_with_the_sandbox_the_demo_is_there(both: Installation) -> None:
    reported = both.run("transferapp", "demo", "--help")
    assert reported.returncode == 0, reported.stderr
    assert "--headless" in reported.stdout


def test_with_the_sandbox_its_images_are_found(both: Installation) -> None:
    asked = "from transferapp.host.resources import resource; print(resource('sample-data'))"
    reported = both.run("python", "-c", asked)
    assert reported.returncode == 0, reported.stderr
    samples = Path(reported.stdout.strip())
    assert (samples / "png-cells" / "cell.png").is_file()
    assert str(ROOT) not in str(samples)
