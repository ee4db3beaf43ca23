"""The allow-list: what the file may say, and what a person may put in."""

from __future__ import annotations

from pathlib import Path

import pytest

from transferapp.commands.allow_list import AllowList, Command, load_allow_list
from transferapp.errors import Invalid, NotFound, SettingsInvalid
from transferapp.model.identity import Experimenter, Group, GroupPermissions, Identity

REPORT = """
[commands.nightly-report]
argv = ["/opt/x/report", "--day", "{day}", "--{mode}", "a{{b}}"]
timeout_s = 60
allowed = ["lab"]
[commands.nightly-report.parameters.day]
pattern = "\\\\d{4}-\\\\d\\\\d-\\\\d\\\\d"
description = "a day like 2026-11-21"
[commands.nightly-report.parameters.mode]
choices = ["fast", "full"]
default = "fast"
"""


def written(folder: Path, text: str, mode: int = 0o644) -> Path:
    path = folder / "commands.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def report(folder: Path) -> Command:
    return load_allow_list(written(folder, REPORT)).command("nightly-report")


def person(*groups: str, is_admin: bool = False) -> Identity:
    made = tuple(Group(n, name, GroupPermissions.PRIVATE) for n, name in enumerate(groups))
    return Identity(Experimenter(1, "ada", "Ada"), made, 0, is_admin)


def free_text(**more: object) -> Command:
    parameter = {"pattern": "(?s).*", **more}
    return Command.model_validate(
        {"argv": ["/bin/x", "{text}"], "parameters": {"text": parameter}}
    )


def test_values_are_put_into_their_arguments(tmp_path: Path) -> None:
    command = report(tmp_path)
    values = command.checked({"day": "2026-11-21"})
    assert values == {"day": "2026-11-21", "mode": "fast"}
    filled = command.filled_in(values)
    assert filled == ("/opt/x/report", "--day", "2026-11-21", "--fast", "a{b}")


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({}, "'day' is missing: a day like 2026-11-21"),
        ({"day": "2026-11-21; rm -rf /"}, "it must be a day like 2026-11-21"),
        ({"day": "2026-11-21\n"}, "it must be a day like 2026-11-21"),
        ({"day": "x2026-11-21"}, "it must be a day like 2026-11-21"),
        ({"day": "2026-11-21", "mode": "slow"}, "one of fast, full"),
        ({"day": "2026-11-21", "colour": "red"}, "no parameter 'colour'. There are: day, mode"),
    ],
)
def test_values_that_do_not_fit_are_refused(
    tmp_path: Path, given: dict[str, str], text: str
) -> None:
    with pytest.raises(Invalid, match=text):
        report(tmp_path).checked(given)


@pytest.mark.parametrize(
    "value", ["a\nb", "a\0b", "a\rb", "\x1b[2J", "a\u2028b", "\ud800", "x" * 257]
)
def test_no_pattern_lets_these_in(value: str) -> None:
    with pytest.raises(Invalid, match="'text' is not right"):
        free_text().checked({"text": value})


@pytest.mark.parametrize(
    "value", ["; rm -rf /", "$(id)", "`id`", "{text}", "{{", "a b", "*", ""]
)
def test_any_other_value_is_one_argument_as_it_is(value: str) -> None:
    command = free_text()
    assert command.filled_in(command.checked({"text": value})) == ("/bin/x", value)


def test_a_value_is_not_taken_for_an_option() -> None:
    with pytest.raises(Invalid, match="must not begin with '-'"):
        free_text().filled_in({"text": "--flag"})
    allowing = free_text(may_begin_with_dash=True)
    assert allowing.filled_in({"text": "-5"}) == ("/bin/x", "-5")
    behind = Command.model_validate(
        {"argv": ["/bin/x", "--n={n}"], "parameters": {"n": {"pattern": ".*"}}}
    )
    assert behind.filled_in({"n": "-5"}) == ("/bin/x", "--n=-5")


def test_an_empty_value_does_not_hide_the_next_ones_dash() -> None:
    two = Command.model_validate(
        {
            "argv": ["/bin/x", "{a}{b}"],
            "parameters": {
                "a": {"pattern": ".*", "may_begin_with_dash": True},
                "b": {"pattern": ".*"},
            },
        }
    )
    with pytest.raises(Invalid, match="'b' must not begin"):
        two.filled_in({"a": "", "b": "--flag"})


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("argv = []", "commands.x.argv"),
        ('argv = "/bin/x"', "commands.x.argv"),
        ('argv = ["x"]', "absolute path, not 'x'"),
        ('argv = ["/bin/{day}"]', "the program itself cannot be a parameter"),
        ('argv = ["/bin/x", "{day}"]', "there is no parameter 'day'"),
        ('argv = ["/bin/x", "{day.year}"]', "write a parameter as {name}"),
        ('argv = ["/bin/x", "{}"]', "write a parameter as {name}"),
        ('argv = ["/bin/x", "a}"]', "commands.x"),
        ('argv = ["/bin/x"]\ntimeout_s = 0', "commands.x.timeout_s"),
        ('argv = ["/bin/x"]\nlimit = 0', "commands.x.limit"),
        ('argv = ["/bin/x"]\nallowed = []', "commands.x.allowed"),
        ('argv = ["/bin/x"]\nshell = true', "commands.x.shell"),
        ('argv = ["/bin/x"]\nfolder = "here"', "folder must be an absolute path"),
        ('argv = ["/bin/x"]\nsuccess_codes = [256]', "commands.x.success_codes"),
        (
            'argv = ["/bin/x"]\nenvironment = {TRANSFERAPP_DATABASE_URL = "x"}',
            "TransferApp's own",
        ),
        ('argv = ["/bin/x"]\n[commands.x.parameters.p]\npattern = "a"', "nowhere in argv"),
        (
            'argv = ["/bin/x", "{p}"]\n[commands.x.parameters.p]\npattern = "("',
            "the pattern is not right",
        ),
        (
            'argv = ["/bin/x", "{p}"]\n[commands.x.parameters.p]',
            "either 'pattern' or 'choices'",
        ),
        (
            'argv = ["/bin/x", "{p}"]\n[commands.x.parameters.p]\npattern="a"\ndefault="b"',
            "the default does not fit",
        ),
        (
            'argv = ["/bin/x", "{p}"]\n[commands.x.parameters.p]\npattern="a"\nsecret=true',
            "secret parameters are not supported",
        ),
        ('argv = ["/bin/x"]\n[commands.Upper]\nargv = ["/bin/x"]', "commands.Upper"),
        ('argv = ["/bin/x"', "is not TOML"),
    ],
)
def test_a_fault_names_its_key(tmp_path: Path, line: str, key: str) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        load_allow_list(written(tmp_path, f"[commands.x]\n{line}\n"))
    assert key in caught.value.message
    assert caught.value.message.startswith("TRANSFERAPP_COMMANDS_FILE: ")


@pytest.mark.parametrize("mode", [0o666, 0o664, 0o602])
def test_a_file_that_others_may_change_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(SettingsInvalid, match="others could change"):
        load_allow_list(written(tmp_path, REPORT, mode))


def test_a_missing_file_is_named_and_none_is_empty(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="cannot be read"):
        load_allow_list(tmp_path / "none.toml")
    assert load_allow_list(None) == AllowList()


def test_who_may_run_what(tmp_path: Path) -> None:
    allowed = load_allow_list(written(tmp_path, REPORT))
    assert allowed.command("nightly-report", person("lab")).timeout_s == 60
    assert allowed.command("nightly-report", person(is_admin=True)).timeout_s == 60
    with pytest.raises(NotFound, match="There is none for you"):
        allowed.command("nightly-report", person("admins", "everyone"))
    with pytest.raises(NotFound, match=r"no command 'other'.*There are: nightly-report\."):
        allowed.command("other", person("lab"))


def test_admins_alone_is_the_default() -> None:
    command = Command(argv=["/bin/x"])
    assert not command.allows(person("lab", "admins"))
    assert command.allows(person(is_admin=True))
    assert Command(argv=["/bin/x"], allowed=["everyone"]).allows(person())


def test_the_documentation_shows_a_list_that_works(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "commands.md").read_text(encoding="utf-8")
    example = page.split("```toml\n")[1].split("```")[0]
    command = load_allow_list(written(tmp_path, example)).command("nightly-report")
    filled = command.filled_in(command.checked({"day": "2026-11-21"}))
    assert filled == ("/opt/ourlab/report", "--day", "2026-11-21", "--format=pdf")
    keys = {line.split("`")[1] for line in page.splitlines() if line.startswith("| `")}
    assert set(Command.model_fields) - {"description", "parameters"} <= keys
