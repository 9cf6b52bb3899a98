r"""The weight distribution condition (WDC) of given matrices.

A matrix W (ell, n) with rows :math:`w_i` satisfies the WDC (5) with constants epsilon and alpha if

.. math:: \Bigl\| \sum_i 1_{w_i \cdot x > 0} 1_{w_i \cdot y > 0} w_i w_i^T
          - \alpha Q_{x,y} \Bigr\| \le \epsilon
          \quad \text{for all } x, y \ne 0,

with the spectral norm and :math:`Q_{x,y} = E[1_{w \cdot x > 0} 1_{w \cdot y > 0} w w^T]` for
:math:`w \sim N(0, I)`. A row is on iff its product is strictly positive.
"""

from ._bound import bound
from ._bounds import Bounds
from ._certificate import Certificate
from ._check import Verdict, check
from ._deviation import deviation, joint_deviation
from ._exact import exact, joint_exact
from ._findings import Hypothesis, JointReport, LayerReport, Report
from ._great_circle import Circle, great_circle
from ._joint_bound import joint_bound
from ._joint_search import joint_search
from ._report import report
from ._sample import Sample, joint_sample, sample
from ._search import search

__all__ = [
    "Bounds",
    "Certificate",
    "Circle",
    "Hypothesis",
    "JointReport",
    "LayerReport",
    "Report",
    "Sample",
    "Verdict",
    "bound",
    "check",
    "deviation",
    "exact",
    "great_circle",
    "joint_bound",
    "joint_deviation",
    "joint_exact",
    "joint_sample",
    "joint_search",
    "report",
    "sample",
    "search",
]
