"""Why a request failed, as the Java server says it: a name, parameters and a stack trace.

Names and places are those of omero-blitz: ``ManagedImportRequestI``, ``HandleI``, ``Helper``
and the requests on the model graph.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import omero

from transferapp.errors import (
    EmptyFile,
    MissingCompanion,
    NoSuchFile,
    TransferAppError,
    UnsupportedFile,
    VanishedFile,
)

#: Every request that came over the network ran below such a frame, whatever went wrong.
_FRAMES = "".join(
    f"\tat {method}({method.split('.')[-2]}.java:1)\n"
    for method in (
        "ome.services.blitz.repo.ManagedImportRequestI.step",
        "omero.cmd.HandleI.steps",
        "omero.cmd.HandleI.run",
        "IceInternal.Incoming.invoke",
        "Ice.ConnectionI.invokeAll",
        "Ice.ConnectionI.dispatch",
    )
)
_GONE_FILES = (MissingCompanion, NoSuchFile, VanishedFile)
_GRAPH_REQUESTS = ("Delete2", "Chgrp2", "DiskUsage2", "DoAll")


@dataclass(frozen=True, slots=True)
class Thrown:
    """A Java exception."""

    java_class: str
    message: str = ""
    cause: Thrown | None = None

    @property
    def trace(self) -> str:
        """What ``printStackTrace`` writes."""
        more = "" if self.cause is None else f"Caused by: {self.cause.trace}"
        return f"{self._first_lines}\n{_FRAMES}{more}"

    @property
    def _first_lines(self) -> str:
        package, _, name = self.java_class.rpartition(".")
        if package != "omero":
            return f"{self.java_class}: {self.message}" if self.message else self.java_class
        # Ice prints the fields of its exceptions; among them is the server's own trace.
        inner = f"ome.conditions.{name}"
        return (
            f'{self.java_class}\n    serverStackTrace = "{inner}: {self.message}\n{_FRAMES}"\n'
            f'    serverExceptionClass = "{inner}"\n    message = "{self.message}"'
        )


class RequestFailed(Exception):
    """What ``Helper.cancel`` ends a request with."""

    def __init__(self, name: str, thrown: Thrown | None = None, **more: str) -> None:
        """Be of this name; ``more`` are the parameters that its place adds."""
        super().__init__(name)
        self.name, self.parameters = name, dict(more)
        if thrown is not None:
            # Java's null is an empty string over Ice.
            self.parameters |= {"message": thrown.message, "stacktrace": thrown.trace}


class ImportCancelled(Exception):
    """The request was cancelled before it was done."""


@contextmanager
def opening() -> Iterator[None]:
    """A reader refuses a file when it opens it: before the first step."""
    try:
        yield
    except TransferAppError as error:
        raise RequestFailed("error-on-init", _of_reader(error)) from error


@contextmanager
def reading(file_name: str) -> Iterator[None]:
    """A reader refuses a file later on: in the step that reads all pixels."""
    try:
        yield
    except TransferAppError as error:
        unknown = isinstance(error, UnsupportedFile)
        name = "import-unknown-format" if unknown else "import-file-exception"
        raise RequestFailed(name, _of_reader(error), filename=file_name) from error


def _of_reader(error: TransferAppError) -> Thrown:
    if isinstance(error, UnsupportedFile | EmptyFile):
        return Thrown("loci.formats.UnknownFormatException", error.message)
    if isinstance(error, _GONE_FILES):
        return Thrown("java.io.FileNotFoundException", error.message)
    return Thrown("loci.formats.FormatException", error.message)


def answer_of(error: Exception, request: Any) -> Any:
    """Return the ERR that a request ends with."""
    kind = type(request).__name__.removesuffix("I")
    failed, cls = error, omero.cmd.ERR
    if isinstance(error, ImportCancelled):
        failed = RequestFailed("cancel-called")
    elif not isinstance(error, RequestFailed) and kind in _GRAPH_REQUESTS:
        failed = RequestFailed("graph-fail", _thrown(error))
        if isinstance(error, omero.SecurityViolation | omero.ValidationException):
            failed = RequestFailed("graph-fail", _of_graph(error))
            cls = omero.cmd.GraphException
    elif not isinstance(error, RequestFailed):
        name = "import-request-failure" if kind == "ImportRequest" else "bad-step"
        failed = RequestFailed(name, _thrown(error))
    assert isinstance(failed, RequestFailed)
    made = cls()
    made.category, made.name = request.ice_id(), failed.name
    made.parameters = failed.parameters
    if cls is omero.cmd.GraphException:
        made.message = failed.parameters["message"]
    return made


def _of_graph(error: Any) -> Thrown:
    refused = isinstance(error, omero.SecurityViolation)
    text = f"not permitted to do this: {error.message}" if refused else error.message
    return Thrown("ome.services.graphs.GraphException", text)


def _thrown(error: Exception) -> Thrown:
    if isinstance(error, omero.ServerError):
        return Thrown(f"omero.{type(error).__name__}", getattr(error, "message", "") or "")
    return Thrown("java.lang.RuntimeException", str(error))
