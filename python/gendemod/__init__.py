"""Blind demodulation with ReLU generative priors.

Given y = G1(h) * G2(m), an entrywise product of the outputs of two ReLU networks, recover both
factors: Hand & Joshi, Global Guarantees for Blind Demodulation with Generative Priors, 2019.
"""

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
