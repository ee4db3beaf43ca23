"""What tests do with a sandbox through unmodified omero-py: connect, make, import."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import omero
from omero.gateway import BlitzGateway
from omero.rtypes import rbool, rstring

from transferapp.sandbox.omero_sandbox.fixture import PASSWORD, RunningSandbox

DEADLINE_S = 30.0


@contextmanager
def gateway(
    sandbox: RunningSandbox,
    user: str = "alice",
    transport: str = "tcp",
    password: str = PASSWORD,
) -> Iterator[Any]:
    """Connect as a person does."""
    secure = transport in ("ssl", "wss")
    made = BlitzGateway(user, password, host=sandbox.url(transport), secure=secure)
    if not made.connect():
        raise AssertionError(made.getLastError())
    try:
        yield made
    finally:
        made.close()


def make_dataset(conn: Any, name: str = "ds") -> Any:
    """Make a dataset in the session's group."""
    dataset = omero.model.DatasetI()
    dataset.name = rstring(name)
    return conn.getUpdateService().saveAndReturnObject(dataset)


def managed_repository(conn: Any) -> Any:
    """Return the managed repository's proxy."""
    found = conn.c.sf.sharedResources().repositories()
    return omero.grid.ManagedRepositoryPrx.checkedCast(found.proxies[0])


def settings(target: Any = None, hasher: str = "SHA1-160") -> Any:
    """Return import settings."""
    made = omero.grid.ImportSettings()
    made.doThumbnails, made.noStatsInfo = rbool(True), rbool(False)
    made.userSpecifiedTarget = target
    made.checksumAlgorithm = omero.model.ChecksumAlgorithmI()
    made.checksumAlgorithm.value = rstring(hasher)
    return made


def fileset_of(paths: Sequence[str]) -> Any:
    """Return a fileset to import."""
    made = omero.model.FilesetI()
    for path in paths:
        entry = omero.model.FilesetEntryI()
        entry.clientPath = rstring(path.lstrip("/"))
        made.addFilesetEntry(entry)
    made.linkJob(omero.model.UploadJobI())
    return made


def reserve(conn: Any, paths: Sequence[str], target: Any = None) -> Any:
    """Begin an import; return its process."""
    # A context of its own replaces that of the client, which names the session.
    group = conn.c.getContext(group=conn.getEventContext().groupId)
    repository = managed_repository(conn)
    return repository.importFileset(fileset_of(paths), settings(target), group)


def upload(process: Any, contents: Sequence[bytes]) -> list[str]:
    """Upload all files; return their SHA-1s."""
    for number, content in enumerate(contents):
        store = process.getUploader(number)
        store.write(b"", 0, 0)
        store.write(content, 0, len(content))
        store.close()
    return [hashlib.sha1(content, usedforsecurity=False).hexdigest() for content in contents]


def wait_for(handle: Any) -> Any:
    """Return a handle's response."""
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        response = handle.getResponse()
        if response is not None:
            return response
        time.sleep(0.02)
    raise AssertionError("the import did not end")


def import_files(conn: Any, files: Sequence[Path], target: Any = None) -> Any:
    """Import real files; return the response."""
    process = reserve(conn, [str(file) for file in files], target)
    hashes = upload(process, [file.read_bytes() for file in files])
    handle = process.verifyUpload(hashes)
    try:
        return wait_for(handle)
    finally:
        handle.close()


def import_fake(conn: Any, name: str, target: Any = None) -> Any:
    """Import a file whose name says its image: ``cells&sizeX=64.fake``."""
    process = reserve(conn, [f"/data/{name}"], target)
    handle = process.verifyUpload(upload(process, [b""]))
    try:
        return wait_for(handle)
    finally:
        handle.close()


def unloaded(made: Any) -> Any:
    """Return a reference to an object."""
    return type(made)(made.id.val, False)
