r"""What the theory says of wide random networks, in closed form.

Means over the weights of Theorem 2 (entries of :math:`W_i` from :math:`N(0, 1/n_i)`), the angles
that they are made of, the four hyperbolas that hold the minimisers, and the assumptions of the
theorems as far as they are numbers. Vectors are (n,), or arrays of vectors along the last axis with
leading axes that are broadcast. All inputs float32 give float32, anything else float64; the
arithmetic is float64 in both.
"""

from ._angles import angle_map, angles, rho
from ._hyperbolas import Centres, hyperbola_centres, hyperbola_distance, in_neighbourhood
from ._hypotheses import Assumptions, Hypotheses, assumptions, hypotheses
from ._objective import expected_gradients, expected_objective
from ._products import expected_gram, expected_product
from ._truncation import truncation_alpha

__all__ = [
    "Assumptions",
    "Centres",
    "Hypotheses",
    "angle_map",
    "angles",
    "assumptions",
    "expected_gradients",
    "expected_gram",
    "expected_objective",
    "expected_product",
    "hyperbola_centres",
    "hyperbola_distance",
    "hypotheses",
    "in_neighbourhood",
    "rho",
    "truncation_alpha",
]
