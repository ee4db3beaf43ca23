"""The programs that a shell script starts, as far as one sees without running it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

#: What the shell does by itself (POSIX, and what dash adds).
BUILTINS = frozenset(
    (
        ".", ":", "[", "alias", "bg", "break", "cd", "command", "continue", "echo", "eval",
        "exit", "export", "false", "fg", "getopts", "hash", "jobs", "kill", "local", "printf",
        "pwd", "read", "readonly", "return", "set", "shift", "test", "times", "trap", "true",
        "type", "ulimit", "umask", "unset", "wait",
    )
)  # fmt: skip
#: After these a command follows.
_AGAIN = frozenset(
    (
        "!", "{", "}", "do", "done", "elif", "else", "exec", "fi", "if", "nice", "setsid",
        "then", "time", "until", "while",
    )
)  # fmt: skip
_COMMENT = re.compile(r"^\s*#.*$", re.MULTILINE)
_PUNCTUATION = re.compile(r"[();<>|&]+")
_ASSIGNMENT = re.compile(r"\w+=")


def programs(script: str) -> Iterator[str]:
    """Yield the first word of each command, scripts inside (``sh -c``, ``trap``) included."""
    text = _COMMENT.sub("", script).replace("\n", " ; ")
    tokens = shlex.shlex(text, posix=True, punctuation_chars=True)
    tokens.commenters = ""
    yield from _commands(list(tokens))


def _commands(tokens: list[str]) -> Iterator[str]:
    command: list[str] = []
    redirected = False
    for token in [*tokens, ";"]:
        if redirected:
            redirected = False
        elif not _PUNCTUATION.fullmatch(token):
            command.append(token)
        elif "<" in token or ">" in token:
            redirected = True
        else:
            yield from _of(command)
            command = []


def _of(command: list[str]) -> Iterator[str]:
    """Yield the programs of one command without its pipes."""
    while command and (command[0] in _AGAIN or _ASSIGNMENT.match(command[0])):
        if command[0] in {"setsid", "nice"}:
            yield command[0]
        command = command[1:]
    if not command or command[0] in {"for", "case", "in", "$"}:
        return
    name = command[0]
    if name not in BUILTINS and not name.startswith(("$", '"')):
        yield name
    inside = command[1:2] if name == "trap" else []
    if name in {"sh", "bash"} and command[1:2] == ["-c"]:
        inside = command[2:3]
    for script in inside:
        yield from programs(script)
