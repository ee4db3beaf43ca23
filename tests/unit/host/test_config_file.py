"""Settings in TOML files: which goes before, and what is said of one that is wrong."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, get_args, get_origin

import pytest

import transferapp
from transferapp.agent.settings import AgentSettings
from transferapp.bioformats.settings import BioFormatsSettings
from transferapp.errors import SettingsInvalid
from transferapp.host import config_file, endings
from transferapp.host.config_keys import KEYS, Kind
from transferapp.host.settings import EnvironmentSettings
from transferapp.notify.settings import NotifySettings, SmtpSettings
from transferapp.repositories.omero import diagnosis
from transferapp.repositories.omero.settings import OmeroSettings
from transferapp.server.settings import ServerSettings
from transferapp.worker.settings import WorkerSettings

KINDS = (
    ServerSettings, WorkerSettings, AgentSettings, SmtpSettings, NotifySettings,
    OmeroSettings, BioFormatsSettings,
)  # fmt: skip


class Files:
    """The three places, with XDG's and the computer's folder below a test's."""

    def __init__(self, folder: Path) -> None:
        self.site = folder / "etc" / "config.toml"
        self.mine = folder / "xdg" / "transferapp" / "config.toml"
        self.named = folder / "named.toml"

    def write(self, path: Path, text: str, mode: int = 0o644) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Files:
    made = Files(tmp_path)
    for name in list(os.environ):
        if name.startswith("TRANSFERAPP_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    monkeypatch.setattr(config_file, "SITE_FILE", made.site)
    return made


pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="XDG and modes of files")


def test_the_environment_goes_before_the_account_before_the_computer(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.write(files.site, 'port = 1\nname = "site"\nreserve_bytes = 7\n[limits]\nmail = 3')
    files.write(files.mine, 'port = 2\nname = "mine"\n[smtp]\nhost = "mail"\nport = 25')
    monkeypatch.setenv("TRANSFERAPP_PORT", "3")
    settings = ServerSettings()
    assert (settings.port, settings.name, settings.reserve_bytes) == (3, "mine", 7)
    assert WorkerSettings().limits == {"mail": 3}
    assert (SmtpSettings().host, SmtpSettings().port) == ("mail", 25)
    assert ServerSettings(port=9).port == 9
    assert AgentSettings() == AgentSettings(parallel_files=4)


def test_a_named_file_is_read_alone(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    files.write(files.site, "port = 1")
    files.write(files.mine, "port = 2")
    monkeypatch.setenv("TRANSFERAPP_CONFIG", str(files.named))
    with pytest.raises(SettingsInvalid, match="TRANSFERAPP_CONFIG: there is no file"):
        ServerSettings()
    monkeypatch.setenv("TRANSFERAPP_CONFIG", str(files.site.parent))
    with pytest.raises(SettingsInvalid, match="TRANSFERAPP_CONFIG: there is no file"):
        ServerSettings()
    monkeypatch.setenv("TRANSFERAPP_CONFIG", os.devnull)
    assert ServerSettings().port == 8470
    monkeypatch.setenv("TRANSFERAPP_CONFIG", str(files.named))
    files.write(files.named, 'name = "named"')
    assert (ServerSettings().port, ServerSettings().name) == (8470, "named")


def test_one_folder_of_everything_has_its_file(
    files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.write(files.site, "port = 1")
    files.write(files.mine, "port = 2")
    monkeypatch.setenv("TRANSFERAPP_HOME", str(tmp_path / "home"))
    assert ServerSettings().port == 8470
    files.write(tmp_path / "home" / "config" / "config.toml", "port = 4")
    assert ServerSettings().port == 4


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("prot = 1", "'prot' is not known. Did you mean 'port'?"),
        ("[smpt]\nhost = 'x'", "'smpt' is not known. Did you mean 'smtp'?"),
        ("[omero]\nhots = 'x'", "'omero.hots' is not known. Did you mean 'omero.host'?"),
        ("TRANSFERAPP_PORT = 1", "'TRANSFERAPP_PORT' is not known. docs/cli.md says"),
        ("smtp = 1", "'smtp' is a table. Write [smtp] above its keys."),
        ("port = 'many'", "'port' must be a whole number; it is text."),
        ("port = '8470'", "'port' must be a whole number; it is text."),
        ("port = true", "'port' must be a whole number; it is true or false."),
        ("port = 2000-01-01", "'port' must be a whole number; it is a date or time."),
        ("port = 1.0", "'port' must be a whole number; it is a fraction."),
        ("port = [1]", "'port' must be a whole number; it is a list."),
        ("port.x = 1", "'port' must be a whole number; it is a table."),
        ("port = 70000", "'port': Input should be less than or equal to 65535."),
        ("import_unknown = 'no'", "'import_unknown' must be true or false; it is text."),
        ("data = 5", "'data' must be text in quotes; it is a whole number."),
        ("database_url = 'foo'", "'database_url': this is no address of a database."),
        ("port = ?", "this is no TOML (at line 1, column 8). Correct the line."),
    ],
)
def test_what_is_wrong_is_reported_with_file_and_key(
    files: Files, text: str, sentence: str
) -> None:
    files.write(files.mine, text)
    with pytest.raises(SettingsInvalid) as caught:
        ServerSettings()
    assert caught.value.message.startswith(f"{files.mine}: {sentence}")


def test_a_wrong_key_in_a_table_is_reported_by_its_whole_name(files: Files) -> None:
    files.write(files.mine, "[agent]\nnice = 20\n[smtp]\nencryption = 'rot13'")
    with pytest.raises(SettingsInvalid, match=r"'agent\.nice': Input should be less than"):
        AgentSettings()
    with pytest.raises(
        SettingsInvalid, match=r"'smtp\.encryption': Input should be 'starttls'"
    ):
        SmtpSettings()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("limits.repository = 'x'", "'limits.repository' must be a whole number; it is text."),
        ("limits = 4", "'limits' must be a table of whole numbers; it is a whole number."),
        ("[limits]\nmail = {a = 1}", "'limits.mail' must be a whole number; it is a table."),
        ("keep_events_days = 1.5", "'keep_events_days' must be a whole number; it is a frac"),
        ("[smtp]\nport = '25'", "'smtp.port' must be a whole number; it is text."),
        ("[agent]\nretry_max_s = true", "'agent.retry_max_s' must be a number; it is true"),
        ("[omero]\nverify_tls = 1", "'omero.verify_tls' must be true or false; it is a whole"),
        ("[bioformats]\njar = 1", "'bioformats.jar' must be text in quotes; it is a whole"),
        ("[log]\nlevel = 10", "'log.level' must be text in quotes; it is a whole number."),
    ],
)
def test_every_process_refuses_a_wrong_type_of_any_setting(
    files: Files, text: str, sentence: str
) -> None:
    """The file is for all of them: who looks at one process only would miss it."""
    files.write(files.mine, text)
    for kind in KINDS:
        with pytest.raises(SettingsInvalid) as caught:
            kind()
        assert caught.value.message.startswith(f"{files.mine}: {sentence}")
    with pytest.raises(SettingsInvalid):
        config_file.chosen("name")


def test_a_fault_inside_a_table_is_named(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    files.write(files.mine, "limits.repository = 0")
    with pytest.raises(
        SettingsInvalid, match=r"toml: 'limits\.repository': Input should be gr"
    ):
        WorkerSettings()
    files.write(files.mine, "")
    monkeypatch.setenv("TRANSFERAPP_LIMITS", '{"repository": 0}')
    with pytest.raises(SettingsInvalid, match=r"^TRANSFERAPP_LIMITS: 'repository': Input sho"):
        WorkerSettings()
    for text in ("x", "", "{"):
        monkeypatch.setenv("TRANSFERAPP_LIMITS", text)
        with pytest.raises(SettingsInvalid, match=r"^TRANSFERAPP_LIMITS must be JSON like"):
            WorkerSettings()


SECRET = "database_url = 'postgresql+psycopg://ta:hush-0815@host/db'"


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o602])
def test_a_secret_that_others_can_read_is_refused(files: Files, mode: int) -> None:
    path = files.write(files.mine, SECRET, mode)
    for kind in (ServerSettings, AgentSettings):
        with pytest.raises(SettingsInvalid, match=r"'database_url' holds a secret") as caught:
            kind()
        assert f"chmod 600 {path}" in caught.value.message
        assert "hush" not in caught.value.message
    path.chmod(0o600)
    assert "hush" in ServerSettings().database_url
    files.write(path, "database_url = 'postgresql+psycopg://ta@host/db'", 0o644)
    assert ServerSettings().database_url


def test_a_fault_near_a_secret_does_not_quote_it(files: Files) -> None:
    files.write(files.mine, f"{SECRET} hush", 0o600)
    with pytest.raises(SettingsInvalid, match=r"no TOML \(at line 1") as caught:
        ServerSettings()
    assert "hush" not in str(caught.value.__cause__) + caught.value.message


def test_the_computers_file_may_be_for_the_servers_account_only(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root reads everything, so the refusal comes from here."""
    files.write(files.site, "port = 1\n[agent]\nnice = 1")
    opened = Path.open

    def refuse(path: Path, *more: object) -> object:
        if path == files.site:
            raise PermissionError(13, "Permission denied")
        return opened(path, *more)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", refuse)
    assert AgentSettings().nice == 19
    with pytest.raises(SettingsInvalid, match=r"cannot be read \(Permission denied\)"):
        ServerSettings()


def test_what_is_read_without_settings_knows_the_files(files: Files, tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert not diagnosis.wanted()
    files.write(files.mine, f"data = '{data}'\n[omero]\nimporter = 'ta'")
    assert diagnosis.wanted()
    files.write(files.mine, f"data = '{data}'\nrepository = 'omero'")
    assert diagnosis.wanted()
    with pytest.raises(SettingsInvalid), endings.kept(endings.WORKER):
        raise SettingsInvalid("a reason")
    assert (data / "worker.ended").exists()
    files.write(files.mine, "prot = 1")
    assert not diagnosis.wanted()
    assert endings.ending(endings.WORKER) is None


def kind_of(annotation: Any) -> Kind:
    """Return how TOML writes a setting of this type."""
    if get_origin(annotation) is Annotated:
        return kind_of(get_args(annotation)[0])
    inner = [one for one in get_args(annotation) if one is not NoneType]
    if get_origin(annotation) is dict:
        assert [kind_of(one) for one in inner] == [Kind.TEXT, Kind.WHOLE]
        return Kind.NUMBERS
    if inner:
        return kind_of(*inner)
    scalars = {bool: Kind.SWITCH, int: Kind.WHOLE, float: Kind.NUMBER}
    if annotation in scalars:
        return scalars[annotation]
    assert issubclass(annotation, str | Path)
    return Kind.TEXT


def test_every_setting_may_stand_in_a_file_and_no_other() -> None:
    fields = {"log": {"level": Kind.TEXT, "format": Kind.TEXT}}
    for kind in KINDS:
        table = config_file.table_name(str(kind.model_config.get("env_prefix")))
        kinds = {name: kind_of(field.annotation) for name, field in kind.model_fields.items()}
        fields.setdefault(table, {}).update(kinds)
    assert fields == KEYS
    root = Path(transferapp.__file__).parent
    for path in root.rglob("settings.py"):
        if "desktop" not in path.parts:
            sentence = path.relative_to(root.parent).with_suffix("").parts
            importlib.import_module(".".join(sentence))
    made = {k for k in _below(EnvironmentSettings) if k.__module__.startswith("transferapp.")}
    assert {kind for kind in made if kind.__name__ != "InstallationSettings"} == set(KINDS)


def _below(kind: type[EnvironmentSettings]) -> set[type[EnvironmentSettings]]:
    return {one for child in kind.__subclasses__() for one in ({child} | _below(child))}


def test_processes_take_log_and_errors_from_the_file(files: Files, tmp_path: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "transferapp", *arguments],
            env={**os.environ, "TRANSFERAPP_HOME": str(tmp_path / "home")},
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    mine = tmp_path / "home" / "config" / "config.toml"
    for fault, sentence in (
        ("[agent]\nnicer = 1", "'agent.nicer' is not known"),
        ('[limits]\nrepository = "x"', "'limits.repository' must be a whole number"),
    ):
        files.write(mine, f'[log]\nformat = "json"\n{fault}')
        for arguments in (("agent",), ("transfers", "list")):
            refused = run(*arguments)
            assert refused.returncode == 1
            assert f"{mine}: {sentence}" in refused.stderr
            assert "Traceback" not in refused.stderr
    files.write(mine, '[log]\nformat = "json"\nlevel = "loud"')
    assert "config.toml: 'log.level': 'loud' is not known" in run("agent").stderr.replace(
        f"{mine.parent}/", ""
    )
