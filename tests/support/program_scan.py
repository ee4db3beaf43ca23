"""Find every program that a Python file starts, by reading its syntax tree.

A start is a call of ``subprocess``, ``asyncio``, ``os``, ``shutil.which`` or ``QProcess``.
Its first word is followed through variables, parameters (to the callers in the file) and
functions of the file. Where that leads nowhere the start is *unseen*: a person has to say
what runs there. Lists that look like a command line are taken for one wherever they are.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.support import shell_tokens

#: Calls whose first argument is a command line, or its first word, by what is before the dot.
STARTS = {
    "subprocess": "Popen run call check_call check_output getoutput getstatusoutput",
    "asyncio": "create_subprocess_exec create_subprocess_shell",
    "loop": "subprocess_exec subprocess_shell",
    "shutil": "which",
    "os": "system popen execv execve execvp execvpe execl execlp posix_spawn posix_spawnp",
    "QProcess": "start startDetached startCommand execute setProgram",
}
#: Starts a program behind a plain call.
BEHIND = {"openUrl": "xdg-open", "find_library": "ldconfig"}
#: This Python, by whatever name the code has it.
OWN = "python"
UNSEEN = "?"
_TOKEN = re.compile(r"[A-Za-z/][\w./+-]*")
_SHELL = re.compile(r"(?:/bin/)?(?:ba|da)?sh")
_TOML_SHELL = re.compile(
    r'"/bin/sh", "-c", (?:"((?:[^"\\]|\\.)*)"|\'\'\'(.*?)\'\'\')', re.DOTALL
)


@dataclass(frozen=True, order=True)
class Start:
    """A program (its last path component) that is started at a line of a function."""

    program: str
    function: str
    line: int
    #: Found as a list of words only, which may never be run.
    is_list: bool = False


@dataclass
class Scan:
    """One file."""

    tree: ast.Module
    _parents: dict[ast.AST, ast.AST] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for node in ast.walk(self.tree):
            self._parents.update((child, node) for child in ast.iter_child_nodes(node))

    def starts(self) -> Iterator[Start]:
        """Yield all of them."""
        for node in ast.walk(self.tree):
            function = self._function(node)
            where = ("" if function is None else function.name, getattr(node, "lineno", 0))
            for token in self._started(node):
                yield Start(Path(token).name, *where)
            if isinstance(node, ast.List | ast.Tuple):
                for token in _command_line(node):
                    yield Start(Path(token).name, *where, is_list=True)

    def _started(self, node: ast.AST) -> Iterator[str]:
        if isinstance(node, ast.Call):
            yield from self._called(node)
        elif isinstance(node, ast.List | ast.Tuple):
            yield from self._shells(node)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from in_text(node.value)
        elif isinstance(node, ast.JoinedStr) and any(
            "/bin/" in str(getattr(part, "value", "")) for part in node.values
        ):
            yield from in_text("".join(w for p in node.values for w in self._text(p)))

    def _called(self, node: ast.Call) -> Iterator[str]:
        name, owner = _callee(node.func)
        if name in BEHIND:
            yield BEHIND[name]
        arguments = node.args
        if name == "to_thread":
            (name, owner), arguments = _callee(arguments[0]), arguments[1:]
        if name in STARTS.get(owner, "").split():
            yield from self._first(arguments, set())

    def _shells(self, node: ast.List | ast.Tuple) -> Iterator[str]:
        """Yield the programs of each script that follows ``sh -c`` in a list."""
        tokens = [e.value if isinstance(e, ast.Constant) else None for e in node.elts]
        for place, token in enumerate(tokens[:-2]):
            if isinstance(token, str) and _SHELL.fullmatch(token) and tokens[place + 1] == "-c":
                for script in self._tokens(node.elts[place + 2], set()):
                    yield from [UNSEEN] if script == UNSEEN else shell_tokens.programs(script)

    def _first(self, nodes: list[ast.expr], seen: set[ast.AST]) -> set[str]:
        """Return what the first word of a command line may be."""
        if not nodes:
            return {UNSEEN}
        node = nodes[0]
        if not isinstance(node, ast.Starred):
            return {
                token.split()[0] if token.split() else UNSEEN
                for token in self._tokens(node, seen)
            }
        found = self._tokens(node.value, seen)
        if UNSEEN in found and len(nodes) > 1:
            # It may be empty, too: then the next one is the first.
            found |= self._first(nodes[1:], seen)
        return {token for token in found if not token.startswith("-")}

    def _tokens(self, node: ast.AST, seen: set[ast.AST]) -> set[str]:
        """Return what a word, or the first word of a sequence, may be."""
        if node in seen:
            return set()
        seen = seen | {node}
        found: set[str] = set()
        for source in self._sources(node, seen):
            found |= {source} if isinstance(source, str) else self._tokens(source, seen)
        return found or {UNSEEN}

    def _sources(self, node: ast.AST, seen: set[ast.AST]) -> Iterator[str | ast.AST]:
        """Yield words, and nodes whose words are to be looked up."""
        name = getattr(node, "id", getattr(node, "attr", ""))
        if "python" in name.lower() or name == "executable":
            yield OWN
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.List | ast.Tuple):
            yield from self._first(list(node.elts), seen)
        elif isinstance(node, ast.BinOp):
            # "words " + more; folder / name.
            yield node.right if isinstance(node.op, ast.Div) else node.left
        else:
            yield from self._origins(node)

    def _origins(self, node: ast.AST) -> Iterator[ast.AST]:
        if isinstance(node, ast.Attribute):
            yield from self._assigned(node.attr, None)
        elif isinstance(node, ast.Name):
            yield from self._named(node.id, self._function(node))
        elif isinstance(node, ast.Call):
            yield from self._returned(node)
        elif isinstance(node, ast.IfExp):
            yield from (node.body, node.orelse)
        elif isinstance(node, ast.Await | ast.Subscript):
            yield node.value

    def _returned(self, node: ast.Call) -> Iterator[ast.AST]:
        name, _ = _callee(node.func)
        if name in {"str", "Path"} and node.args:
            yield node.args[0]
        elif name in {"split", "replace"} and isinstance(node.func, ast.Attribute):
            yield node.func.value
        for function in self._functions(name):
            yield from (
                r.value for r in ast.walk(function) if isinstance(r, ast.Return) and r.value
            )

    def _named(
        self, name: str, function: ast.FunctionDef | ast.AsyncFunctionDef | None
    ) -> Iterator[ast.AST]:
        found = list(self._assigned(name, function))
        if function is not None and not found:
            found = list(self._parameter(name, function))
            if not found and name not in _parameters(function):
                found = list(self._named(name, self._function(function)))
        yield from found

    def _assigned(self, name: str, scope: ast.AST | None) -> Iterator[ast.AST]:
        """Yield what is assigned to a name in a function, or to an attribute in the file."""
        for node in ast.walk(scope or self.tree):
            match node:
                case (
                    ast.Assign(targets=[target], value=value)
                    | ast.For(target=target, iter=value)
                    | ast.comprehension(target=target, iter=value)
                ):
                    pass
                case ast.AnnAssign(target=target, value=ast.expr() as value):
                    pass
                case _:
                    continue
            if name in {getattr(target, "id", None), getattr(target, "attr", None)}:
                if isinstance(node, ast.Assign | ast.AnnAssign):
                    yield value
                else:
                    yield from self._elements(value)

    def _elements(self, node: ast.AST) -> Iterator[ast.AST]:
        if isinstance(node, ast.Name):
            for value in self._assigned(node.id, None):
                yield from self._elements(value)
        elif isinstance(node, ast.Tuple | ast.List):
            yield from node.elts

    def _parameter(
        self, name: str, function: ast.FunctionDef | ast.AsyncFunctionDef
    ) -> Iterator[ast.AST]:
        """Yield what callers in this file pass, and the cases of ``parametrize``."""
        names = _parameters(function)
        if name not in names:
            return
        place = names.index(name) - (names[0] in {"self", "cls"})
        wanted = {function.name}
        if function.name == "__init__":
            wanted = {getattr(self._parents[function], "name", "")}
        for call in ast.walk(self.tree):
            if isinstance(call, ast.Call) and _callee(call.func)[0] in wanted:
                yield from call.args[place : place + 1]
                yield from (k.value for k in call.keywords if k.arg == name)
        for decorator in function.decorator_list:
            if isinstance(decorator, ast.Call) and _callee(decorator.func)[0] == "parametrize":
                yield from (
                    case.elts[0] if isinstance(case, ast.Tuple) else case
                    for case in getattr(decorator.args[1], "elts", [])
                )

    def _text(self, node: ast.AST) -> set[str]:
        if isinstance(node, ast.FormattedValue):
            tokens = self._tokens(node.value, set())
            return tokens if len(tokens) == 1 and UNSEEN not in tokens else {" "}
        return {str(node.value)} if isinstance(node, ast.Constant) else {" "}

    def _functions(self, name: str) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
        return [n for n in ast.walk(self.tree) if isinstance(n, kinds) and n.name == name]

    def _function(self, node: ast.AST) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
        above = self._parents.get(node)
        while above is not None and not isinstance(
            above, ast.FunctionDef | ast.AsyncFunctionDef
        ):
            above = self._parents.get(above)
        return above


def starts(text: str) -> list[Start]:
    """Return every start in a file's text."""
    return sorted(set(Scan(ast.parse(text)).starts()))


def _command_line(node: ast.List | ast.Tuple) -> Iterator[str]:
    """Yield the first word of a list that has an option behind it."""
    tokens = [e.value if isinstance(e, ast.Constant) else None for e in node.elts]
    options = [w for w in tokens[1:] if isinstance(w, str) and re.match(r"--?[A-Za-z]", w)]
    if options and isinstance(tokens[0], str) and _TOKEN.fullmatch(tokens[0]):
        yield tokens[0]


def in_text(text: str) -> Iterator[str]:
    """Yield the programs of scripts and command lists that the text holds."""
    if re.match(r"#!/\w", text):
        line, _, script = text.partition("\n")
        tokens = line[2:].split()
        yield from tokens[: 2 if tokens[0].endswith("/env") else 1]
        if _SHELL.fullmatch(tokens[-1].rpartition("/")[2]):
            yield from shell_tokens.programs(script)
    for found in _TOML_SHELL.finditer(text):
        yield "sh"
        yield from shell_tokens.programs((found[1] or found[2]).replace('\\"', '"'))


def _callee(function: ast.AST) -> tuple[str, str]:
    """Return a called name and the name before its last dot."""
    if isinstance(function, ast.Attribute):
        return function.attr, getattr(function.value, "id", getattr(function.value, "attr", ""))
    name = getattr(function, "id", "")
    owners = [owner for owner, names in STARTS.items() if name in names.split()]
    # "from subprocess import Popen"; "run" alone may be anybody's.
    return name, owners[0] if owners and name not in {"run", "call", "start"} else ""


def _parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    given = function.args
    names = [a.arg for a in (*given.posonlyargs, *given.args)]
    return [
        *names,
        *([given.vararg.arg] if given.vararg else []),
        *(a.arg for a in given.kwonlyargs),
    ]
