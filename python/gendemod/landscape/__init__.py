r"""The landscape of the objective (2): the claims of the theorems, checked on given networks.

Imported on purpose, ``import gendemod.landscape``; needs NumPy alone.
"""

from ._audit import Audit, audit
from ._concentration import Concentration, Fit, concentration, thinned
from ._descent import audit_descent
from ._maxima import Maxima, maxima
from ._stationary import Stationary, stationary
from ._tally import DescentAudit, Failures

__all__ = [
    "Audit",
    "Concentration",
    "DescentAudit",
    "Failures",
    "Fit",
    "Maxima",
    "Stationary",
    "audit",
    "audit_descent",
    "concentration",
    "maxima",
    "stationary",
    "thinned",
]
