"""Ctrl-C while something runs."""

import _thread
import contextlib
import threading


@contextlib.contextmanager
def interrupting(seconds):
    """Press Ctrl-C after some seconds, unless what runs in this context has ended by then."""
    timer = threading.Timer(seconds, _thread.interrupt_main)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
