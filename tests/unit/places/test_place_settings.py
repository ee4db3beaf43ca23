"""The facility's file of places, and names at places."""

from __future__ import annotations

from pathlib import Path

import pytest

from transferapp.errors import Invalid, NameNotAllowed, SettingsInvalid, TargetNotFound
from transferapp.places.names import chosen_folder, person_folder, safe_path
from transferapp.places.settings import PlaceKind, load_places
from transferapp.places.wiring import open_place

GOOD = """
[places.cluster]
folder = "/mnt/scratch"
shown_as = "/scratch"
[places.lake]
bucket = "s3://imaging/exports"
"""


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "places.toml"
    path.write_text(GOOD)
    path.chmod(0o600)
    return path


def test_places_are_read(written: Path) -> None:
    offered = load_places(written)
    cluster, lake = offered.place("cluster"), offered.place("lake")
    assert (cluster.kind, lake.kind) == (PlaceKind.FOLDER, PlaceKind.BUCKET)
    assert cluster.shown("ada/x") == "/scratch/ada/x"
    assert lake.shown("ada/x") == "s3://imaging/exports/ada/x"
    with pytest.raises(TargetNotFound, match="cluster, lake"):
        offered.place("other")
    with pytest.raises(TargetNotFound, match="It offers none"):
        load_places(None).place("cluster")


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        ("[places.c]\nfolder = '/x'", "places.c"),
        ("[places.paths]\nfolder = '/x'", "paths"),
        ("[places.cluster]", "places.cluster: name a folder or a bucket"),
        ("[places.cluster]\nfolder = 'x'", "absolute path"),
        ("[places.cluster]\nfolder = '/x'\nbucket = 's3://abc'", "one of them"),
        ("[places.cluster]\nfolder = '/x'\nquota = 3", "places.cluster.quota"),
        ("[places.cluster]\nbucket = 'abc'", "places.cluster.bucket"),
        ("[places", "is not TOML"),
    ],
)
def test_a_mistake_is_named(written: Path, text: str, reported: str) -> None:
    written.write_text(text)
    with pytest.raises(SettingsInvalid, match="TRANSFERAPP_PLACES_FILE") as caught:
        load_places(written)
    assert reported in caught.value.message


def test_a_file_that_others_may_change_is_refused(written: Path) -> None:
    written.chmod(0o666)
    with pytest.raises(SettingsInvalid, match="others could change"):
        load_places(written)


def test_credentials_are_private_and_never_shown(written: Path, tmp_path: Path) -> None:
    pytest.importorskip("obstore")
    secret = tmp_path / "lake.toml"
    secret.write_text("access_key_id = 'me'\nsecret_access_key = 'never-shown-4711'\nmore = 1")
    secret.chmod(0o644)
    place = load_places(written).place("lake")
    place = place.model_copy(update={"credentials_file": secret, "endpoint": "http://x"})
    with pytest.raises(SettingsInvalid, match="chmod 600"):
        open_place("lake", place)
    secret.chmod(0o600)
    with pytest.raises(SettingsInvalid, match="access_key_id") as caught:
        open_place("lake", place)
    assert "never-shown" not in str(caught.value)
    secret.write_text("access_key_id = 'me'\nsecret_access_key = 'never-shown-4711'\n")
    assert "never-shown" not in repr(open_place("lake", place))


def test_no_two_people_share_a_folder() -> None:
    people = [
        "ada",
        "Ada",
        "../ada",
        "ada%2F",
        "DOM\\ada",
        "DOM/ada",
        "ada.",
        ".ada",
        "",
        "ä",
        "..",
    ]
    folders = []
    for name in people:
        try:
            folders.append(person_folder(name))
        except NameNotAllowed:
            assert not name
    assert len(set(folders)) == len(people) - 1
    assert not [name for name in folders if "/" in name or name.startswith(".")]
    assert person_folder("ada") == "ada"


@pytest.mark.parametrize("folder", ["..", "a/../b", ".x", "a\x00b", "CON", "a:b", "x. "])
def test_a_folder_that_cannot_be_is_refused(folder: str) -> None:
    with pytest.raises(Invalid):
        chosen_folder(folder)


def test_folders_and_files_stay_below() -> None:
    assert chosen_folder("/a//b/") == "a/b"
    assert safe_path("/a/b.tif") == "a/b.tif"
    for path in ("..", "a/../b", "", "/", "a/" + "x" * 300):
        with pytest.raises(NameNotAllowed):
            safe_path(path)
