"""Who runs the chunks: threads, any executor, or dask.distributed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from .. import _core
from .._arrays import must
from .._arrays import threads as checked_threads

CONNECT_SECONDS = 10
ANY_PORT = "127.0.0.1:0"  # of the HTTP server, which None would leave at 8787


@dataclass(frozen=True)
class Engine:
    """An executor, how many trials it runs at a time (a cluster may grow), and its name."""

    executor: Executor
    width: Callable[[], int]
    name: str


@contextmanager
def engine(
    threads: int | None, executor: Executor | None, scheduler: str | None
) -> Iterator[Engine]:
    """Yield who runs the chunks, each trial on one thread; end it if it was begun here.

    Raises
    ------
    TypeError, ValueError
        For arguments of the wrong kind, or that do not go together.
    ImportError
        If dask.distributed is missing.
    ConnectionError
        If the scheduler cannot be reached.
    """
    width = checked_threads(threads) or int(_core.build_info()["threads"])
    if executor is not None:
        _check_executor(executor, scheduler)
        yield Engine(executor, lambda: width, type(executor).__name__)
    elif scheduler is not None:
        with _dask(scheduler, width, threads) as found:
            yield found
    else:
        pool = ThreadPoolExecutor(width, "sweep")
        try:
            yield Engine(pool, lambda: width, "threads")
        finally:
            # A second Ctrl-C leaves the trials that run.
            left = isinstance(sys.exception(), KeyboardInterrupt)
            pool.shutdown(wait=not left, cancel_futures=True)


def _check_executor(executor: object, scheduler: str | None) -> None:
    reason = "the trials are submitted to it"
    if not isinstance(executor, Executor):
        got = type(executor).__name__
        raise TypeError(must("executor", "be a concurrent.futures.Executor", reason, got))
    if scheduler is not None:
        raise ValueError(must("executor", "not be given with `scheduler`", reason, "both"))


@contextmanager
def _dask(scheduler: object, width: int, threads: int | None) -> Iterator[Engine]:
    """Connect to a scheduler, or begin a local cluster of single-threaded workers."""
    try:
        import distributed
    except ImportError:
        raise ImportError("`scheduler` needs dask.distributed; install gendemod[sweep]") from None
    reason = "dask.distributed runs the trials"
    if not isinstance(scheduler, str):
        raise TypeError(must("scheduler", 'be an address or "local"', reason, repr(scheduler)))
    dask: Any = distributed
    with ExitStack() as stack:
        target: Any = scheduler
        if scheduler == "local":
            cluster = dask.LocalCluster(
                n_workers=width, threads_per_worker=1, dashboard_address=ANY_PORT
            )
            target = stack.enter_context(cluster)
        elif threads is not None:
            reason = "the workers of the cluster have their own numbers"
            raise ValueError(must("threads", "be None with a `scheduler`", reason, threads))
        try:
            client = stack.enter_context(dask.Client(target, timeout=CONNECT_SECONDS))
        except (OSError, ValueError) as error:
            requirement = "be the address of a scheduler that can be reached"
            text = must("scheduler", requirement, reason, f"{scheduler!r} ({error})")
            raise ConnectionError(text) from error
        # The client ends it; its own end would wait for chunks that a second Ctrl-C left.
        executor = client.get_executor(pure=False)
        yield Engine(executor, lambda: max(1, sum(client.nthreads().values())), "dask")
