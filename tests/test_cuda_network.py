"""Networks on the device agree with those on the CPU."""

import numpy as np
import pytest

import gendemod as gd
from device_cases import fresh
from gendemod._device import why_no_cuda

pytestmark = [pytest.mark.cuda, pytest.mark.skipif(bool(why_no_cuda()), reason=why_no_cuda())]

TOLERANCE = {np.float32: 1e-5, np.float64: 1e-13}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("dims", [(1, 1), (3, 40), (10, 250, 1500), (5, 700, 600, 513)])
@pytest.mark.parametrize("count", [1, 7])
def test_outputs_are_those_of_the_cpu(dims, count, dtype):
    rng = fresh()
    network = gd.ReLUNetwork.gaussian(dims, seed=int(rng.integers(2**32)), dtype=dtype)
    z = rng.standard_normal((count, dims[0])).astype(dtype)
    expected, found = network(z), network(z, device="cuda")
    assert found.dtype == dtype
    scale = np.linalg.norm(expected, axis=1, keepdims=True) + 1
    assert np.max(np.abs(found - expected) / scale) <= TOLERANCE[dtype]
    assert np.array_equal(found, network(z, device="cuda"))
