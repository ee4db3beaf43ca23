"""Each event of the log has one name, one level, one place and one line in docs/logs.md."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "logs.md").read_text(encoding="utf-8")
#: A distribution of its own, for trials: nobody watches over a sandbox.
LEFT_OUT = ROOT / "transferapp" / "sandbox"
LEVELS = {
    **{level: level for level in ("debug", "info", "warning", "error", "critical")},
    "exception": "error",
}
#: Events whose level is another's, and whose.
LEVEL_OF_OTHERS = {"Qt says": "Qt gives a level to each of its messages"}
#: No field of ours: structlog's way to log a trace, which becomes the field ``exception``.
TRACE = "exc_info"


@dataclass(frozen=True)
class Stated:
    """One call of a logger. ``fault`` says why it cannot be listed."""

    event: str = ""
    level: str = ""
    place: str = ""
    fields: frozenset[str] = frozenset()
    fault: str = ""


def stated(source: str, place: str = "") -> Iterator[Stated]:
    """Yield each use of a logger in a module."""
    tree = ast.parse(source)
    loggers = set(_loggers(tree))
    calls = {id(node.func): node for node in ast.walk(tree) if isinstance(node, ast.Call)}
    spoken = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and _is_logger(node.value, loggers)
    }
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=value, attr=attr) if _is_logger(value, loggers):
                if attr in LEVELS or attr == "log":
                    yield _read(calls.get(id(node)), attr, place, node.lineno)
                elif attr in {"bind", "new", "try_unbind", "unbind"}:
                    yield Stated(fault=f"{place}:{node.lineno} fields by {attr}()")
            case ast.Name(id=name, ctx=ast.Load()) if name in loggers - {"logging"}:
                # What a library's logger is told before anybody logs is no event.
                if id(node) not in spoken:
                    yield Stated(fault=f"{place}:{node.lineno} the logger is handed on")


def _loggers(tree: ast.Module) -> Iterator[str]:
    yield "logging"
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.expr() as made):
                pass
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as made):
                pass
            case _:
                continue
        if _makes_logger(made):
            yield name


def _makes_logger(node: ast.expr) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)):
            return name in {"get_logger", "getLogger"}
    return False


def _is_logger(node: ast.expr, loggers: set[str]) -> bool:
    return _makes_logger(node) or (isinstance(node, ast.Name) and node.id in loggers)


def _read(call: ast.Call | None, attr: str, place: str, line: int) -> Stated:
    """Read a call such as ``_log.info("event", field=value)``."""
    where = f"{place}:{line}"
    if call is None:
        return Stated(fault=f"{where} the method is handed on")
    sentence = call.args[1:] if attr == "log" else call.args
    match sentence:
        case [ast.Constant(value=str(event))]:
            pass
        case _:
            return Stated(fault=f"{where} no literal event, or more than the event")
    if attr == "log" and event not in LEVEL_OF_OTHERS:
        return Stated(fault=f"{where} no literal level")
    names = {term.arg for term in call.keywords} - {TRACE}
    if None in names:
        return Stated(fault=f"{where} fields by **")
    fields = frozenset(name for name in names if name is not None)
    return Stated(event, LEVELS.get(attr, "its own"), place, fields)


def listed(page: str, heading: str, columns: int) -> list[list[str]]:
    """Return the rows of a chapter's tables, without heads and marks of code."""
    chapter = re.split(r"^## ", page, flags=re.MULTILINE)
    text = next(part for part in chapter if part.startswith(heading))
    rows = [
        line.strip("|").split(" | ") for line in text.splitlines() if line.startswith("| `")
    ]
    assert all(len(row) == columns for row in rows), rows
    return [[cell.strip().strip("`") for cell in row] for row in rows]


def complaints(all_stated: list[Stated], page: str) -> list[str]:
    """Say what is not as it should be."""
    found = [one.fault for one in all_stated if one.fault]
    rows = [tuple(row[:3]) for row in listed(page, "Events", 4)]
    events = [row[0] for row in rows]
    found += [
        f"'{one}' is listed twice" for one in sorted(set(events)) if events.count(one) > 1
    ]
    real = [(one.event, one.level, one.place) for one in all_stated if not one.fault]
    names = [event for event, _, _ in real]
    found += [f"'{one}' is said in two places" for one in set(names) if names.count(one) > 1]
    found += [f"{one} is not listed so" for one in sorted(set(real) - set(rows))]
    found += [f"{one} is listed, and said nowhere" for one in sorted(set(rows) - set(real))]
    fields = [name for row in listed(page, "Fields", 2) for name in row[0].split("`, `")]
    used = {name for one in all_stated for name in one.fields}
    found += [f"the field {name} is not listed" for name in sorted(used - set(fields))]
    found += [f"no event has the field {name}" for name in sorted(set(fields) - used)]
    return found + [
        f"the field {n} is listed twice" for n in set(fields) if fields.count(n) > 1
    ]


def modules() -> Iterator[Stated]:
    for path in sorted((ROOT / "transferapp").rglob("*.py")):
        if LEFT_OUT not in path.parents:
            place = ".".join(path.relative_to(ROOT / "transferapp").with_suffix("").parts)
            yield from stated(path.read_text(encoding="utf-8"), place)


def test_the_page_lists_what_is_logged() -> None:
    all_stated = list(modules())
    assert len(all_stated) > 80
    assert complaints(all_stated, PAGE) == []


@pytest.mark.parametrize("event", LEVEL_OF_OTHERS)
def test_every_exception_is_needed(event: str) -> None:
    assert event in {one.event for one in modules() if one.level == "its own"}


LOGGER = "_log = structlog.get_logger(__name__)\n"
SEED_PAGE = (
    "## Fields\n| `task` | an id |\n"
    "## Events\n| Event | Level | Where | Meaning |\n|---|---|---|---|\n"
    "| `task done` | info | `seed` | It ended well. |\n"
)
GOOD = LOGGER + "_log.info('task done', task=1, exc_info=error)\n"


def test_what_is_as_listed_is_no_fault() -> None:
    assert complaints(list(stated(GOOD, "seed")), SEED_PAGE) == []
    quiet = "x = logging.getLogger('dbos')\nx.setLevel(logging.WARNING)\nx.handlers\n"
    assert list(stated(quiet)) == []


@pytest.mark.parametrize(
    ("seeded", "complaint"),
    [
        ("_log.info(f'task {x} done')", "no literal event"),
        ("_log.info(words)", "no literal event"),
        ("_log.info('task %s done', x)", "no literal event"),
        ("_log.info(words or 'task done')", "no literal event"),
        ("say = _log.info if x else _log.error\nsay('task gone')", "handed on"),
        ("tell(_log)", "the logger is handed on"),
        ("_log.info('task done', **more)", "fields by **"),
        ("_log.bind(task=1).info('task done')", "fields by bind"),
        ("_log.log(level, 'task done')", "no literal level"),
        ("_log.info('task gone')", "('task gone', 'info', 'seed') is not listed so"),
        ("_log.info('task done')", "'task done' is said in two places"),
        ("_log.error('task done')", "('task done', 'error', 'seed') is not listed so"),
        ("_log.info('task done', took_s=1)", "the field took_s is not listed"),
        ("structlog.get_logger().info('task gone')", "not listed so"),
        ("logging.getLogger('x').warning('task gone')", "not listed so"),
        ("logging.warning('task gone')", "not listed so"),
        (
            "other: Any = structlog.get_logger()\nother.exception('task gone')",
            "'error', 'seed'",
        ),
    ],
)
def test_a_seeded_fault_is_found(seeded: str, complaint: str) -> None:
    found = complaints(list(stated(GOOD + seeded, "seed")), SEED_PAGE)
    assert any(complaint in one for one in found), found


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("| `task done` | info | `seed` | It ended well. |", "'task done' is listed twice"),
        ("| `task lost` | info | `seed` | It is gone. |", "is listed, and said nowhere"),
        ("## Fields\n| `count` | how many |", "no event has the field count"),
    ],
)
def test_a_wrong_page_is_found(row: str, complaint: str) -> None:
    page = row + "\n" + SEED_PAGE if row.startswith("##") else SEED_PAGE + row + "\n"
    page = page.replace("how many |\n## Fields\n", "how many |\n")
    assert any(complaint in one for one in complaints(list(stated(GOOD, "seed")), page))
