"""A place that is a folder: a cluster's scratch, or a share that is mounted on the worker.

``.transferapp/ITEM`` grows where only the worker may look; it is renamed as a whole. What lies
in people's folders is theirs, so no link there is ever followed (``host.folders``).
"""

from __future__ import annotations

import asyncio
import errno
import os
import stat
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from typing_extensions import override

from transferapp.errors import (
    Denied,
    NameTaken,
    NoSuchFile,
    PlaceUnavailable,
    StorageFull,
)
from transferapp.host.folders import OpenFolder
from transferapp.places.names import person_folder
from transferapp.places.port import BroughtFile, FacilityPlace, Spot
from transferapp.places.stores.accounts import Account, Accounts

_WORK = ".transferapp"
_PRIVATE = 0o700
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_REFUSED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_NOT_EMPTY = frozenset({errno.ENOTEMPTY, errno.EEXIST})


class FolderPlace(FacilityPlace):
    """A folder; it must be there, and is never made: a disk that is away is noticed so."""

    def __init__(self, name: str, folder: Path, accounts: Accounts) -> None:
        """Use ``folder``; ``accounts`` says whose the folders of people become."""
        self._name, self._folder, self._accounts = name, folder, accounts

    @override
    async def check(self) -> None:
        await asyncio.to_thread(self._check)

    @override
    async def is_free(self, spot: Spot) -> bool:
        return await asyncio.to_thread(self._is_free, spot)

    @override
    async def begun(self, spot: Spot, file: BroughtFile) -> int:
        return await asyncio.to_thread(self._begun, spot, file)

    @override
    async def write(
        self, spot: Spot, file: BroughtFile, offset: int, pieces: AsyncIterator[bytes]
    ) -> None:
        handle = await asyncio.to_thread(self._grow, spot, file, offset)
        try:
            async for piece in pieces:
                await asyncio.to_thread(self._append, handle, piece)
            await asyncio.to_thread(self._sync, handle)
        finally:
            os.close(handle)

    @override
    async def sha1(self, spot: Spot, file: BroughtFile) -> str:
        return await asyncio.to_thread(self._sha1, spot, file)

    @override
    async def publish(self, spot: Spot, files: Sequence[BroughtFile]) -> str:
        return await asyncio.to_thread(self._publish, spot, files)

    @override
    async def remove(self, spot: Spot, files: Sequence[BroughtFile], mark: str) -> int:
        return await asyncio.to_thread(self._remove, spot, files, int(mark))

    @override
    async def discard(self, spot: Spot) -> None:
        await asyncio.to_thread(self._discard, spot)

    def _check(self) -> None:
        with self._disk_errors(), self._work() as work:
            name = f"check-{os.getpid()}"
            os.close(work.grow(name))
            try:
                self._accounts.try_to_give(work, name)
            finally:
                work.remove(name)

    def _is_free(self, spot: Spot) -> bool:
        *above, name = spot.folder.split("/")
        with self._disk_errors():
            try:
                with self._home(spot, make=False) as home, home.below(above, make=False) as at:
                    return at.check(name) is None
            except FileNotFoundError:
                return True

    def _begun(self, spot: Spot, file: BroughtFile) -> int:
        *above, name = file.path.split("/")
        with self._disk_errors(), self._work(spot) as work:
            try:
                with work.below((spot.item_id, *above), make=False) as folder:
                    found = folder.check(name)
                    return found.st_size if found else 0
            except FileNotFoundError:
                return 0

    def _grow(self, spot: Spot, file: BroughtFile, offset: int) -> int:
        *above, name = file.path.split("/")
        with (
            self._disk_errors(),
            self._work(spot) as work,
            work.below((spot.item_id, *above)) as folder,
        ):
            handle = folder.grow(name)
            try:
                os.ftruncate(handle, offset)
            except OSError:
                os.close(handle)
                raise
            return handle

    def _append(self, handle: int, piece: bytes) -> None:
        left = memoryview(piece)
        with self._disk_errors():
            while left:
                left = left[os.write(handle, left) :]

    def _sync(self, handle: int) -> None:
        with self._disk_errors():
            os.fsync(handle)

    def _sha1(self, spot: Spot, file: BroughtFile) -> str:
        *above, name = file.path.split("/")
        with self._disk_errors(), self._work(spot) as work:
            try:
                with work.below((spot.item_id, *above), make=False) as folder:
                    found = folder.sha1(name, file.size_bytes)
            except FileNotFoundError:
                found = None
        if found is None:
            raise NoSuchFile(f"'{file.path}' is not complete at the place '{self._name}'.")
        return found

    def _publish(self, spot: Spot, files: Sequence[BroughtFile]) -> str:
        *above, name = spot.folder.split("/")
        with (
            self._disk_errors(),
            self._work(spot) as work,
            self._home(spot) as home,
            self._given_folders(home, above, spot) as at,
        ):
            if work.holds(spot.item_id, folder=True):
                self._make_ready(work, spot, files)
                self._rename(work, spot.item_id, at, name)
            if not at.holds(name, folder=True):
                raise NoSuchFile(f"Nothing is begun at the place '{self._name}'.")
            with at.enter(name) as folder:
                return str(self._time_of(folder, files))

    def _make_ready(self, work: OpenFolder, spot: Spot, files: Sequence[BroughtFile]) -> None:
        """Give a complete part to its person, one time on all its files."""
        now_ns = int(time.clock_gettime(time.CLOCK_REALTIME)) * 10**9
        account = self._accounts.of(spot.username)
        with work.enter(spot.item_id) as part:
            self._time_of(part, files)
            folders: set[tuple[str, ...]] = set()
            for file in files:
                *above, name = file.path.split("/")
                with part.below(above, make=False) as folder:
                    folder.set_time(name, now_ns)
                    account.give(folder, name)
                folders |= {tuple(above[:depth]) for depth in range(1, len(above) + 1)}
            for names in sorted(folders, key=len, reverse=True):
                with part.below(names[:-1], make=False) as folder:
                    with folder.enter(names[-1]) as inner:
                        inner.sync()
                    account.give(folder, names[-1])
            part.sync()
        account.give(work, spot.item_id)

    def _rename(self, work: OpenFolder, part: str, at: OpenFolder, name: str) -> None:
        try:
            if not work.rename_new(part, at, name):
                # NFS knows no such rename; one of folders replaces an empty one at most.
                if at.check(name) is not None:
                    raise FileExistsError
                work.move(part, at, name)
        except OSError as error:
            if error.errno in _NOT_EMPTY or isinstance(error, FileExistsError):
                raise NameTaken(f"'{name}' is there already.") from error
            raise
        at.sync()
        work.sync()

    def _time_of(self, folder: OpenFolder, files: Sequence[BroughtFile]) -> int:
        """Return when they were changed, all of them being there; raises NoSuchFile."""
        changed = 0
        for file in files:
            found = _found(folder, file)
            if found is None or found.st_size != file.size_bytes:
                raise NoSuchFile(f"'{file.path}' is not complete at '{self._name}'.")
            changed = found.st_mtime_ns
        return changed

    def _remove(self, spot: Spot, files: Sequence[BroughtFile], time_ns: int) -> int:
        stay = 0
        inside = spot.inside.split("/")
        with self._disk_errors():
            self._must_be_it()
            try:
                with self._home(spot, make=False) as home:
                    *above, export = spot.export.split("/")
                    with home.below(above, make=False) as top:
                        with top.below((export, *inside), make=False) as folder:
                            stay = sum(_stays(folder, one, time_ns) for one in files)
                            _remove_empty(folder, [one.path.split("/")[:-1] for one in files])
                        _remove_empty(top, [[export, *inside]])
            except FileNotFoundError:
                return stay
        return stay

    def _discard(self, spot: Spot) -> None:
        with self._disk_errors(), self._work(spot) as work:
            work.remove_folder(spot.item_id, with_content=True)

    @contextmanager
    def _work(self, spot: Spot | None = None) -> Iterator[OpenFolder]:
        """Open the folder where things grow that nobody else may see."""
        account = self._accounts.of(spot.username) if spot else Account()
        with self._root(Account()) as root:
            with suppress(FileExistsError):
                root.make(_WORK, _PRIVATE).close()
            # It is the worker's in any case; what is complete in it may be the person's.
            with root.enter(_WORK) as own, own.counting(account.uid) as work:
                yield work

    @contextmanager
    def _home(self, spot: Spot, *, make: bool = True) -> Iterator[OpenFolder]:
        """Open the person's own folder; raises FileNotFoundError where it is missing."""
        account, name = self._accounts.of(spot.username), person_folder(spot.username)
        with self._root(account) as root:
            if make:
                with suppress(FileExistsError):
                    root.make(name, _PRIVATE).close()
            with root.enter(name) as home:
                if name not in root.names():
                    raise Denied(
                        f"The place '{self._name}' does not tell capital from small letters,"
                        f" and has the folder of somebody else for '{name}'. Tell the"
                        " administrator of the server, then press Retry."
                    )
                if make:
                    account.give(root, name)
                yield home

    @contextmanager
    def _given_folders(
        self, home: OpenFolder, names: Sequence[str], spot: Spot
    ) -> Iterator[OpenFolder]:
        """Open the folder at the end of these names; what is missing becomes the person's."""
        account = self._accounts.of(spot.username)
        for depth in range(1, len(names) + 1):
            with home.below(names[: depth - 1]) as folder:
                if folder.check(names[depth - 1]) is None:
                    folder.enter_or_make(names[depth - 1]).close()
                    account.give(folder, names[depth - 1])
        with home.below(names) as at:
            yield at

    @contextmanager
    def _root(self, account: Account) -> Iterator[OpenFolder]:
        try:
            root = OpenFolder.at(self._folder, account.uid)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise self._away("its folder is missing") from error
        with root:
            yield root

    def _must_be_it(self) -> None:
        """Whoever finds nothing has to know that it is not for a disk that is away."""
        if not (self._folder / _WORK).is_dir():
            raise self._away("its folder is missing, or is another one")

    def _away(self, reason: str) -> PlaceUnavailable:
        return PlaceUnavailable(
            f"The place '{self._name}' is away: {reason}. Nothing is lost. The export continues"
            " when it is back."
        )

    @contextmanager
    def _disk_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno in _FULL:
                raise StorageFull(
                    f"The place '{self._name}' is full. Nothing is lost: the export continues"
                    " by itself when there is space."
                ) from error
            if error.errno in _REFUSED:
                raise Denied(
                    f"The place '{self._name}' does not let the server's worker write"
                    f" ({error.strerror}). Tell the administrator of the server, then press"
                    " Retry. Nothing is lost."
                ) from error
            raise self._away(error.strerror or "an error") from error


def _found(folder: OpenFolder, file: BroughtFile) -> os.stat_result | None:
    """Return what is known of a file in a folder, None where there is no such."""
    *above, name = file.path.split("/")
    try:
        with folder.below(above, make=False) as inner:
            found = inner.check(name)
    except FileNotFoundError:
        return None
    return found if found and stat.S_ISREG(found.st_mode) else None


def _stays(folder: OpenFolder, file: BroughtFile, time_ns: int) -> bool:
    """Remove a file as it was brought; True for what stays, as somebody has changed it."""
    found = _found(folder, file)
    if found is None:
        return False
    if (found.st_size, found.st_mtime_ns) != (file.size_bytes, time_ns):
        return True
    *above, name = file.path.split("/")
    with folder.below(above, make=False) as inner:
        inner.remove(name)
    return False


def _remove_empty(top: OpenFolder, paths: Sequence[Sequence[str]]) -> None:
    """Remove these folders and those above them, up to ``top``, as far as they are empty."""
    every = {tuple(path[:depth]) for path in paths for depth in range(1, len(path) + 1)}
    for names in sorted(every, key=len, reverse=True):
        try:
            with top.below(names[:-1], make=False) as folder:
                folder.remove_folder(names[-1])
        except FileNotFoundError:
            continue
        except OSError as error:
            if error.errno not in _NOT_EMPTY:
                raise
