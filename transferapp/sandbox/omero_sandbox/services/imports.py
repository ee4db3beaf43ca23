"""Import processes: uploads, their verification, and the steps of the import request."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from typing import Any

import Ice
import omero
from omero import rtypes
from typing_extensions import override

from transferapp.sandbox.omero_sandbox.dispatch import Network, Service, current_call
from transferapp.sandbox.omero_sandbox.handles import Handle, ImportWork, Steps
from transferapp.sandbox.omero_sandbox.hashers import USUAL_HASHER, hash_file
from transferapp.sandbox.omero_sandbox.ice_objects import Outgoing, eager
from transferapp.sandbox.omero_sandbox.records import Record, SandboxCaller
from transferapp.sandbox.omero_sandbox.registration import Registration
from transferapp.sandbox.omero_sandbox.request_failures import RequestFailed
from transferapp.sandbox.omero_sandbox.sandbox import Sandbox
from transferapp.sandbox.omero_sandbox.services.rawfiles import RawFileStore
from transferapp.sandbox.omero_sandbox.sessions import Session

_PIXELS = ("image", "pixelsType", "channels.logicalChannel")
_ANY_WRITE = 0o222
_READ_ONLY, _METADATA, _PIXEL_DATA = "read-only", "metadata", "pixel data"
_STEPS = (_METADATA, _PIXEL_DATA, "thumbnails", "processing", "result")
#: Newer servers make the files read-only first.
_STEPS_BY_COUNT = {len(_STEPS): _STEPS, len(_STEPS) + 1: (_READ_ONLY, *_STEPS)}


@dataclass(frozen=True, slots=True)
class Reserved:
    """What ``importFileset`` has made: records, and the Ice objects clients ask for."""

    record: Record
    fileset: Any
    settings: Any
    location: Any
    files: list[Record]
    log: Record
    caller: SandboxCaller


class ImportProcess(Service):
    """One import from its reservation to its handle."""

    def __init__(
        self, network: Network, session: Session, reserved: Reserved, client: str
    ) -> None:
        """Wait for uploads."""
        super().__init__(network, session)
        self.reserved = reserved
        #: The client that made it.
        self._client = client
        self.proxy: Any = None
        #: The handle and its proxy, once the upload is verified.
        self.handle: tuple[Handle, Any] | None = None
        #: Open uploaders by file number; each is given out again until it is closed.
        self._uploaders: dict[int, RawFileStore] = {}
        self._log = ImportLog(self.sandbox, reserved.log)
        self._log.write("Fileset:%d reserved", reserved.record.id)
        self._log.settle()

    @property
    def running(self) -> bool:
        """Whether its import was submitted and is not over, queued or at work."""
        return self.handle is not None and not self.handle[0].at_rest

    def getImportSettings(self) -> Any:
        return self.reserved.settings

    def getUploader(self, number: int) -> Any:
        """Open one of the files, or give the open one, whatever its mode."""
        store = self._open(number)
        if store is not None:
            return self.network.present(omero.api.RawFileStore, store.identity)
        if not self.network.has(Ice.Identity(self.session.uuid, f"session-{self._client}")):
            # Servants are registered through the client that made the process.
            text = "No ServantHolder for proxy."
            raise omero.InternalException(None, "omero.InternalException", text)
        mode = current_call().ctx.get("omero.fs.mode", "rw")
        store = RawFileStore(self.network, self.session, self.reserved.files[number], mode)
        self._uploaders[number] = store
        return self.register(omero.api.RawFileStore, store, "RawFileStore")

    def _open(self, number: int) -> RawFileStore | None:
        store = self._uploaders.get(number)
        if store is not None and store.open and self.network.has(store.identity):
            return store
        return None

    def getUploadOffset(self, number: int) -> int:
        """Return the end of the last write; 0 where no uploader is open."""
        store = self._open(number)
        return 0 if store is None else store.offset

    def getHandle(self) -> Any:
        return None if self.handle is None else self.handle[1]

    def verifyUpload(self, hashes: list[str]) -> Any:
        files = self.reserved.files
        if len(hashes) != len(files):
            text = f"hashes size should be {len(files)} not {len(hashes)}"
            raise omero.ApiUsageException(None, "omero.ApiUsageException", text)
        seen = [str(file.text("hash") or "") for file in files]
        wrong = {n: s for n, (s, h) in enumerate(zip(seen, hashes, strict=True)) if s != h}
        if wrong:
            name = "omero.ChecksumValidationException"
            text = "A checksum mismatch has occurred."
            raise omero.ChecksumValidationException(None, name, text, wrong)
        self._upload_is_over()
        self.handle = self._started()
        return self.handle[1]

    def _upload_is_over(self) -> None:
        """Of all the jobs only this one is ever said to be done."""
        upload = self.store.related(self.reserved.record, "jobLinks")[0].values["child"]
        finished = self.store.enumeration("JobStatus", "Finished")
        now = rtypes.rtime(self.sandbox.clock.now_ms())
        for name, value in (("status", finished), ("message", "Finished"), ("finished", now)):
            self.store.set(upload, name, value)

    def _started(self) -> tuple[Handle, Any]:
        reserved = self.reserved
        request = omero.grid.ImportRequest(
            str(uuid.uuid4()), self.sandbox.files.repository_uuid, self.proxy,
            reserved.fileset.getFilesetJobLink(1), reserved.settings, reserved.location, None,
        )  # fmt: skip
        names = _STEPS_BY_COUNT[self.sandbox.faults.import_steps]
        work = ImportWork(
            request, reserved.caller, lambda: self._steps(names), len(names), self._ended
        )
        handle = Handle(self.network, self.session, work)
        proxy = self.register(omero.cmd.Handle, handle, "Handle")
        self.sandbox.background.submit(handle.run)
        return handle, proxy

    def _steps(self, names: tuple[str, ...]) -> Steps:
        reserved = self.reserved
        first = reserved.files[0]
        registration = Registration(
            self.sandbox, reserved.caller, reserved.record,
            f"{first.text('path')}{first.text('name')}",
            reserved.location.sharedPath, reserved.settings,
        )  # fmt: skip
        for number, name in enumerate(names, 1):
            self._log.write("step %d of %d: %s", number, len(names), name)
            self.sandbox.faults.pass_by(f"import step {number}")
            try:
                self._linger()
                reads_pixels = name == _PIXEL_DATA
                self.sandbox.faults.check_import(
                    number, first.text("name"), reads_pixels=reads_pixels
                )
                self._register(registration, name)
            finally:
                self._log.settle()
            yield
        return self._response(registration)

    def _linger(self) -> None:
        """Take as long as a slow step is asked to, and say so in the log if asked to."""
        faults, end = self.sandbox.faults, time.monotonic() + self.sandbox.faults.slow_step
        while (left_s := end - time.monotonic()) > 0:
            time.sleep(min(left_s, faults.log_every or left_s))
            if faults.log_every:
                self._log.write("at work")

    def _register(self, registration: Registration, name: str) -> None:
        """Do what a step leaves behind: files that nobody writes any more, images, then
        pixels that can be read.
        """
        try:
            if name == _READ_ONLY:
                self._make_read_only()
            elif name == _METADATA:
                registration.metadata()
            elif name == _PIXEL_DATA:
                registration.pixel_data()
        except RequestFailed as error:
            self._log.write("%s", error.parameters.get("stacktrace", error))
            raise

    def _make_read_only(self) -> None:
        for file in self.reserved.files:
            path = self.sandbox.files.path(file)
            path.chmod(path.stat().st_mode & ~_ANY_WRITE)

    def _response(self, registration: Registration) -> Any:
        made = omero.grid.ImportResponse()
        with self.sandbox.lock:
            made.pixels = [
                self._whole(pixels, *_PIXELS) for pixels, _image in registration.made
            ]
            made.objects = [self._whole(image) for _pixels, image in registration.made]
        return made

    def _whole(self, record: Record, *paths: str) -> Any:
        plan = eager(self.store, record, *paths)
        return Outgoing(self.reserved.caller, plan).object(record)

    def _ended(self) -> None:
        with self.sandbox.lock:
            if self in self.sandbox.imports:
                self.sandbox.imports.remove(self)
            self._log.write("ended")
            self._log.settle()

    @override
    def close(self) -> None:
        super().close()
        if not self.running and self in self.sandbox.imports:
            self.sandbox.imports.remove(self)


class ImportLog:
    """The log file of an import; the database hears of its size when a step ends."""

    def __init__(self, sandbox: Sandbox, record: Record) -> None:
        """Write to an original file of the repository."""
        self._sandbox, self._record = sandbox, record

    def write(self, text: str, *values: Any) -> None:
        """Add a line."""
        path = self._sandbox.files.path(self._record)
        path.parent.mkdir(parents=True, exist_ok=True)
        now = self._sandbox.clock.now().isoformat(timespec="milliseconds")
        with path.open("a", encoding="utf-8") as file:
            file.write(f"{now} INFO  {text % values if values else text}\n")

    def settle(self) -> None:
        """Tell the database how long the log is now."""
        path = self._sandbox.files.path(self._record)
        with self._sandbox.lock:
            store = self._sandbox.store
            if path.exists() and self._record.id in store.tables["OriginalFile"]:
                store.set(self._record, "size", rtypes.rlong(path.stat().st_size))
                store.set(self._record, "hash", hash_file(path, USUAL_HASHER))
