"""What cannot be had on the device is refused in words, and nothing is left there."""

import gc
import re
import subprocess
import sys
from functools import partial

import numpy as np
import pytest

import gendemod as gd
from device_cases import fresh
from gendemod._device import why_no_cuda

BUILT = hasattr(gd._core, "cuda")
cuda = [pytest.mark.cuda, pytest.mark.skipif(bool(why_no_cuda()), reason=why_no_cuda())]
PADDED = 512  # rows of a tile, which is what a row costs on the device


def free_bytes():
    gc.collect()
    return gd._core.cuda.device()["free_bytes"]


def calls():
    """Everything that takes the word `device`."""
    rng = fresh()
    g1, g2 = (gd.ReLUNetwork.gaussian(dims, seed=1) for dims in ((3, 20, 600), (2, 600)))
    y, W = rng.uniform(size=600), rng.standard_normal((50, 3))
    problem, descent = gd.Problem(y, g1, g2), gd.AlternatingDescent(max_iterations=3)
    h, m, r = (rng.standard_normal((5, size)) for size in (3, 2, 600))
    return [
        (g1, (h,)),
        (g1.jvp, (h, h)),
        (g1.vjp, (h, r)),
        (problem.objective, (h, m)),
        (problem.gradient_h, (h, m)),
        (problem.gradient_m, (h, m)),
        (problem.best_signs, (h, m)),
        (partial(gd.demodulate, seed=1), (y, g1, g2)),
        (partial(gd.demodulate, seed=1), (y, g1, g2, descent)),
        (gd.wdc.deviation, (W, h, h[::-1])),
        (gd.wdc.great_circle, (W, h[0], h[1:])),
        (gd.wdc.joint_deviation, (W, W, h, h[::-1], h, h[::-1])),
        (partial(gd.wdc.sample, pairs=5, seed=1), (W,)),
        (partial(gd.wdc.joint_sample, pairs=5, seed=1), (W, W)),
    ]


def run(several):
    for function, arguments in several:
        function(*arguments, device="cuda")


@pytest.mark.skipif(not why_no_cuda(), reason="there is a device")
def test_a_device_that_is_not_there_is_refused_with_the_reason():
    for function, arguments in calls():
        with pytest.raises(RuntimeError) as caught:
            function(*arguments, device="cuda")
        reason = re.escape(why_no_cuda())
        assert caught.match(rf"^`device` must be \"cpu\" here because {reason}; got 'cuda'$")


@pytest.mark.skipif(BUILT, reason="built with CUDA")
def test_a_build_without_cuda_says_how_to_get_one():
    assert "built without CUDA" in why_no_cuda()
    assert "-C cmake.define.GENDEMOD_CUDA=ON" in why_no_cuda()


def test_an_array_of_another_device_is_refused():
    class Elsewhere:
        device = "cuda:0"

        @property
        def __cuda_array_interface__(self):
            return {"shape": (3,), "typestr": "<f8", "data": (0, True), "version": 3}

        def __array__(self, *_, **__):
            raise AssertionError("it is not to be read")

    refused = r"^`z` must be an array of the host because .+; got a Elsewhere of cuda:0$"
    with pytest.raises(TypeError, match=refused):
        gd.ReLUNetwork([np.ones((2, 3))])(Elsewhere())


def test_a_tensor_of_another_device_is_refused():
    torch = pytest.importorskip("torch")
    network = gd.ReLUNetwork([np.ones((2, 3))])
    refused = r"^`z` must be an array of the host because .+; got a Tensor of meta$"
    with pytest.raises(TypeError, match=refused):
        network(torch.ones(3, device="meta"))
    with pytest.raises(TypeError, match=r"^`z` must be an array that NumPy reads .+ requires grad"):
        network(torch.ones(3, requires_grad=True))
    assert network(torch.ones(3)).tolist() == [3, 3]


class TestWithADevice:
    pytestmark = cuda

    def test_nothing_is_left_when_networks_and_problems_are_gone(self):
        run(calls())  # what the device keeps for itself from its first use
        before = free_bytes()
        kept = calls()
        run(kept)
        during = free_bytes()
        run(kept)
        assert free_bytes() == during < before
        del kept
        assert free_bytes() == before

    def test_a_network_that_does_not_fit_is_refused_with_both_numbers(self):
        gd.ReLUNetwork([np.ones((1, 1))])([1.0], device="cuda")
        before = free_bytes()
        inputs = before // (PADDED * 4) + 1
        network = gd.ReLUNetwork([np.ones((1, inputs), dtype=np.float32)])
        with pytest.raises(MemoryError) as caught:
            network(np.ones(inputs, dtype=np.float32), device="cuda")
        needed, free = map(int, re.findall(r"\d+", str(caught.value)))
        assert needed == inputs * PADDED * 4 > free == before == free_bytes()

    def test_what_was_copied_before_an_error_stays_of_use(self):
        good = gd.ReLUNetwork.gaussian((3, 20, 1), seed=1, dtype=np.float32)
        before = free_bytes()
        inputs = before // (PADDED * 4) + 1
        large = gd.ReLUNetwork([np.ones((1, inputs), dtype=np.float32)])
        problem = gd.Problem(np.ones(1, dtype=np.float32), good, large)
        h, m = np.ones(3, dtype=np.float32), np.ones(inputs, dtype=np.float32)
        for _ in range(2):
            with pytest.raises(MemoryError, match=r"\d+ bytes are needed, \d+ are free"):
                problem.objective(h, m, device="cuda")
        np.testing.assert_allclose(good(h, device="cuda"), good(h), rtol=1e-5)
        del good, problem
        assert free_bytes() == before

    @pytest.mark.skipif(
        BUILT and gd._core.cuda.build != "HOST", reason="fills the memory, here of a real device"
    )
    def test_latents_that_do_not_fit_are_worked_on_in_groups_or_refused(self):
        gd.ReLUNetwork([np.ones((1, 1))])([1.0], device="cuda")
        before = free_bytes()
        network = gd.ReLUNetwork([np.ones((1, 1), dtype=np.float32)])
        z = fresh().standard_normal((100_000, 1)).astype(np.float32)
        assert len(z) * PADDED * 4 * 2 > before  # values and tangents of all latents
        np.testing.assert_array_equal(network(z, device="cuda"), np.maximum(z, 0))
        del network
        assert free_bytes() == before

        inputs = (before - 10_000) // (PADDED * 4 + 4)  # room for the weights, and not for latents
        network = gd.ReLUNetwork([np.ones((1, inputs), dtype=np.float32)])
        with pytest.raises(MemoryError, match=r"\d+ bytes are needed, \d+ are free"):
            network(np.ones(inputs, dtype=np.float32), device="cuda")
        del network
        assert free_bytes() == before

    def test_a_process_that_keeps_arrays_on_the_device_ends_in_peace(self):
        script = (
            "import gendemod as gd, numpy as np\n"
            "network = gd.ReLUNetwork.gaussian((3, 20, 600), seed=1)\n"
            "problem = gd.Problem(np.ones(600), network, network)\n"
            "print(problem.objective(np.ones(3), np.ones(3), device='cuda') > 0)\n"
            "gd.kept = problem\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "True\n", "")
