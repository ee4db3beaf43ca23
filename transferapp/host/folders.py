"""A folder that others may write to as well, used without following what they put there.

Each name is looked up in the open folder itself (openat(2) with O_NOFOLLOW), never by its
path, and what is there already counts only when it is this account's own. Windows has
neither; there a link is looked for before a name is used, and making one takes the rights
of an administrator.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import shutil
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from transferapp.errors import DestinationUnwritable
from transferapp.host.renaming import rename_new

_BINARY = getattr(os, "O_BINARY", 0)
_CAREFUL = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | _BINARY
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)
#: What opening says of a link, a pipe without reader, a socket, a folder, a lone file.
_NOT_WHAT_IS_WANTED = frozenset(
    {errno.ELOOP, errno.ENXIO, errno.EISDIR, errno.ENOTDIR, errno.EMLINK}
)
_NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})


class OpenFolder:
    """An open folder. Names are single names; ``path`` is for sentences.

    Methods raise OSError, and DestinationUnwritable for what others put in the way.
    """

    def __init__(self, path: Path, handle: int | None, person: int | None = None) -> None:
        """Use ``at``, ``enter`` or ``make``; closed by ``with``."""
        self.path = path
        self._handle = handle
        self._person = person
        self._owner_here: int | None = None

    @classmethod
    def at(cls, path: Path, person: int | None = None) -> OpenFolder:
        """Open the folder that a person chose, which may be a link: that was her choice.

        What belongs to the account ``person`` counts as our own, too.
        """
        return cls(path, _open_folder(str(path), None, follow=True), person)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Close it; nothing else can be done with it then."""
        if self._handle is not None:
            os.close(self._handle)

    def counting(self, person: int | None) -> OpenFolder:
        """Return it opened once more, where what belongs to this account is ours, too."""
        handle = None if self._handle is None else os.dup(self._handle)
        return OpenFolder(self.path, handle, person)

    def enter(self, name: str) -> OpenFolder:
        """Open a folder of our own in this one."""
        try:
            handle = _open_folder(self._way(name), self._handle, follow=False)
        except OSError as error:
            if error.errno in _NOT_WHAT_IS_WANTED:
                raise self._in_the_way(name) from error
            raise
        folder = OpenFolder(self.path / name, handle, self._person)
        if not self._is_ours(folder.about_itself()):
            with folder:
                raise self._in_the_way(name)
        return folder

    def make(self, name: str, mode: int = 0o777) -> OpenFolder:
        """Make a folder and open it; raises FileExistsError when the name is taken."""
        os.mkdir(self._way(name), mode, dir_fd=self._handle)
        self.sync()
        return self.enter(name)

    @contextmanager
    def below(self, names: Sequence[str], *, make: bool = True) -> Iterator[OpenFolder]:
        """Open the folder at the end of these names; missing ones are made on wish."""
        with ExitStack() as stack:
            folder = self
            for name in names:
                opened = folder.enter_or_make(name) if make else folder.enter(name)
                folder = stack.enter_context(opened)
            yield folder

    def enter_or_make(self, name: str) -> OpenFolder:
        """Open a folder of our own, made now if it is missing."""
        with suppress(FileNotFoundError):
            return self.enter(name)
        with suppress(FileExistsError):
            return self.make(name)
        return self.enter(name)

    def grow(self, name: str) -> int:
        """Open our own regular file to read and append, made now if it is missing."""
        flags = os.O_RDWR | os.O_APPEND | _CAREFUL
        with suppress(FileExistsError):
            return os.open(
                self._way(name), flags | os.O_CREAT | os.O_EXCL, 0o666, dir_fd=self._handle
            )
        try:
            handle = os.open(self._way(name), flags | _NO_WAIT, dir_fd=self._handle)
        except OSError as error:
            if error.errno in _NOT_WHAT_IS_WANTED:
                raise self._in_the_way(name) from error
            raise
        found = os.fstat(handle)
        # A second name could be that of a file which must not change.
        if stat.S_ISREG(found.st_mode) and found.st_nlink <= 1 and self._is_ours(found):
            return handle
        os.close(handle)
        raise self._in_the_way(name)

    def check(self, name: str) -> os.stat_result | None:
        """Return what is there, links not followed; None where nothing is."""
        with suppress(FileNotFoundError):
            return os.stat(self._way(name), dir_fd=self._handle, follow_symlinks=False)
        return None

    def about_itself(self) -> os.stat_result:
        """Return what the system says of this folder."""
        return self.path.stat() if self._handle is None else os.fstat(self._handle)

    def holds(self, name: str, *, folder: bool) -> bool:
        """Say whether a folder or regular file of our own has this name, and it alone."""
        found = self.check(name)
        if found is None or not self._is_ours(found):
            return False
        if folder:
            return stat.S_ISDIR(found.st_mode)
        # A second name could be that of a file which must not change.
        return stat.S_ISREG(found.st_mode) and found.st_nlink <= 1

    def sha1(self, name: str, size_bytes: int) -> str | None:
        """Return a regular file's SHA-1 in hex; None when there is none of this size."""
        flags = os.O_RDONLY | _CAREFUL | _NO_WAIT
        try:
            handle = os.open(self._way(name), flags, dir_fd=self._handle)
        except OSError as error:
            if error.errno in {errno.ENOENT, *_NOT_WHAT_IS_WANTED}:
                return None
            raise
        with os.fdopen(handle, "rb") as file:
            found = os.fstat(handle)
            if not stat.S_ISREG(found.st_mode) or found.st_size != size_bytes:
                return None
            return hashlib.file_digest(file, "sha1").hexdigest()

    def rename_new(self, name: str, into: OpenFolder, new_name: str) -> bool:
        """Rename a file or folder without replacing, in one step; False where the file
        system cannot. Raises FileExistsError when the name is taken.
        """
        return rename_new(name, self._handle, new_name, into._handle)

    def place(self, name: str, into: OpenFolder, new_name: str) -> None:
        """Rename a file without replacing; raises FileExistsError when the name is taken."""
        if not self.rename_new(name, into, new_name):
            self._place_by_link(name, into, new_name)
        into.sync()

    def _place_by_link(self, name: str, into: OpenFolder, new_name: str) -> None:
        """A link fails where a name is taken."""
        try:
            os.link(
                self._way(name),
                into._way(new_name),
                src_dir_fd=self._handle,
                dst_dir_fd=into._handle,
                follow_symlinks=sys.platform == "win32",
            )
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            # FAT, some network shares: an empty file claims the name, and is replaced.
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _CAREFUL
            os.close(os.open(into._way(new_name), flags, dir_fd=into._handle))
            self.move(name, into, new_name)
        else:
            self.remove(name)

    def move(self, name: str, into: OpenFolder, new_name: str) -> None:
        """Rename; replaces a file, or an empty folder by a folder."""
        os.replace(
            self._way(name),
            into._way(new_name),
            src_dir_fd=self._handle,
            dst_dir_fd=into._handle,
        )

    def names(self) -> list[str]:
        """List what is in it."""
        with os.scandir(self.path if self._handle is None else self._handle) as found:
            return [one.name for one in found]

    def give(self, name: str, uid: int, gid: int) -> None:
        """Make what has this name somebody's, links not followed; needs the right to."""
        os.chown(self._way(name), uid, gid, dir_fd=self._handle, follow_symlinks=False)

    def set_time(self, name: str, at_ns: int) -> None:
        """Set when a file was changed, in ns since 1970; links are not followed."""
        os.utime(self._way(name), ns=(at_ns, at_ns), dir_fd=self._handle, follow_symlinks=False)

    def remove(self, name: str) -> None:
        """Remove a file's name, where it is there; what a link leads to stays."""
        with suppress(FileNotFoundError):
            os.unlink(self._way(name), dir_fd=self._handle)

    def remove_folder(self, name: str, *, with_content: bool = False) -> None:
        """Remove a folder of our own, where it is there."""
        if not self.holds(name, folder=True):
            return
        if with_content:
            # Follows no link either (shutil.rmtree.avoids_symlink_attacks).
            shutil.rmtree(self._way(name), dir_fd=self._handle)
        else:
            os.rmdir(self._way(name), dir_fd=self._handle)

    def sync(self) -> None:
        """Make the names in it durable. Windows cannot; NTFS journals them."""
        if self._handle is None:
            return
        try:
            os.fsync(self._handle)
        except OSError as error:
            # Some file systems of user space have no such call for folders.
            if error.errno != errno.EINVAL:
                raise

    def _way(self, name: str) -> str:
        """The name in the open folder; without openat(2) the path."""
        return name if self._handle is not None else str(self.path / name)

    def _is_ours(self, found: os.stat_result) -> bool:
        if sys.platform == "win32" or found.st_uid in {os.geteuid(), self._person}:
            return True
        # Network shares and FAT give all files one owner, whoever makes them.
        if self._owner_here is None:
            self._owner_here = self._owner_of_new_files()
        return found.st_uid == self._owner_here

    def _owner_of_new_files(self) -> int:
        name = f".{secrets.token_hex(8)}.part"
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | _CAREFUL
        handle = os.open(self._way(name), flags, 0o600, dir_fd=self._handle)
        try:
            return os.fstat(handle).st_uid
        finally:
            os.close(handle)
            self.remove(name)

    def _in_the_way(self, name: str) -> DestinationUnwritable:
        return DestinationUnwritable(
            f"'{name}' in {self.path} is in the way: it is a link, another kind of file, or"
            " belongs to another account. Remove it; the export continues by itself."
        )


def open_destination(path: Path, *, make: bool) -> OpenFolder:
    """Open the folder that an export goes to; ``make`` makes it when it is missing.

    Raises FileNotFoundError when it is missing.
    """
    try:
        return OpenFolder.at(path)
    except FileNotFoundError:
        if not make:
            raise
    above = next(folder for folder in path.parents if folder.exists())
    with OpenFolder.at(above) as start, start.below(path.relative_to(above).parts):
        return OpenFolder.at(path)


def _open_folder(way: str, inside: int | None, *, follow: bool) -> int | None:
    if sys.platform == "win32":
        found = Path(way).stat(follow_symlinks=follow)
        if not stat.S_ISDIR(found.st_mode):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), way)
        return None
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW)
    return os.open(way, flags, dir_fd=inside)
