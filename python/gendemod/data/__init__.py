"""Pictures for experiments: handwritten digits and distortions.

Every picture is one flattened row (row-major) with values in [0, 1]. All that is random is a
function of its seed.
"""

from .._noise import add_gaussian_noise, add_poisson_noise
from ._bells import bells, paper_bells
from ._digits import digits, split
from ._idx import idx
from ._mnist import mnist
from ._simulators import (
    linear_shading,
    mri_bias_field,
    quadratic_shading,
    terahertz_sweep,
    vignetting,
)

__all__ = [
    "add_gaussian_noise",
    "add_poisson_noise",
    "bells",
    "digits",
    "idx",
    "linear_shading",
    "mnist",
    "mri_bias_field",
    "paper_bells",
    "quadratic_shading",
    "split",
    "terahertz_sweep",
    "vignetting",
]
