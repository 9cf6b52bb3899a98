"""Pictures for experiments: handwritten digits and distortions.

Every picture is one flattened row (row-major) with values in [0, 1]. All that is random is a
function of its seed.
"""

from ._bells import bells, paper_bells
from ._digits import digits, split
from ._mnist import mnist

__all__ = ["bells", "digits", "mnist", "paper_bells", "split"]
