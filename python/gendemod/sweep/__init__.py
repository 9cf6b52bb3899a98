"""Phase transitions: a task on a grid of settings, tried thousands of times, and nothing lost.

A `Sweep` says what is tried; `run` tries it, on threads, on any executor, or on a Dask cluster, and
appends every result to one file, from which `resume` goes on after whatever ended it. Each trial is
a function of the sweep and of its number alone. See docs/sweep.md.
"""

from ._export import export
from ._power_law import PowerLaw, power_laws
from ._presets import PRESETS, preset
from ._rates import Medians, Rates, medians, rates
from ._results import Results, open, salvage
from ._run import resume, run
from ._sweep import Sweep
from ._tasks import TASKS
from ._transitions import Transition, Transitions, transitions
from ._trial import trial

__all__ = [
    "PRESETS",
    "TASKS",
    "Medians",
    "PowerLaw",
    "Rates",
    "Results",
    "Sweep",
    "Transition",
    "Transitions",
    "export",
    "medians",
    "open",
    "power_laws",
    "preset",
    "rates",
    "resume",
    "run",
    "salvage",
    "transitions",
    "trial",
]
