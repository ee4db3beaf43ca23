"""ManagedRepository and SharedResources: files on the server, and where imports begin."""

from __future__ import annotations

from typing import Any

import Ice
import omero
from omero import rtypes

from transferapp.formats.omero_path_rules import parts_of
from transferapp.sandbox.omero_sandbox.dispatch import Network, Service, current_call
from transferapp.sandbox.omero_sandbox.hashers import hash_file
from transferapp.sandbox.omero_sandbox.ice_objects import Incoming
from transferapp.sandbox.omero_sandbox.naming import placed
from transferapp.sandbox.omero_sandbox.permissions import (
    ANNOTATE,
    LINK,
    require,
    require_visible,
)
from transferapp.sandbox.omero_sandbox.records import Record, SandboxCaller, plain
from transferapp.sandbox.omero_sandbox.services.imports import (
    ImportProcess,
    Reserved,
)
from transferapp.sandbox.omero_sandbox.services.rawfiles import RawFileStore
from transferapp.sandbox.omero_sandbox.services.tables import (
    new_table,
    open_table,
    storage_code,
)
from transferapp.sandbox.omero_sandbox.sessions import Session


class SharedResources(Service):
    """What leads clients to the repository and to tables."""

    def repositories(self) -> Any:
        """Let this client through to the one repository that all share."""
        identity = repository_identity(self.network)
        admitted = self.network.admitted_over(current_call().con)
        if admitted is not None:
            admitted.identities.add((identity.category, identity.name))
        proxy = omero.grid.RepositoryPrx.uncheckedCast(self.network.proxy(identity))
        root = self.out(self.sandbox.files.repository)
        return omero.grid.RepositoryMap([root], [proxy])

    # -- tables

    def areTablesEnabled(self) -> bool:
        return storage_code() is not None

    def newTable(self, _repository: int, name: str) -> Any:
        """Make a table; whatever repository is named, its file is outside of all."""
        return new_table(self, name)

    def openTable(self, file: Any) -> Any:
        if file is None or file._id is None:
            text = "file must be a managed instance."
            raise omero.ValidationException(None, "omero.ValidationException", text)
        return open_table(self, file._id._val)


def repository_identity(network: Network) -> Any:
    """Return the name of the managed repository, which is in nobody's category."""
    return Ice.Identity(f"PublicRepository-{network.sandbox.files.repository_uuid}", "")


class SharedRepository:
    """The managed repository's servant: one for all, told the session by each call."""

    def __init__(self, network: Network) -> None:
        """Serve whoever is let through."""
        self._network = network

    @property
    def session(self) -> Session:
        """The session that the call names; raises RemovedSessionException."""
        named = current_call().ctx.get("omero.session.uuid", "")
        found = self._network.sandbox.sessions.find(named)
        if found is None:
            text = f"No context for {named}"
            raise omero.RemovedSessionException(None, "omero.RemovedSessionException", text)
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(ManagedRepository(self._network, self.session), name)


class ManagedRepository(Service):
    """The managed repository as one session sees it."""

    def root(self) -> Any:
        return self.out(self.sandbox.files.repository)

    # -- checksums

    def listChecksumAlgorithms(self) -> list[Any]:
        return [self._algorithm(name) for name in self._offered()]

    def _offered(self) -> list[str]:
        """Return the preferred ones first. A client may take another one nevertheless."""
        stated = self.sandbox.settings["omero.checksum.supported"].split(",")
        return [name.strip() for name in stated]

    def _algorithm(self, name: str) -> Any:
        return self.out(self.store.enumeration("ChecksumAlgorithm", name))

    def suggestChecksumAlgorithm(self, supported: list[Any]) -> Any:
        names = {plain(algorithm._value) for algorithm in supported}
        return next((self._algorithm(name) for name in self._offered() if name in names), None)

    def verifyChecksums(self, ids: list[int]) -> list[int]:
        return [id_ for id_ in ids if not self._right(self.store.load("OriginalFile", id_))]

    def _right(self, record: Record) -> bool:
        hasher = str(record.values["hasher"].text("value"))
        return bool(hash_file(self.sandbox.files.path(record), hasher) == record.text("hash"))

    # -- files

    def fileExists(self, path: str) -> bool:
        return self.sandbox.files.inside(self._legal(path)).exists()

    def makeDir(self, path: str, _parents: bool) -> None:
        self.sandbox.files.inside(self._legal(path)).mkdir(parents=True, exist_ok=True)

    def _legal(self, path: str) -> str:
        """Return a path that the rules allow as it is; only those of imports are changed."""
        if self.sandbox.path_rules.safe_path(path) != "/".join(parts_of(path)):
            text = "Path contains illegal components"
            raise omero.ValidationException(None, "omero.ValidationException", text)
        return path

    def file(self, path: str, mode: str) -> Any:
        record = self.sandbox.files.make(self._legal(path), self.caller)
        return self._opened(record, mode)

    def fileById(self, id_: int) -> Any:
        found = self.store.find("OriginalFile", id_)
        record = require_visible(found, self.caller, f"OriginalFile:{id_}")
        if record.text("repo") != self.sandbox.files.repository_uuid:
            raise omero.SecurityViolation(None, None, f"FileNotFound: {id_}")
        return self._opened(record, "r")

    def _opened(self, record: Record, mode: str) -> Any:
        service = RawFileStore(self.network, self.session, record, mode)
        return self.register(omero.api.RawFileStore, service, "RawFileStore")

    def treeList(self, path: str) -> Any:
        return rtypes.rmap(
            {
                f"/{record.text('path')}{record.text('name')}": rtypes.rmap(
                    {
                        "id": rtypes.rlong(record.id),
                        "mimetype": record.values.get("mimetype"),
                        "size": record.values.get("size"),
                    }
                )
                for record in self.sandbox.files.listed(path)
            }
        )

    # -- bringing files in

    def listImports(self) -> list[Any]:
        """List nothing, ever: the Java server looks for an RLong among Longs."""
        return []

    def importFileset(self, fileset: Any, settings: Any) -> Any:
        self.sandbox.faults.check_disk()
        _require_valid(fileset, settings)
        caller = self.caller
        self._require_target(caller, settings.userSpecifiedTarget)
        prefix, location = self._location(caller, fileset)
        fileset.templatePrefix = rtypes.rstring(prefix)
        for job in _jobs(thumbnails=bool(plain(settings.doThumbnails))):
            fileset.linkJob(job)
        record = Incoming(self.store, caller).save(fileset)
        if record is None:
            raise omero.ValidationException(None, None, "No fileset was given")
        self._submit_jobs(caller, record)
        files = self._files(caller, record, location, settings)
        log = self._log(caller, record, prefix)
        reserved = Reserved(record, fileset, settings, location, files, log, caller)
        process = ImportProcess(self.network, self.session, reserved, _client())
        process.proxy = self.register(omero.grid.ImportProcess, process, "ImportProcess")
        self.sandbox.imports.append(process)
        return process.proxy

    def _require_target(self, caller: SandboxCaller, target: Any) -> None:
        if target is None:
            return
        cls = type(target).__name__.removesuffix("I")
        record = require_visible(
            self.store.find(cls, target._id._val), caller, f"{cls}:{target._id._val}"
        )
        require(record, caller, LINK if cls in ("Dataset", "Screen") else ANNOTATE)

    def _location(self, caller: SandboxCaller, fileset: Any) -> tuple[str, Any]:
        who = self.store.load("Experimenter", caller.user)
        now = self.sandbox.clock.now().strftime("%Y-%m/%d/%H-%M-%S.%f")[:-3]
        prefix = f"{who.text('omeName')}_{who.id}/{now}/"
        while self.sandbox.files.inside(prefix).exists():
            prefix = prefix.rstrip("/") + "_1/"
        self.sandbox.files.inside(prefix).mkdir(parents=True)
        entries = [fileset.getFilesetEntry(n) for n in range(fileset.sizeOfUsedFiles())]
        paths = [entry.clientPath._val for entry in entries]
        base, used = placed(paths, self.sandbox.path_rules)
        shared = f"{prefix}{base}".rstrip("/")
        self.sandbox.files.inside(shared).mkdir(parents=True, exist_ok=True)
        return prefix, omero.grid.ImportLocation(shared, 0, used, None)

    def _files(
        self, caller: SandboxCaller, record: Record, location: Any, settings: Any
    ) -> list[Record]:
        name = settings.checksumAlgorithm._value._val
        hasher = self.store.enumeration("ChecksumAlgorithm", name)
        made = []
        entries = self.store.related(record, "usedFiles")
        for entry, used in zip(entries, location.usedFiles, strict=True):
            path = f"{location.sharedPath}/{used}"
            file = self.sandbox.files.make(path, caller, hasher)
            self.store.set(entry, "originalFile", file)
            made.append(file)
        return made

    def _submit_jobs(self, caller: SandboxCaller, record: Record) -> None:
        """Fill in what no client may say of a job."""
        store, now = self.store, rtypes.rtime(self.sandbox.clock.now_ms())
        who = store.load("Experimenter", caller.user).text("omeName")
        group = store.load("ExperimenterGroup", caller.group).text("name")
        given = {
            "username": who, "groupname": group, "type": "User", "submitted": now,
            "scheduledFor": now, "status": store.enumeration("JobStatus", "Submitted"),
        }  # fmt: skip
        for link in store.related(record, "jobLinks"):
            for name, value in given.items():
                store.set(link.values["child"], name, value)

    def _log(self, caller: SandboxCaller, record: Record, prefix: str) -> Record:
        log = self.sandbox.files.make(prefix.rstrip("/") + ".log", caller)
        self.store.set(log, "mimetype", "application/omero-log-file")
        upload = self.store.related(record, "jobLinks")[0].values["child"]
        self.store.new("JobOriginalFileLink", caller, parent=upload, child=log)
        return log


def _client() -> str:
    return str(current_call().ctx.get("omero.client.uuid", ""))


def _jobs(*, thumbnails: bool) -> list[Any]:
    model = omero.model
    jobs = [model.MetadataImportJobI(), model.PixelDataJobI()]
    return [
        *jobs,
        *([model.ThumbnailGenerationJobI()] if thumbnails else []),
        model.IndexingJobI(),
    ]


def _require_valid(fileset: Any, settings: Any) -> None:
    jobs = fileset.sizeOfJobLinks()
    uploads = jobs == 1 and isinstance(
        fileset.getFilesetJobLink(0).child, omero.model.UploadJob
    )
    if not fileset.sizeOfUsedFiles() or not uploads:
        text = "A fileset needs used files and exactly one UploadJob"
        raise omero.ValidationException(None, "omero.ValidationException", text)
    if settings.checksumAlgorithm is None:
        text = "settings.checksumAlgorithm is mandatory"
        raise omero.ApiUsageException(None, "omero.ApiUsageException", text)
