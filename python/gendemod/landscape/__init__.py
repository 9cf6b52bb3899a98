r"""The landscape of the objective (2), and the claims of the theorems, on given networks.

On planes of (h, m), where a point is origin + s first + t second, every result is a frozen
dataclass of arrays with a method ``save`` for ``.npz`` and ``.csv``; ``[i, j]`` belongs to
(s[i], t[j]). Audits and concentrations have ``to_dict`` for JSON. All of it is float64, for which
float32 networks are converted.
"""

from ._audit import Audit, audit
from ._concentration import Concentration, Fit, concentration, thinned
from ._descent import audit_descent
from ._hyperbolas import Hyperbolas, Neighbourhoods, hyperbolas, neighbourhoods
from ._maxima import Maxima, maxima
from ._plane import Plane
from ._portrait import Portrait, figure1, portrait
from ._slopes import Descent, Slopes, descent, slopes
from ._stationary import Stationary, stationary
from ._surface import Surface, expected_objective, objective
from ._tally import DescentAudit, Failures

__all__ = [
    "Audit",
    "Concentration",
    "Descent",
    "DescentAudit",
    "Failures",
    "Fit",
    "Hyperbolas",
    "Maxima",
    "Neighbourhoods",
    "Plane",
    "Portrait",
    "Slopes",
    "Stationary",
    "Surface",
    "audit",
    "audit_descent",
    "concentration",
    "descent",
    "expected_objective",
    "figure1",
    "hyperbolas",
    "maxima",
    "neighbourhoods",
    "objective",
    "portrait",
    "slopes",
    "stationary",
    "thinned",
]
