"""Files that are either whole or absent."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a path beside ``path`` to write to; rename it to ``path`` on success, else remove it.

    The temporary name keeps the suffix of ``path``, so that writers that go by it still work.
    """
    path = Path(path)
    with _named(path):
        descriptor, name = tempfile.mkstemp(
            prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent
        )
    os.close(descriptor)
    beside = Path(name)
    try:
        with _named(path):
            yield beside
            os.chmod(beside, 0o666 & ~_umask())
            os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


@contextlib.contextmanager
def _named(path: Path) -> Iterator[None]:
    """Let an error of the system name the file that was asked for, not the temporary one."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)  # encoders give no number
        raise OSError(error.errno, reason, str(path)) from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
