"""What the command line prints is what the files are called, and nothing that a name hides."""

from __future__ import annotations

import io
import json
import re
import sys

import pytest
from typing_extensions import override

from transferapp.cli.output import echo, fail, show_json, show_table
from transferapp.cli.plain_text import plain
from transferapp.errors import Invalid

LONG = "2026-11-29 mouse 7 " + "z" * 200 + " [red] pos[1].tif"


class Terminal(io.StringIO):
    """A screen of few columns."""

    @override
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    "name",
    [
        "cell [red] pos[1].tif",
        "[bold]x[/bold].tif",
        "[/] \\[link=http://x]y.tif",
        "mouse :smiley: :warning:.tif",
        "Embryo 🔬 día 3 [1].czi",
    ],
)
def test_names_are_printed_as_they_are(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    show_table(("Item", "State"), [(name, "imported")])
    echo(f"{name}: is damaged.")
    with pytest.raises(BaseException, match="1"):
        fail(Invalid(f"There is no Dataset '{name}'."), as_json=False)
    shown = capsys.readouterr()
    assert shown.out.splitlines()[1].startswith(f"{name}  imported")
    assert shown.err.splitlines()[0] == f"{name}: is damaged."
    assert f"'{name}'" in shown.err.splitlines()[1]


def test_a_pipe_gets_whole_names_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(("Item", "State", "", "Images"), [(LONG, "imported", LONG, "Image:1")])
    echo(LONG)
    shown = capsys.readouterr()
    assert shown.out.count(LONG) == 2
    assert len(shown.out.splitlines()) == 2
    assert shown.err == f"{LONG}\n"
    assert "…" not in shown.out


def test_colours_requested_for_do_not_cut_what_goes_into_a_pipe(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "40")
    show_table(("Item",), [(LONG,)])
    assert LONG in capsys.readouterr().out


TABLES = [
    (("Item", "State", "", "Images"), [("a.tif", "queued", "", ""), ("b", "done", "", "1")]),
    (("Item", "State"), [("día 🔬 [red]", "x"), ("顕微鏡.czi", ""), ("👨‍👩‍👧 می‌خواهم", 7)]),
    (("Command", "Parameters"), [("run", ["a: a number", "b"]), ("none", []), ("x\n", None)]),
    (("Nothing",), []),
]


@pytest.mark.parametrize(("titles", "rows"), TABLES)
def test_a_pipe_gets_what_rich_would_draw(
    titles: tuple[str, ...],
    rows: list[tuple[object, ...]],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    show_table(titles, rows)
    piped = capsys.readouterr().out
    monkeypatch.setenv("FORCE_COLOR", "1")
    show_table(titles, rows)
    drawn = capsys.readouterr().out
    assert piped == re.sub(r"\x1b\[\d*m", "", drawn)
    assert (piped != drawn) is bool(rows)


def test_a_screen_shows_whole_names_in_several_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "40")
    show_table(("Item", "State"), [(LONG, "imported")])
    shown = re.sub(r"\x1b\[\d*m", "", terminal.getvalue())
    assert max(map(len, shown.splitlines())) == 40
    assert shown.count("z") == 200
    assert "…" not in shown


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a\x1b[2Jb.tif", r"a\x1b[2Jb.tif"),
        ("a\nImage:1 imported.tif", r"a\nImage:1 imported.tif"),
        ("tab\tand\rreturn", r"tab\tand\rreturn"),
        ("photo\u202efit.exe", r"photo\u202efit.exe"),
        ("bell\x07\x9b31m", r"bell\x07\x9b31m"),
        ("line\u2028end\u200b", r"line\u2028end\u200b"),
        ("caf\udce9.tif", r"caf\xe9.tif"),
        ("lone\ud800", r"lone\ud800"),
        ("familia 👨‍👩‍👧 می‌خواهم", "familia 👨‍👩‍👧 می‌خواهم"),
        ("back\\slash", "back\\slash"),
    ],
)
def test_what_a_name_hides_is_spelled_out(
    name: str, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert plain(name) == shown
    show_table(("Item",), [(name,)])
    echo(name)
    printed = capsys.readouterr()
    assert [line.rstrip() for line in printed.out.splitlines()] == ["Item", shown]
    assert printed.err == f"{shown}\n"


def test_a_cell_of_several_lines_is_one_on_purpose(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_table(("Command", "Parameters"), [("run", ["a: a number", "b: one\nline"])])
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines == ["Command  Parameters", "run      a: a number", r"         b: one\nline"]


def test_what_the_stream_cannot_write_is_spelled_out(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    show_table(("Item",), [("día 🔬",)])
    sys.stdout.flush()
    assert raw.getvalue().splitlines()[1] == rb"d\xeda \U0001f52c"


def test_json_stays_json_whatever_a_name_holds(capsys: pytest.CaptureFixture[str]) -> None:
    show_json({"refused": ["caf\udce9 µ\n.tif is damaged"]})
    reported = capsys.readouterr().out
    assert reported == '{\n  "refused": [\n    "caf\\udce9 µ\\n.tif is damaged"\n  ]\n}\n'
    assert json.loads(reported) == {"refused": ["caf\udce9 µ\n.tif is damaged"]}
