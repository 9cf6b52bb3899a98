"""Blind demodulation with ReLU generative priors.

Given y = G1(h) * G2(m), an entrywise product of the outputs of two ReLU networks, recover both
factors: Hand & Joshi, Global Guarantees for Blind Demodulation with Generative Priors, 2019.
"""

import typing as _typing
from importlib.util import find_spec as _find_spec

from . import theory, wdc
from ._core import build_info as _build_info
from ._demodulate import demodulate
from .network import ReLUNetwork
from .problem import Problem
from .result import Result, Status
from .solvers import AlternatingDescent, LevenbergMarquardt

__version__: str = _build_info()["version"]

__all__ = [
    "AlternatingDescent",
    "LevenbergMarquardt",
    "Problem",
    "ReLUNetwork",
    "Result",
    "Status",
    "__version__",
    "demodulate",
    "theory",
    "wdc",
]

if not _typing.TYPE_CHECKING:  # where every name would be known

    def __getattr__(name):
        """Say how a module is imported that `import gendemod` leaves out."""
        text = f"module {__name__!r} has no attribute {name!r}"
        if not name.startswith("_") and _find_spec(f"{__name__}.{name}"):
            text = f"{__name__}.{name} is imported on purpose: from {__name__} import {name}"
        raise AttributeError(text)
