"""Classical ways to split a picture into a detailed and a smooth factor.

All take a picture ``y = w * x`` whose factor ``x`` is smooth, estimate ``x`` from the picture
alone, and divide: they know nothing of what ``w`` looks like. Linear subspaces alone learn both
factors from examples.
"""

from ._fits import polynomial_log_fit, rank_one_split
from ._picture import FLOOR
from ._smoothing import blur_division, homomorphic_filter, total_variation_split
from ._subspaces import LinearSubspaces, SubspaceSplit, principal_basis

__all__ = [
    "FLOOR",
    "LinearSubspaces",
    "SubspaceSplit",
    "blur_division",
    "homomorphic_filter",
    "polynomial_log_fit",
    "principal_basis",
    "rank_one_split",
    "total_variation_split",
]
