"""``transferapp scan``: filesets, verdicts and other files; nothing is sent."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from typer.testing import CliRunner

from transferapp.cli.main import app
from transferapp.client.sessions import FormatsAnswer
from transferapp.client.target_formats import KeptFormats
from transferapp.formats.omero import omero_formats

LONG_AGO = 1_700_000_000
#: Nothing listens there.
AWAY = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TRANSFERAPP_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def day(tmp_path: Path) -> Path:
    """A MetaMorph set, an image in a folder, an image of OMERO's, and what lies beside them."""
    folder = tmp_path / "day 3"
    (folder / "below").mkdir(parents=True)
    (folder / "t.nd").write_text('"NDInfoFile", Version 1.0\n"EndFile"\n')
    for name in ("t.TIF", "below/a.tif"):
        tifffile.imwrite(folder / name, np.zeros((8, 8), "uint16"))
    for name in ("run.log", "below/plan.pdf", "Thumbs.db", ".hidden"):
        (folder / name).write_bytes(b"some bytes")
    (folder / "scan.cxd").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
    for path in folder.rglob("*"):
        os.utime(path, (LONG_AGO, LONG_AGO))
    return folder


def run(*text: object) -> tuple[int, Any]:
    done = CliRunner().invoke(app, ["scan", *map(str, text), "--json"])
    return done.exit_code, json.loads(done.stdout)


OTHERS = [".hidden", "Thumbs.db", "below/plan.pdf", "run.log"]


def test_what_omero_would_make_of_it(day: Path) -> None:
    code, found = run(day, "--reads", "omero")
    assert code == 0
    assert found == {
        "filesets": [
            {
                "name": "a.tif",
                "format": "TIFF",
                "files": ["below/a.tif"],
                "plate": False,
                "verdict": "ok",
                "code": "",
                "sentence": "",
            },
            {
                "name": "scan.cxd",
                "format": "Compix Simple-PCI",
                "files": ["scan.cxd"],
                "plate": False,
                "verdict": "ok",
                "code": "",
                "sentence": "",
            },
            {
                "name": "t.nd",
                "format": "MetaMorph",
                "files": ["t.TIF", "t.nd"],
                "plate": False,
                "verdict": "ok",
                "code": "",
                "sentence": "",
            },
        ],
        "others": OTHERS,
    }


def test_what_the_embedded_repository_would(day: Path) -> None:
    code, found = run(day, "--reads", "local")
    assert code == 5
    assert [(one["name"], one["verdict"], one["code"]) for one in found["filesets"]] == [
        ("a.tif", "ok", ""),
        ("scan.cxd", "blocked", "unsupported-file"),
        ("t.nd", "blocked", "unsupported-file"),
    ]
    assert found["others"] == OTHERS


def test_paths_are_reported_from_what_was_dropped(day: Path) -> None:
    _, found = run(day / "below", day / "t.nd", day / "run.log", "--reads", "omero")
    files = [one["files"] for one in found["filesets"]]
    assert files == [["a.tif"], ["t.TIF", "t.nd"], ["run.log"]]
    assert found["others"] == ["plan.pdf"]


def test_the_folder_that_one_is_in(day: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(day / "below")
    for given in (".", "../below"):
        _, found = run(given, "--reads", "omero")
        assert [one["files"] for one in found["filesets"]] == [["a.tif"]]


def test_what_cannot_be_read_is_reported(day: Path) -> None:
    (day / "half.tif.part").write_bytes(b"x")
    (day / "gone.tif").symlink_to("nowhere")
    code, found = run(day, "--reads", "omero")
    blocked = {one["code"]: one["files"] for one in found["filesets"] if one["code"]}
    assert code == 5
    assert blocked == {"changed-file": ["half.tif.part"], "vanished-file": ["gone.tif"]}


def test_a_lone_index_is_no_silent_image(tmp_path: Path) -> None:
    path = tmp_path / "experiment.mvd2"
    path.write_bytes(b"JL some bytes")
    os.utime(path, (LONG_AGO, LONG_AGO))
    _, found = run(path, "--reads", "omero")
    assert found["filesets"][0]["verdict"] == "warning"
    assert "names other files that belong to it" in found["filesets"][0]["sentence"]


@pytest.mark.parametrize(
    ("text", "exit_code", "problem"),
    [
        ("nowhere.tif --reads omero", 1, "invalid"),
        (". --reads omeru", 1, "invalid"),
        (f". --reads {AWAY}", 4, "server-unreachable"),
    ],
)
def test_what_goes_wrong_has_a_code(text: str, exit_code: int, problem: str) -> None:
    code, reported = run(*text.split())
    assert (code, reported["code"]) == (exit_code, problem)


def test_without_a_server_it_is_the_embedded_repository(day: Path) -> None:
    assert run(day / "scan.cxd")[0] == 5


def test_a_server_that_is_away_has_its_last_answer(day: Path, home: Path) -> None:
    KeptFormats().keep(AWAY, FormatsAnswer(omero_formats(), '"1"'))
    assert run(day / "scan.cxd", "--reads", AWAY)[0] == 0
    (home / "config").mkdir()
    login = json.dumps({"server_url": AWAY, "username": "ada"})
    (home / "config" / "login.json").write_text(login)
    assert run(day / "scan.cxd")[0] == 0


def test_people_see_a_table_and_one_line(day: Path) -> None:
    done = CliRunner().invoke(app, ["scan", str(day), "--reads", "omero"])
    assert done.exit_code == 0
    assert "Compix Simple-PCI" in done.stdout
    assert "4 other files are not images; they stay where they are." in done.stderr
    assert "OMERO, Bio-Formats 7.3.1" in done.stderr
    assert "run.log" not in done.output


def test_a_name_that_is_no_text_leads_to_its_file(tmp_path: Path) -> None:
    place = os.fsencode(tmp_path) + b"/caf\xe9.tif"
    try:
        Path(os.fsdecode(place)).write_bytes(b"II*\0")
    except OSError:
        pytest.skip("this file system takes text only")
    _, found = run(tmp_path, "--reads", "omero")
    (one,) = found["filesets"]
    assert os.fsencode(tmp_path / one["files"][0]) == place
    assert one["code"] == "name-not-allowed"
    assert r"caf\xe9.tif' has characters" in one["sentence"]


@pytest.mark.parametrize("command", [("scan",), ("import", "--to", "Dataset:1")])
def test_a_sentence_spells_what_is_no_text_in_json_too(command: tuple[str, ...]) -> None:
    """Only paths have the escape that Python turns back into the byte."""
    done = CliRunner().invoke(app, [*command, "/nowhere/caf\udce9.tif", "--json"])
    stated = json.loads(done.stdout)["detail"]
    assert stated == r"/nowhere/caf\xe9.tif does not exist. Check the path."


def test_a_damaged_tiff_is_reported_in_our_text_only(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros((8, 8), "uint16"))
    content = bytearray(path.read_bytes())
    for at in range(12, 12 + 12 * content[8], 12):
        content[at : at + 2] = b"\xfd\xfd"  # No tag has such a type.
    path.write_bytes(content)
    os.utime(path, (LONG_AGO, LONG_AGO))
    scan = [sys.executable, "-m", "transferapp", "scan", str(path), "--reads", "omero"]
    done = subprocess.run([*scan, "--json"], capture_output=True, text=True, check=False)
    assert json.loads(done.stdout)["filesets"][0]["verdict"] == "blocked"
    assert done.stderr == ""


def test_a_warning_that_many_have_in_common_is_one_line(tmp_path: Path) -> None:
    """Images of a set whose index is missing, beside one that is fine."""
    folder = tmp_path / "run"
    folder.mkdir()
    for name in ("a.tif", *(f"img_{n:09}_DAPI_000.tif" for n in range(12)), "z.tif"):
        tifffile.imwrite(folder / name, np.zeros((8, 8), "uint16"))
        os.utime(folder / name, (LONG_AGO, LONG_AGO))
    text = ["scan", str(folder), "--reads", "omero"]
    lines = CliRunner().invoke(app, text).stdout.splitlines()[1:]
    assert [line.split()[0] for line in lines] == ["a.tif", "12", "z.tif"]
    assert "12 items, such as img_000000000_DAPI_000.tif" in lines[1]
    assert "Each looks like a part of a Micro-Manager set, and its metadata.txt" in lines[1]
    _, found = run(folder, "--reads", "omero")
    reported = [one["sentence"] for one in found["filesets"] if one["verdict"] == "warning"]
    assert len(set(reported)) == 12
    (folder / "img_000000000_DAPI_000.tif").unlink()
    (folder / "img_000000001_DAPI_000.tif").unlink()
    assert len(CliRunner().invoke(app, text).stdout.splitlines()) == 1 + 12


def test_what_is_refused_is_named_each(tmp_path: Path) -> None:
    for number in range(12):
        path = tmp_path / "run" / f"{number}.bmp"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"BM" + bytes(60))
        os.utime(path, (LONG_AGO, LONG_AGO))
    done = CliRunner().invoke(app, ["scan", str(tmp_path / "run"), "--reads", "local"])
    assert done.stdout.count("does not read BMP") == 12


@pytest.mark.parametrize("name", ["run.log", ".hidden"])
def test_a_file_that_is_named_by_itself_is_judged_as_by_an_import(day: Path, name: str) -> None:
    code, found = run(day / name, "--reads", "omero")
    assert code == 5
    [fileset] = found["filesets"]
    assert (fileset["name"], fileset["verdict"]) == (name, "blocked")
    assert fileset["sentence"]
    assert found["others"] == []
    scanned = CliRunner().invoke(app, ["import", str(day / name), "--to", "Dataset:1"])
    assert scanned.exit_code == 1
    # Whose readers count may differ, the refusal does not.
    assert "There is nothing to import." in scanned.stderr


def test_of_a_folder_beside_it_the_other_files_stay_others(day: Path) -> None:
    code, found = run(day / "run.log", day / "below", "--reads", "omero")
    assert code == 5
    assert [one["name"] for one in found["filesets"]] == ["a.tif", "run.log"]
    assert found["others"] == ["plan.pdf"]
