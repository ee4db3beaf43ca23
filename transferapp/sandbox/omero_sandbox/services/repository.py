"""ManagedRepository and SharedResources: files on the server, and where imports begin."""

from __future__ import annotations

from typing import Any

import omero
from omero import rtypes

from transferapp.repositories.omero.path_rules import parts_of
from transferapp.sandbox.omero_sandbox.dispatch import Service
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
    join_process,
)
from transferapp.sandbox.omero_sandbox.services.rawfiles import RawFileStore


class SharedResources(Service):
    """What leads clients to the repository."""

    def repositories(self) -> Any:
        service = ManagedRepository(self.network, self.session)
        proxy = self.register(omero.grid.ManagedRepository, service, "ManagedRepository")
        plain_proxy = omero.grid.RepositoryPrx.uncheckedCast(proxy)
        root = self.out(self.sandbox.files.repository)
        return omero.grid.RepositoryMap([root], [plain_proxy])

    def areTablesEnabled(self) -> bool:
        return False


class ManagedRepository(Service):
    """The managed repository."""

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
        self.sandbox.require_binary(record, self.caller)
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
        """List running imports of this person, callable from this session."""
        mine = [p for p in self.sandbox.imports if p.owner == self.session.user]
        return [join_process(process, self.session) for process in mine]

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
        files = self._files(caller, record, location, settings)
        log = self._log(caller, record, prefix)
        reserved = Reserved(record, fileset, settings, location, files, log, caller)
        process = ImportProcess(self.network, self.session, reserved)
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

    def _log(self, caller: SandboxCaller, record: Record, prefix: str) -> Record:
        log = self.sandbox.files.make(prefix.rstrip("/") + ".log", caller)
        self.store.set(log, "mimetype", "application/omero-log-file")
        upload = self.store.related(record, "jobLinks")[0].values["child"]
        self.store.new("JobOriginalFileLink", caller, parent=upload, child=log)
        return log


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
