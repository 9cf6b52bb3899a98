r"""The landscape of the objective on planes of (h, m), of given networks and of the theory.

A point of a plane is origin + s first + t second. Every result is a frozen dataclass of arrays with
a method ``save`` for ``.npz`` and ``.csv``; ``[i, j]`` belongs to (s[i], t[j]). All of it is
float64, for which float32 networks are converted.
"""

from ._hyperbolas import Hyperbolas, Neighbourhoods, hyperbolas, neighbourhoods
from ._plane import Plane
from ._portrait import Portrait, figure1, portrait
from ._slopes import Descent, Slopes, descent, slopes
from ._surface import Surface, expected_objective, objective

__all__ = [
    "Descent",
    "Hyperbolas",
    "Neighbourhoods",
    "Plane",
    "Portrait",
    "Slopes",
    "Surface",
    "descent",
    "expected_objective",
    "figure1",
    "hyperbolas",
    "neighbourhoods",
    "objective",
    "portrait",
    "slopes",
]
