"""Random numbers of the tests of devices: fresh ones in every run, or those of GENDEMOD_SEED."""

import os
import secrets

import numpy as np


def fresh():
    """Return a generator; a test that fails shows its seed."""
    seed = int(os.environ.get("GENDEMOD_SEED", secrets.randbits(32)))
    print(f"GENDEMOD_SEED={seed}")
    return np.random.default_rng(seed)
