"""Links into a managed repository: what they replace, what they spare, what they leave."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

from transferapp.errors import Internal
from transferapp.repositories.omero.links import CannotLink, Links, Source
from transferapp.repositories.omero.settings import InPlace

CONTENT = b"pixels"


@pytest.fixture
def source(tmp_path: Path) -> Source:
    staged = tmp_path / "staging" / "0123"
    staged.parent.mkdir()
    staged.write_bytes(CONTENT)
    staged.chmod(0o444)
    return Source(staged, "key", "a b/cells.tif", 0)


@pytest.fixture
def location(tmp_path: Path) -> Path:
    marker = tmp_path / "repository" / "alice_2" / "cells.tif"
    marker.parent.mkdir(parents=True)
    marker.write_bytes(b"marker")
    return marker


@pytest.fixture(params=[InPlace.HARD_LINK, InPlace.SYMLINK])
def links(request: pytest.FixtureRequest, tmp_path: Path) -> Links:
    (tmp_path / "vault").mkdir()
    vault = tmp_path / "vault" if request.param is InPlace.SYMLINK else None
    return Links(request.param, tmp_path / "repository", vault)


def beside(location: Path) -> list[str]:
    return sorted(path.name for path in location.parent.iterdir())


def test_link_outlives_the_staged_file(links: Links, source: Source, location: Path) -> None:
    assert not links.placed(source, location)
    for _ in range(2):
        links.put(source, location)
        assert links.placed(source, location)
    assert beside(location) == ["cells.tif"]
    source.path.unlink()
    assert location.read_bytes() == CONTENT


def test_vault_lets_omero_pass_and_keeps_the_names(
    source: Source, location: Path, tmp_path: Path
) -> None:
    vault = tmp_path / "vault"
    vault.mkdir()
    links = Links(InPlace.SYMLINK, tmp_path / "repository", vault)
    before = os.umask(0o077)
    try:
        links.put(source, location)
    finally:
        os.umask(before)
    kept = vault / "key" / "a b" / "cells.tif"
    assert location.readlink() == kept
    assert [folder.stat().st_mode & 0o777 for folder in (kept.parent, vault / "key")] == [
        0o755
    ] * 2
    links.forget("key")
    assert list(vault.iterdir()) == []
    assert source.path.read_bytes() == CONTENT


@pytest.mark.parametrize("key", ["", ".", "..", "/", "a/b"])
def test_only_a_key_of_its_own_is_forgotten(key: str, tmp_path: Path) -> None:
    vault = tmp_path / "vault"
    (vault / "a" / "b").mkdir(parents=True)
    Links(InPlace.SYMLINK, tmp_path, vault).forget(key)
    assert (vault / "a" / "b").exists()


@pytest.mark.parametrize("client_path", ["../cells.tif", "/cells.tif"])
def test_nothing_is_kept_outside_of_the_vault(
    source: Source, location: Path, tmp_path: Path, client_path: str
) -> None:
    (tmp_path / "vault").mkdir()
    links = Links(InPlace.SYMLINK, tmp_path / "repository", tmp_path / "vault")
    with pytest.raises(CannotLink, match="cannot be kept"):
        links.put(Source(source.path, "key", client_path, 0), location)
    assert location.read_bytes() == b"marker"


def test_what_can_be_written_to_is_not_linked(
    links: Links, source: Source, location: Path
) -> None:
    source.path.chmod(0o644)
    with pytest.raises(CannotLink, match="written to"):
        links.put(source, location)
    assert location.read_bytes() == b"marker"


def test_late_worker_touches_nothing(links: Links, source: Source, location: Path) -> None:
    links.put(source, location)
    source.path.unlink()
    with pytest.raises(CannotLink):
        links.put(source, location)
    assert location.read_bytes() == CONTENT


def test_other_disk_is_reported(
    source: Source, location: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(new: Path, _: Path) -> None:
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), str(new))

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    with pytest.raises(CannotLink, match="cross-device"):
        Links(InPlace.HARD_LINK, tmp_path / "repository", None).put(source, location)
    assert location.read_bytes() == b"marker"


def test_left_overs_of_a_killed_worker_go(links: Links, source: Source, location: Path) -> None:
    left = location.with_name(".transferapp-0")
    left.symlink_to(source.path)
    links.tidy([location])
    assert beside(location) == ["cells.tif"]
    left.write_bytes(b"another")
    links.put(source, location)
    assert beside(location) == ["cells.tif"]


def test_only_links_are_taken_away(links: Links, source: Source, location: Path) -> None:
    links.take_away(source, location)
    assert location.read_bytes() == b"marker"
    links.put(source, location)
    links.take_away(source, location)
    assert not location.is_symlink()
    assert not location.exists()
    links.take_away(source, location)
    # A link to an earlier staged file of the same fileset.
    location.write_bytes(CONTENT)
    location.chmod(0o444)
    links.take_away(source, location)
    assert not location.exists()
    assert source.path.read_bytes() == CONTENT


def test_paths_stay_inside(links: Links, tmp_path: Path) -> None:
    assert links.location("/alice_2/cells.tif") == tmp_path / "repository/alice_2/cells.tif"
    with pytest.raises(Internal):
        links.location("alice_2/../../cells.tif")
