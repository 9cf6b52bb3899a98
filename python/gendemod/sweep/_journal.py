"""The end of a store at which one process writes."""

from __future__ import annotations

import contextlib
import errno
import os
import time
import tomllib
import weakref
from collections.abc import Iterable
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

import numpy as np

from .._arrays import must
from ._frames import Gap, pack
from ._store import Contents, definition, read
from ._sweep import Sweep
from ._trial import fields

_open: weakref.WeakSet[Journal] = weakref.WeakSet()


class Journal:
    """A store that is locked and appended to.

    The lock belongs to the open file, so that it dies with the process; children do not inherit
    it. A frame counts once it is on the disk: `append` returns after fsync. What is
    not whole, because a process or the machine died or the disk was full, is cut off.

    Raises
    ------
    BlockingIOError
        If another process writes the file.
    OSError
        If it cannot be written.
    ValueError
        If it holds another sweep, or anything else, or is damaged.
    """

    def __init__(self, path: str, sweep: Sweep) -> None:
        self._path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        _open.add(self)
        try:
            self._lock()
            self.contents = self._begin(sweep)
        except BaseException:
            self.close()
            raise

    def append(self, kind: int, parts: Iterable[tuple[int, bytes]]) -> None:
        """Write frames (first, payload), all of them or none, and wait until they are safe."""
        self._write(b"".join(pack(kind, data, first=i, written=time.time()) for i, data in parts))

    def close(self) -> None:
        """Give the lock back."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _lock(self) -> None:
        import fcntl  # which not every system has; nothing but a run needs it

        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            text = "another run writes this sweep"
            raise BlockingIOError(errno.EWOULDBLOCK, text, self._path) from None

    def _begin(self, sweep: Sweep) -> Contents:
        """Check what is there, or write the definition; cut a torn end off."""
        first = definition(sweep)
        with open(self._path, "rb") as file:
            there = file.read(len(first))
            if len(there) < len(first) and first.startswith(there):
                self._end = 0
                self._write(first)
                self._sync_folder()
            contents = read(file, self._path)
        _check(contents, sweep, self._path)
        self._end = contents.end
        os.ftruncate(self._file, self._end)
        return contents

    def _write(self, data: bytes) -> None:
        """Write at the end; leave the file as it was if that fails."""
        try:
            view, at = memoryview(data), self._end
            while view:
                written = os.pwrite(self._file, view, at)
                view, at = view[written:], at + written
            os.fsync(self._file)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self._end)
            text = f"{error.strerror}; what was stored before is kept, and a resume goes on from it"
            raise OSError(error.errno, text, self._path) from None
        self._end = at

    def _sync_folder(self) -> None:
        """Make the name of a new file as safe as its contents."""
        folder = os.open(os.path.dirname(os.path.abspath(self._path)), os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _close_all() -> None:
    for journal in list(_open):
        journal.close()


if hasattr(os, "register_at_fork"):  # not on Windows, where processes do not fork
    # A forked worker that outlives its parent must not keep the lock.
    os.register_at_fork(after_in_child=_close_all)


def _check(contents: Contents, sweep: Sweep, path: str) -> None:
    """Refuse a store of another sweep, whatever its name, or a damaged one."""
    if contents.sweep != replace(sweep, name=contents.sweep.name):
        raise ValueError(
            must(
                "sweep",
                f"be that of {path}",
                "its results are continued, not mixed",
                "; ".join(_differences(contents.sweep, sweep)),
            )
        )
    if contents.dtype != np.dtype(fields(sweep.kind)):
        reason = "another version of gendemod measured something else"
        got = f"the columns {', '.join(contents.dtype.names or ())} in {path}"
        raise ValueError(must("path", "hold what the task measures", reason, got))
    if contents.damage:
        raise ValueError(
            must(
                "path",
                "be undamaged",
                "trials are added behind what is there (`salvage` copies what is whole)",
                f"{path} with {_gaps(contents.damage)}",
            )
        )


def _gaps(damage: list[Gap]) -> str:
    length = sum(gap.length for gap in damage)
    return f"{length} bytes that are not as they were written, from byte {damage[0].offset} on"


def _differences(old: Sweep, new: Sweep) -> list[str]:
    """Return what two sweeps differ in, a phrase for each."""
    before, after = _flat(old), _flat(new)
    out = [
        f"{key} = {after.get(key, 'nothing')} where the file has {before.get(key, 'nothing')}"
        for key in {**before, **after}
        if key != "name" and before.get(key) != after.get(key)
    ]
    return out or [f"axes in the order {list(new.axes)} where the file has {list(old.axes)}"]


def _flat(sweep: Sweep) -> dict[str, Any]:
    """Return the keys and values of a sweep, those of tables as table.key."""
    out = {}
    for key, value in tomllib.loads(sweep.to_toml()).items():
        inner = value if isinstance(value, dict) else {"": value}
        out.update({f"{key}.{name}".rstrip("."): one for name, one in inner.items()})
    return out
