"""What our code imports is declared where that code is used, and what is declared is imported.

deptry knows one list for a whole project; here the core must do without any extra, and each
package with those of its own.
"""

from __future__ import annotations

import ast
import functools
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
#: Folder or file below transferapp -> the extras that whoever uses it has installed. The
#: longest name that fits holds; what is not named is of the core.
EXTRAS = {
    "commands/stores": ("server",),
    "conversion": ("server",),
    "deposit": ("deposit",),
    "desktop": ("desktop",),
    "grants/signing.py": ("server",),
    "grants/stores": ("server",),
    "host/migrations.py": ("server",),
    "ledger/stores": ("server",),
    "notify/notifiers": ("server",),
    "notify/stores": ("server",),
    "places/stores/bucket.py": ("s3",),
    "places/wiring.py": ("s3",),
    "preview": ("server",),
    "repositories/local": ("server",),
    "repositories/local/readers": ("server", "readers"),
    "repositories/omero": ("omero",),
    "server": ("server",),
    "taskqueue/dbos": ("server",),
    "testing": ("testing",),
}
#: Folders that are projects of their own, with their own lists: where below installers.
PROJECTS = {"napari_plugin": "napari-transferapp", "sandbox": "sandbox"}
#: Import names that no distribution lists, or that several do.
KNOWN = {"Glacier2": "zeroc-ice", "Ice": "zeroc-ice", "omero": "omero-py"}
#: Declared, and imported by no statement of ours.
UNSEEN = {
    "httptools": "uvicorn parses with it: http='httptools', and the agent's protocol",
    "pysqlite3": "host/sqlite.py imports it by name, where Python's own SQLite is too old",
    "pytest-asyncio": "the suites' tests are coroutines",
    "zombie-imp": "omero-py imports 'imp', which Python 3.12 no longer has",
}


def read(project: Path) -> dict[str, set[str]]:
    """Return the distributions of a project file by extra, the core's by ''."""
    with project.open("rb") as file:
        table = tomllib.load(file)["project"]
    lists = {"": table["dependencies"], **table.get("optional-dependencies", {})}
    return {extra: set(names(given)) for extra, given in lists.items()}


def names(given: list[str]) -> Iterator[str]:
    """Yield the distributions; of our own package those of the extras that are asked for."""
    for text in given:
        wanted = Requirement(text)
        if wanted.name == "transferapp":
            for extra in ("", *wanted.extras):
                yield from PRODUCT[extra]
        else:
            yield canonicalize_name(wanted.name)


PRODUCT = read(ROOT / "pyproject.toml")
OTHERS = {
    folder: set().union(*read(ROOT / "installers" / project / "pyproject.toml").values())
    for folder, project in PROJECTS.items()
}


@functools.cache
def distributions(module: str) -> frozenset[str]:
    """Return whose an import name is."""
    if module in KNOWN:
        return frozenset({KNOWN[module]})
    return frozenset(map(canonicalize_name, PROVIDED.get(module, [module])))


PROVIDED = packages_distributions()


@functools.cache
def imported(source: str) -> frozenset[str]:
    """Return the foreign top-level names that a module imports, also inside functions."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return frozenset(found - sys.stdlib_module_names - {"transferapp"})


def place_of(path: Path) -> str:
    """Return the longest name of EXTRAS that a module below transferapp lies in."""
    places = (parent.as_posix() for parent in (path, *path.parents))
    return next((place for place in places if place in EXTRAS), "")


def declared(path: Path) -> set[str]:
    """Return the distributions that a module below transferapp may import."""
    if path.parts[0] in PROJECTS:
        return OTHERS[path.parts[0]]
    return PRODUCT[""].union(*(PRODUCT[extra] for extra in EXTRAS.get(place_of(path), ())))


def undeclared(path: Path, source: str) -> set[str]:
    """Return the imports of a module that nothing declares for it."""
    allowed = declared(path)
    return {name for name in imported(source) if not distributions(name) & allowed}


@pytest.fixture(scope="module")
def sources() -> dict[Path, str]:
    package = ROOT / "transferapp"
    return {path.relative_to(package): path.read_text() for path in package.rglob("*.py")}


def test_every_import_is_declared(sources: dict[Path, str]) -> None:
    found = {path: undeclared(path, source) for path, source in sources.items()}
    assert {path.as_posix(): missing for path, missing in found.items() if missing} == {}


def test_what_is_declared_is_imported(sources: dict[Path, str]) -> None:
    """By a module of the core, or of a place that has the extra."""
    used: dict[str, set[str]] = {extra: set(UNSEEN) for extra in PRODUCT}
    for path, source in sources.items():
        if path.parts[0] not in PROJECTS:
            brought = {one for name in imported(source) for one in distributions(name)}
            for extra in ("", *EXTRAS.get(place_of(path), ())):
                used[extra] |= brought
    assert {extra: listed - used[extra] for extra, listed in PRODUCT.items()} == {
        extra: set() for extra in PRODUCT
    }
    assert set(UNSEEN) <= set().union(*PRODUCT.values())


def test_every_place_needs_its_extras(sources: dict[Path, str]) -> None:
    brought: dict[str, set[str]] = {place: set() for place in EXTRAS}
    for path, source in sources.items():
        for name in imported(source):
            brought.setdefault(place_of(path), set()).update(distributions(name))
    needless = {
        (place, extra)
        for place, extras in EXTRAS.items()
        for extra in extras
        if not brought[place] & (PRODUCT[extra] - PRODUCT[""])
    }
    assert needless == set()


@pytest.mark.parametrize(
    ("file", "line", "missing"),
    [
        ("client/server.py", "import anyio", "anyio"),
        ("intake/scanning.py", "from PIL import Image", "PIL"),
        ("desktop/loop.py", "def f():\n    import psycopg.rows", "psycopg"),
        ("repositories/local/pixels/regions.py", "import h5py", "h5py"),
        ("repositories/local/readers/nd2_.py", "import omero.gateway", "omero"),
        ("server/app.py", "import pytest", "pytest"),
        ("taskqueue/port.py", "import dbos", "dbos"),
        ("testing/moves.py", "import procrastinate", "procrastinate"),
        ("sandbox/local_installation.py", "import pydicom", "pydicom"),
        ("napari_plugin/services.py", "import dbos", "dbos"),
        ("host/clock.py", "import a_package_that_is_not_there", "a_package_that_is_not_there"),
    ],
)
def test_a_seeded_import_is_found(
    sources: dict[Path, str], file: str, line: str, missing: str
) -> None:
    path = Path(file)
    assert undeclared(path, f"{sources[path]}\n{line}\n") == {missing}
