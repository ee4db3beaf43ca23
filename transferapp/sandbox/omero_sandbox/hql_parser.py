"""Parse HQL, Hibernate's query language, as far as OMERO's clients speak it.

Expressions are tuples that open with their kind: ``("path", ["i", "name"])``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from typing_extensions import override

Node = tuple[Any, ...]

_TOKEN = re.compile(
    r"\s*(?:(?P<str>'(?:[^']|'')*')|(?P<num>\d+\.\d+|\d+)|(?P<par>:\w+)|(?P<id>[A-Za-z_]\w*)"
    r"|(?P<op><>|!=|<=|>=|\|\||[=<>(),.*+\-/\[\]]))",
    re.DOTALL,
)
_KEYWORDS = frozenset(
    [
        "select",
        "distinct",
        "from",
        "where",
        "group",
        "order",
        "by",
        "having",
        "join",
        "left",
        "right",
        "inner",
        "outer",
        "fetch",
        "as",
        "with",
        "and",
        "or",
        "not",
        "in",
        "is",
        "null",
        "like",
        "ilike",
        "between",
        "exists",
        "new",
        "asc",
        "desc",
        "case",
        "when",
        "then",
        "else",
        "end",
        "on",
    ]
)
#: Keywords that clients also use as names.
_NAMES_TOO = frozenset({"group", "order", "fetch", "end", "new", "by"})
_COMPARISONS = (
    "=", "!=", "<>", "<", ">", "<=", ">=", "like", "ilike", "in", "is", "between",
)  # fmt: skip
_JOINS = ("join", "left", "right", "inner", "outer")


class HqlError(Exception):
    """A query that the sandbox does not understand."""


@dataclass(frozen=True, slots=True)
class HqlSource:
    """One entry of the from clause; ``kind`` is from, join or left."""

    kind: str
    fetch: bool
    path: list[str]
    alias: str
    condition: Node | None
    anonymous: bool


@dataclass(slots=True)
class Query:
    """A parsed query."""

    select: list[tuple[Node, str | None]] | None = None
    distinct: bool = False
    as_map: bool = False
    sources: list[HqlSource] = field(default_factory=list)
    where: Node | None = None
    group: list[Node] = field(default_factory=list)
    having: Node | None = None
    #: (expression, descending)
    order: list[tuple[Node, bool]] = field(default_factory=list)


def _tokens(text: str) -> list[tuple[str, str]]:
    text = text.rstrip().rstrip(";").rstrip()
    at, out = 0, []
    while at < len(text):
        found = _TOKEN.match(text, at)
        if not found or found.lastgroup is None:
            raise HqlError(f"unexpected char at {text[at : at + 20]!r}")
        kind = found.lastgroup
        term = found.group(kind)
        keyword = kind == "id" and term.lower() in _KEYWORDS
        out.append(("kw", term.lower()) if keyword else (kind, term))
        at = found.end()
    return [*out, ("eof", "")]


class _Cursor:
    """Walks over the tokens."""

    def __init__(self, text: str) -> None:
        self._tokens, self._at = _tokens(text), 0

    @property
    def now(self) -> tuple[str, str]:
        return self._tokens[self._at]

    def step(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1][1]

    def peek(self, *text: str) -> bool:
        return self.now[0] in ("kw", "op") and self.now[1] in text

    def eat(self, *text: str) -> str:
        return self.step() if self.peek(*text) else ""

    def need(self, term: str) -> None:
        if not self.eat(term):
            near = " ".join(t[1] for t in self._tokens[max(0, self._at - 3) : self._at + 4])
            raise HqlError(f"expected {term!r} near {near!r}")

    def name(self) -> str:
        kind, term = self.now
        if kind != "id" and not (kind == "kw" and term in _NAMES_TOO):
            raise HqlError(f"identifier expected, got {term!r}")
        return self.step()

    def path(self) -> list[str]:
        path = [self.name()]
        while self.eat("."):
            path.append(self.name())
        return path


class _Expressions(_Cursor):
    """Reads expressions, the weakest binding first."""

    def query(self) -> Query:
        raise NotImplementedError

    def expression(self) -> Node:
        node = self._conjunction()
        while self.eat("or"):
            node = ("or", node, self._conjunction())
        return node

    def _conjunction(self) -> Node:
        node = self._negation()
        while self.eat("and"):
            node = ("and", node, self._negation())
        return node

    def _negation(self) -> Node:
        if self.eat("not"):
            return ("not", self._negation())
        if self.eat("exists"):
            self.need("(")
            inner: Any = self.query() if self.peek("select", "from") else None
            node = ("exists", inner or ("coll", self.expression()))
            self.need(")")
            return node
        return self._comparison()

    def _comparison(self) -> Node:
        left = self._sum()
        negated = bool(self.eat("not"))
        operator = self.eat(*_COMPARISONS)
        if not operator:
            return left
        if operator == "is":
            return self._is(left)
        if operator == "between":
            low = self._sum()
            self.need("and")
            high = self._sum()
            node: Node = ("and", ("cmp", ">=", left, low), ("cmp", "<=", left, high))
        elif operator == "in":
            node = ("in", left, self._members())
        else:
            node = ("cmp", operator, left, self._sum())
        return ("not", node) if negated else node

    def _is(self, left: Node) -> Node:
        negated = bool(self.eat("not"))
        if self.eat("null"):
            return ("notnull" if negated else "isnull", left)
        self.name()  # empty
        return ("notempty" if negated else "isempty", left)

    def _members(self) -> Node:
        if not self.eat("("):
            return ("list", [self._sum()])
        queried = self.peek("select", "from")
        node: Node = ("sub", self.query()) if queried else ("list", self.arguments())
        self.need(")")
        return node

    def arguments(self) -> list[Node]:
        out: list[Node] = []
        while not self.peek(")"):
            if self.eat("distinct"):
                out.append(("distinct",))
            out.append(("star",) if self.eat("*") else self.expression())
            self.eat(",")
        return out

    def _sum(self) -> Node:
        node = self._product()
        while self.peek("+", "-", "||"):
            node = ("arith", self.step(), node, self._product())
        return node

    def _product(self) -> Node:
        node = self._primary()
        while self.peek("*", "/"):
            node = ("arith", self.step(), node, self._primary())
        return node

    def _primary(self) -> Node:  # noqa: PLR0911 - one for each kind
        kind, term = self.now
        if kind in ("str", "num", "par"):
            self.step()
            return _literal(kind, term)
        if self.eat("-"):
            return ("arith", "-", ("lit", 0), self._primary())
        if self.eat("null"):
            return ("lit", None)
        if self.eat("case"):
            return self._case()
        if self.eat("("):
            queried = self.peek("select", "from")
            node: Node = ("scalar", self.query()) if queried else self.expression()
            self.need(")")
            return node
        return self._path_or_call()

    def _case(self) -> Node:
        branches, other = [], ("lit", None)
        while self.eat("when"):
            condition = self.expression()
            self.need("then")
            branches.append((condition, self.expression()))
        if self.eat("else"):
            other = self.expression()
        self.need("end")
        return ("case", branches, other)

    def _path_or_call(self) -> Node:
        path = self.path()
        term = path[0].lower()
        if len(path) == 1 and term in ("true", "false"):
            return ("lit", term == "true")
        if self.eat("["):  # annotation.mapValue['key'], x.permissions['perm']
            self._sum()
            self.need("]")
        if len(path) == 1 and self.eat("("):
            special = {"cast": self._cast, "extract": self._extract}.get(term, self.arguments)
            arguments = special()
            self.need(")")
            return ("fn", term, arguments)
        return ("path", path)

    def _cast(self) -> list[Node]:
        """``cast(p.sizeX as double)``."""
        value = self.expression()
        self.need("as")
        return [value, ("lit", self.name().lower())]

    def _extract(self) -> list[Node]:
        """``extract(epoch from s.started)``."""
        part = self.name().lower()
        self.need("from")
        return [("lit", part), self.expression()]


def _literal(kind: str, term: str) -> Node:
    if kind == "par":
        return ("par", term[1:])
    if kind == "str":
        return ("lit", term[1:-1].replace("''", "'"))
    return ("lit", float(term) if "." in term else int(term))


class _Parser(_Expressions):
    """Reads whole queries."""

    @override
    def query(self) -> Query:
        query = Query()
        if self.eat("select"):
            self._select(query)
        self.need("from")
        self._sources(query)
        if self.eat("where"):
            query.where = self.expression()
        if self.eat("group"):
            self.need("by")
            query.group.append(self.expression())
            while self.eat(","):
                query.group.append(self.expression())
        if self.eat("having"):
            query.having = self.expression()
        if self.eat("order"):
            self.need("by")
            self._order(query)
        return query

    def _select(self, query: Query) -> None:
        query.distinct = bool(self.eat("distinct"))
        if self.eat("new"):
            query.as_map = True
            self.name()
            self.need("(")
        query.select = [self._item()]
        while self.eat(","):
            query.select.append(self._item())
        if query.as_map:
            self.need(")")

    def _item(self) -> tuple[Node, str | None]:
        node = self.expression()
        self.eat("as")
        return node, self.name() if self.now[0] == "id" else None

    def _sources(self, query: Query) -> None:
        while True:
            query.sources.append(self._source("from"))
            while self.peek(*_JOINS):
                left = False
                while not self.eat("join"):
                    left |= self.eat("left", "right", "inner", "outer") == "left"
                query.sources.append(self._source("left" if left else "join"))
            if not self.eat(","):
                return

    def _source(self, kind: str) -> HqlSource:
        fetch = bool(self.eat("fetch"))
        path = self.path()
        named = bool(self.eat("as"))
        stated = self.name() if named or self.now[0] == "id" else None
        condition = self.expression() if self.eat("with", "on") else None
        alias = stated or (path[0].lower() if len(path) == 1 else "~" + ".".join(path))
        return HqlSource(kind, fetch, path, alias, condition, anonymous=stated is None)

    def _order(self, query: Query) -> None:
        while True:
            node = self.expression()
            descending = bool(self.eat("desc"))
            if not descending:
                self.eat("asc")
            query.order.append((node, descending))
            if not self.eat(","):
                return


@lru_cache(2000)
def parse(text: str) -> Query:
    """Return the tree of a query; raises HqlError."""
    parser = _Parser(text)
    query = parser.query()
    if parser.now[0] != "eof":
        raise HqlError(f"trailing input: {parser.now[1]!r}")
    return query
