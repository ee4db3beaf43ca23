"""Every loop that waits has a supervisor, or a reason to have none."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: Fakes are driven by their tests.
LEFT_OUT = "testing/"
#: Who keeps going what it is given.
STARTERS = frozenset({"Supervisor", "SupervisedThread", "supervised", "kept_going"})
#: What a loop waits with; of names like ``self._pause`` the last part counts.
WAITS = frozenset({"sleep", "wait", "woken", "get", "pause", "_pause", "_sleep"})
#: Loops whose end or failure is somebody's answer, and why.
EXCEPTIONS = {
    "cli/following.py:_ended": "ends with the transfer, or the person's Ctrl+C; she sees why",
    "cli/following.py:transfer": "ends when the server answers, or the person's Ctrl+C",
    "client/pace.py:keep_pace": "ends when the bytes may move; Cancelled ends the upload",
    "commands/recording.py:_keep_writing": "a run lost to another worker must end the attempt",
    "conversion/threads.py:ended": "ends with what runs in the thread; its caller has that",
    "operations/command_attempt.py:_watch": "ends with the program; so does its failure",
    "operations/throttled_progress.py:keep_passing": "ends with its step; failures are spared",
    "sandbox/bench/export/workers.py:_export": "ends with the export, or raises",
    "desktop/sign_in/presenter.py:resume": "ends with an answer; a defect is shown",
}


@dataclass
class Module:
    """What one file says of loops and of what is kept going."""

    name: str
    tree: ast.Module
    functions: dict[str, ast.AST] = field(default_factory=dict)
    #: Names given to a starter here.
    kept: set[str] = field(default_factory=set)
    imports: set[str] = field(default_factory=set)


def last_name(node: ast.AST) -> str:
    return str(getattr(node, "attr", "") or getattr(node, "id", ""))


def own(function: ast.AST) -> Iterator[ast.AST]:
    """Yield what belongs to a function itself, not to the functions inside."""
    for node in ast.iter_child_nodes(function):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
            yield from own(node)


def names_given(call: ast.Call) -> set[str]:
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    return {last_name(node) for one in given for node in ast.walk(one)} - {""}


def parameters(function: ast.AST) -> set[str]:
    arguments = getattr(function, "args", None)
    return {one.arg for one in arguments.args} - {"self"} if arguments else set()


def read(name: str, text: str) -> Module:
    """Read a file; what its own functions pass on to a starter is kept going, too."""
    module = Module(name, ast.parse(text))
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            module.functions[node.name] = node
        elif isinstance(node, ast.ImportFrom) and node.module:
            module.imports.add(node.module)
    starters = set(STARTERS)
    for function, node in module.functions.items():
        calls = [one for one in own(node) if isinstance(one, ast.Call)]
        started = [one for one in calls if last_name(one.func) in STARTERS]
        if parameters(node) & set().union(*map(names_given, started)):
            starters.add(function)
    for call in ast.walk(module.tree):
        if isinstance(call, ast.Call) and last_name(call.func) in starters:
            module.kept |= names_given(call)
    return module


def waits(loop: ast.While) -> bool:
    """Say whether a loop waits: awaits one of WAITS, or blocks. One that compares ends by
    itself (at a time, with an answer).
    """
    if any(isinstance(node, ast.Compare) for node in ast.walk(loop.test)):
        return False
    awaited = {
        last_name(call.func)
        for node in ast.walk(loop)
        if isinstance(node, ast.Await)
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and ast.unparse(call) != "asyncio.sleep(0)"
    }
    blocking = {
        last_name(call.func)
        for call in ast.walk(loop)
        if isinstance(call, ast.Call) and last_name(call.func) in {"wait", "notifies"}
    }
    return bool(awaited & WAITS or blocking)


def loops(module: Module) -> Iterator[str]:
    """Yield the functions with a loop that waits; generators are their reader's."""
    for name, function in module.functions.items():
        nodes = list(own(function))
        if any(isinstance(node, ast.Yield | ast.YieldFrom) for node in nodes):
            continue
        if any(isinstance(node, ast.While) and waits(node) for node in nodes):
            yield name


def reached(module: Module, kept: set[str]) -> set[str]:
    """Return what is kept going in a module: functions given, and what these call."""
    found = kept & set(module.functions)
    todo = list(found)
    while todo:
        for node in own(module.functions[todo.pop()]):
            called = last_name(node.func) if isinstance(node, ast.Call) else ""
            if called in module.functions and called not in found:
                found.add(called)
                todo.append(called)
    return found


def without_supervisor(modules: list[Module]) -> set[str]:
    found = set()
    for module in modules:
        if module.name == "host/supervise.py":
            continue
        dotted = "transferapp." + module.name.removesuffix(".py").replace("/", ".")
        users = (other.kept for other in modules if dotted in other.imports)
        kept = module.kept.union(*users)
        alone = set(loops(module)) - reached(module, kept)
        found |= {f"{module.name}:{name}" for name in alone}
    return found


@cache
def the_code() -> list[Module]:
    base = ROOT / "transferapp"
    paths = {path.relative_to(base).as_posix(): path for path in sorted(base.rglob("*.py"))}
    return [
        read(name, path.read_text(encoding="utf-8"))
        for name, path in paths.items()
        if not name.startswith(LEFT_OUT)
    ]


def test_every_loop_that_waits_has_a_supervisor() -> None:
    assert without_supervisor(the_code()) == set(EXCEPTIONS)


def test_the_loops_that_everybody_knows_are_seen() -> None:
    found = {f"{module.name}:{name}" for module in the_code() for name in loops(module)}
    assert found >= {
        "agent/service.py:_note_offsets",
        "desktop/loop.py:collect_garbage",
        "desktop/shell/services.py:_poll",
        "server/event_feed.py:_follow",
        "taskqueue/dbos/dispatcher.py:serve",
        "taskqueue/dbos/wakeups.py:_compare",
        "taskqueue/dbos/worker.py:_beat",
        "worker/housekeeping.py:_keep",
        "worker/leftovers.py:_sweep",
        "worker/notifying.py:_follow",
    }


SEEDED = """
import asyncio
from transferapp.host.supervise import Supervisor

class Post:
    def __init__(self):
        self._supervisor = Supervisor("post", self._bring)
        asyncio.create_task(self._forgotten())

    async def _bring(self):
        await self._for_ever()

    async def _for_ever(self):
        while True:
            await asyncio.sleep(1)

    async def _forgotten(self):
        while not self.stopped:
            await asyncio.sleep(1)

    def _thread(self):
        while not self.stopping.wait(1):
            self.work()
"""


def test_a_loop_without_one_is_found() -> None:
    found = without_supervisor([read("worker/seeded.py", SEEDED)])
    assert found == {"worker/seeded.py:_forgotten", "worker/seeded.py:_thread"}
