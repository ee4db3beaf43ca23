"""The words that are gone from names, what says it now, and where one is still found.

``tests/architecture/test_glossary.py`` holds today's tree against it; ``before_after.py``
counts with it in any revision. Standard library only.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

#: Parts of names (``a_part``, ``APart``): gone word -> what says it now.
GONE_PARTS = {
    "look": "scan, poll, evaluate, check, refresh",
    "looks": "scans, polls",
    "looked": "scanned",
    "looking": "scanning, polling",
    "tell": "publish, notify, report, show",
    "tells": "publishes, notifies, reports",
    "told": "published, notified, reported",
    "telling": "reporting",
    "say": "echo, show, report",
    "says": "states",
    "said": "stated",
    "saying": "stating",
    "words": "text, texts, sentence",
    "trouble": "problem",
    "troubles": "problems",
    "wish": "request",
    "wishes": "preferences",
    "wished": "requested",
    "outcome": "decision, stats, notable event, result",
    "outcomes": "stats, notable events",
    "verdict": "preflight result",
    "verdicts": "preflight results",
    "house": "env, environment",
    "desk": "env",
    "scene": "env",
    "world": "env",
    "lane": "work class",
    "lanes": "work classes, pools",
    "janitor": "maintenance",
    "acting": "OMERO session context",
    "holdings": "local store",
    "farewell": "closing notice",
    "squall": "chaos smoke",
    "storm": "chaos",
    "landing": "partial file",
    "relay": "throttled progress",
    "relaying": "throttled progress",
}
#: Whole names: their words are good ones elsewhere.
GONE_NAMES = {
    "HeldAlready": "DuplicateMatch",
    "HeldFileset": "DuplicateFileset",
    "HeldEnds": "DuplicateSearch",
    "KnownFilesets": "FilesetDuplicates",
    "Held": "RunningTasks",
    "Stage": "LocalInstallation",
    "Workbench": "AgentServices",
    "Keeper": "SessionPool",
    "TargetKeeper": "CircuitMonitor",
    "TargetBook": "ResourceStore",
    "Presence": "WorkerRegistry",
    "REPOSITORY_TARGET": "REPOSITORY_RESOURCE",
    "pause_target": "pause_resource",
    "Derived": "DerivedPaths",
    "UploadGate": "UploadAuthorization",
    "GrantGate": "GrantUploadAuthorization",
    "settle_down": "finalize",
    "line_name": "fairness_key",
    "next_line": "next_key",
    "WATCHED_STEP": "REGISTER_STEP",
    "FileNotFound": "NoSuchFile",
    "_own_threads": "_use_threads_of_this_worker",
    "_one": "_move_file, _select_row",
    "_word": "_shown_state",
    "_again": "_store_again",
    "_both": "_at_agent_and_server",
    "_bring_in": "_store_files",
    "_refuse": "_raise_damaged",
    "_known_before": "_duplicate_note",
}
#: Whole names that may stay, with the reason.
ALLOWED = {
    "look_every_s": "a setting of administrators, TRANSFERAPP_AGENT_LOOK_EVERY_S",
    "look_at_most_every_s": "a setting of administrators",
    "setWordWrap": "Qt",
    "wordWrap": "Qt",
    "QGraphicsScene": "Qt",
    "mapToScene": "Qt",
    "setScene": "Qt",
    "setSceneRect": "Qt",
    "_scene": "a QGraphicsScene",
}
#: Fields, attributes and keywords that may stay: they are columns or JSON of the REST API.
ALLOWED_FIELDS = {
    "trouble": "JSON and column",
    "trouble_code": "JSON and column",
    "items_in_trouble": "JSON",
    "look": "JSON and column",
    "looked_at": "JSON",
    "look_told": "column",
    "told": "column",
    "progress_told_at": "column",
    "lane": "JSON and column",
    "verdict": "JSON of `scan --json`",
    "words": "JSON of commands' parameters",
    "said_at": "JSON of what the desktop keeps",
    "tell": "of files: where they are read",
    "outcome": "of tenacity's states",
    "tells": "column",
}
#: Terms of others, in the files that speak of them.
ALLOWED_IN = {
    "transferapp/repositories/local/readers/czi.py": {"scene"},
    "tests/oracle/second.py": {"scene"},  # pylibCZIrw's
    "tests/support/napari_story.py": {"scene"},  # napari's
}
#: Where nodes keep a name, and whether it is one of a field, an attribute or a keyword.
_NAMED: dict[type[ast.AST], tuple[tuple[str, bool], ...]] = {
    ast.Name: (("id", False),),
    ast.arg: (("arg", False),),
    ast.Attribute: (("attr", True),),
    ast.keyword: (("arg", True),),
}
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


@dataclass(frozen=True, order=True)
class Left:
    """A name with a gone word."""

    path: str
    name: str


def names(tree: ast.AST) -> Iterator[tuple[str, bool]]:
    """Yield each name and whether it is a field, an attribute or a keyword."""
    for node in ast.walk(tree):
        if isinstance(node, ast.alias):
            yield from ((part, False) for part in [*node.name.split("."), node.asname or ""])
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, False
        else:
            for attribute, is_field in _NAMED.get(type(node), ()):
                yield getattr(node, attribute) or "", is_field


def fields_of(tree: ast.AST) -> set[str]:
    """Return the names that classes annotate: they are fields also where they are declared."""
    return {
        node.target.id
        for cls in ast.walk(tree)
        if isinstance(cls, ast.ClassDef)
        for node in cls.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }


def has_gone_word(name: str) -> bool:
    """Tell whether a name has a word that is gone; names of tests are sentences."""
    if name in GONE_NAMES:
        return True
    if name in ALLOWED or name.startswith("test_"):
        return False
    return any(part.lower() in GONE_PARTS for part in _PART.findall(name))


def left_in(source: str, path: str) -> set[Left]:
    """Return what is left in a module, its own name included."""
    tree = ast.parse(source)
    fields = fields_of(tree)
    allowed = ALLOWED_IN.get(path, set())
    found = {
        Left(path, name)
        for name, is_field in names(tree)
        if name not in allowed
        and has_gone_word(name)
        and not (name in ALLOWED_FIELDS and (is_field or name in fields))
    }
    stem = Path(path).stem.removeprefix("test_")
    return found | ({Left(path, stem)} if has_gone_word(stem) else set())


def left_in_tree(root: Path) -> list[Left]:
    """Return what is left in all code of a tree, by file."""
    found: set[Left] = set()
    for folder in ("transferapp", "tests", "installers"):
        for path in sorted((root / folder).rglob("*.py")):
            if path.name != "retired_terms.py":
                found |= left_in(path.read_text(encoding="utf-8"), str(path.relative_to(root)))
    return sorted(found)
