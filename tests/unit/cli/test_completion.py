"""Completion: a real bash completes by the script that docs/cli.md tells of."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(sys.executable).with_name("transferapp")


def script(shell: str) -> str:
    done = subprocess.run(
        [str(PROGRAM)],
        env={**os.environ, "_TRANSFERAPP_COMPLETE": f"source_{shell}"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (("impo",), ["import"]),
        (("omero",), ["omero-sandbox", "omero"]),
        (("transfers", "ca"), ["cancel"]),
        (("import", "--skip"), ["--skip", "--skip-existing"]),
    ],
)
def test_bash_completes(tmp_path: Path, text: tuple[str, ...], found: list[str]) -> None:
    (tmp_path / "script").write_text(script("bash"))
    typed = " ".join(("transferapp", *text))
    code = (
        f"source {tmp_path}/script; COMP_WORDS=({typed}); COMP_CWORD={len(text)}; "
        f"_transferapp_completion {PROGRAM}; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    )
    done = subprocess.run(["bash", "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert sorted(done.stdout.split()) == sorted(found)


def test_the_module_writes_the_script_of_the_program(tmp_path: Path) -> None:
    """Shells complete by the first word, which is python's."""

    def shown(*program: str) -> str:
        # The program asks which shell it was started from; ";" keeps bash from making way.
        line = f"{shlex.join(program)} --show-completion; exit $?"
        done = subprocess.run(
            ["bash", "-c", line],
            env={**os.environ, "HOME": str(tmp_path)},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout

    found = shown(sys.executable, "-m", "transferapp")
    assert found == shown(str(PROGRAM))
    subprocess.run(["bash", "-n"], input=found, text=True, check=True)


@pytest.mark.parametrize(("shell", "text"), [("zsh", "#compdef"), ("fish", "complete --")])
def test_other_shells_get_a_script(shell: str, text: str) -> None:
    assert text in script(shell)
