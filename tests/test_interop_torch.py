"""PyTorch modules as generators; networks and weights from and to PyTorch."""

import contextlib
import itertools
import os
import pickle
import re
import subprocess
import sys
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
import torch

import gendemod as gd
from gendemod.interop.torch import (
    TorchGenerator,
    from_sequential,
    load_weights,
    to_sequential,
)
from reference import forward, random_weights, relative_error

nn = torch.nn


@pytest.fixture(autouse=True)
def _one_thread_and_one_seed():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield
    torch.set_num_threads(threads)


def dcgan(code=6, width=4, dtype=torch.float64):
    """A small DCGAN, 16 x 16, with statistics of batch normalisation that are not trivial."""
    module = nn.Sequential(
        nn.ConvTranspose2d(code, 2 * width, 4, 1, 0),
        nn.BatchNorm2d(2 * width),
        nn.ReLU(),
        nn.ConvTranspose2d(2 * width, width, 4, 2, 1),
        nn.BatchNorm2d(width),
        nn.ReLU(),
        nn.ConvTranspose2d(width, 1, 4, 2, 1),
        nn.Tanh(),
    ).to(dtype)
    module(torch.randn(64, code, 1, 1, dtype=dtype))
    return module.eval()


def bias_free(code=5, width=4, dtype=torch.float64):
    """A bias-free convolutional network of ReLUs, 16 x 16."""
    layers = [
        nn.ConvTranspose2d(code, width, 4, 1, 0, bias=False),
        nn.ReLU(),
        nn.ConvTranspose2d(width, width, 4, 4, 0, bias=False),
        nn.ReLU(),
        nn.Conv2d(width, 1, 3, padding=1, bias=False),
        nn.ReLU(),
    ]
    with torch.no_grad():
        layers[-2].weight.abs_()  # most of the outputs are positive
    return nn.Sequential(*layers).to(dtype).eval()


def linear(*sizes, bias=False, dtype=torch.float32):
    layers = [
        layer
        for n, k in itertools.pairwise(sizes)
        for layer in (nn.Linear(n, k, bias=bias, dtype=dtype), nn.ReLU())
    ]
    return nn.Sequential(*layers).eval()


def values(module, z, shape):
    with torch.no_grad():
        return module(torch.tensor(z).reshape(len(z), *shape)).flatten(1).numpy()


def must(name):
    return rf"^`{name}` must .+ because .+; got .+"


# TorchGenerator.


@pytest.mark.parametrize("make", [dcgan, bias_free])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_values_are_those_of_the_module(make, dtype):
    module = make(6, dtype=dtype)
    generator = TorchGenerator(module, (6, 1, 1))
    z = np.random.default_rng(0).standard_normal((3, 6)).astype(str(dtype).split(".")[1])
    assert generator.dims == (6, 256)
    assert generator.dtype == z.dtype
    assert generator(z).dtype == z.dtype
    np.testing.assert_array_equal(generator(z), values(module, z, (6, 1, 1)))
    np.testing.assert_allclose(generator(z[0]), generator(z)[0], rtol=1e-5, atol=1e-6)
    assert generator(np.empty((0, 6))).shape == (0, 256)


@pytest.mark.parametrize("make", [dcgan, bias_free])
def test_vjp_matches_central_differences(make):
    generator = TorchGenerator(make(6), (6, 1, 1))
    rng = np.random.default_rng(1)
    z, r = rng.standard_normal((3, 6)), rng.standard_normal((3, 256))
    for e in 1e-6 * np.eye(6):
        difference = np.sum(r * (generator(z + e) - generator(z - e)), axis=1) / 2e-6
        np.testing.assert_allclose(generator.vjp(z, r) @ e * 1e6, difference, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(generator.vjp(z[0], r[0]), generator.vjp(z, r)[0], rtol=1e-10)
    output, pull = generator.pull_back(z)
    np.testing.assert_array_equal(output, generator(z))
    np.testing.assert_array_equal(pull(r), generator.vjp(z, r))
    np.testing.assert_array_equal(pull(2 * r), generator.vjp(z, 2 * r))
    assert generator.vjp(np.empty((0, 6)), np.empty((0, 256))).shape == (0, 6)


def test_gradients_do_not_gather_in_the_module():
    module = dcgan()
    for number, parameter in enumerate(module.parameters()):
        parameter.requires_grad_(number % 2 == 0)
    before = {name: value.clone() for name, value in module.state_dict().items()}
    flags = [parameter.requires_grad for parameter in module.parameters()]
    generator = TorchGenerator(module, (6, 1, 1))
    generator.vjp(np.ones(6), np.ones(256))
    with torch.no_grad():
        generator.vjp(np.ones(6), np.ones(256))
    with torch.inference_mode():
        generator.vjp(np.ones(6), np.ones(256))
    assert [parameter.requires_grad for parameter in module.parameters()] == flags
    assert all(parameter.grad is None for parameter in module.parameters())
    assert not module.training
    for name, value in module.state_dict().items():
        assert torch.equal(value, before[name])


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        (bias_free(5), True),
        (nn.Sequential(nn.Flatten(), nn.Linear(5, 9, bias=False), nn.LeakyReLU(0.2)), True),
        (nn.Sequential(nn.Flatten(), nn.Linear(5, 9, bias=False), nn.Softplus()), False),
        (nn.Sequential(nn.Flatten(), nn.Linear(5, 9, bias=True), nn.ReLU()), False),
        (nn.Sequential(nn.Flatten(), nn.Linear(5, 9, bias=False), nn.Tanh()), False),
        (dcgan(5, dtype=torch.float32), False),
    ],
)
def test_homogeneity_is_tried(module, expected):
    tried = TorchGenerator(module.eval(), (5, 1, 1))
    assert tried.homogeneous is expected
    assert tried.assumed_homogeneous is False
    assumed = TorchGenerator(module.eval(), (5, 1, 1), assume_homogeneous=True)
    assert assumed.homogeneous is True
    assert assumed.assumed_homogeneous is not expected
    assert ("assumed homogeneous" in repr(assumed)) is not expected


def test_a_small_bias_is_found():
    module = linear(4, 30, bias=True)
    with torch.no_grad():
        for layer in module[::2]:
            layer.bias.zero_()
        assert TorchGenerator(module, 4).homogeneous
        module[0].bias[:] = 1e-6
    assert not TorchGenerator(module, 4).homogeneous


class Layered(nn.Module):
    """A linear layer, and what a function makes of its output."""

    def __init__(self, function, bias=False, dtype=torch.float32):
        super().__init__()
        self.line, self.function = nn.Linear(4, 30, bias=bias, dtype=dtype), function

    def forward(self, z):
        return self.function(self.line(z))


def test_the_dtype_is_the_coarser_of_weights_and_output():
    z = np.random.default_rng(0).standard_normal((3, 4))
    for module in (
        Layered(torch.Tensor.double),
        Layered(lambda a: a.relu().double()),
        Layered(torch.Tensor.float, dtype=torch.float64),
    ):
        generator = TorchGenerator(module.eval(), 4)
        output, pull = generator.pull_back(z)
        for value in (generator(z), output, pull(output), generator.vjp(z, output)):
            assert value.dtype == generator.dtype == np.float32
        assert generator.homogeneous


@pytest.mark.parametrize(
    ("scale", "dtype"),
    [
        (1e20, torch.float32),
        (1e-25, torch.float32),
        (1e180, torch.float64),
        (1e-200, torch.float64),
    ],
)
def test_homogeneity_is_tried_on_outputs_of_any_size(scale, dtype):
    for bias in (True, False):
        module = Layered(lambda a: a * scale, bias, dtype).eval()
        assert TorchGenerator(module, 4).homogeneous is not bias


def test_latents_beyond_the_range_of_the_module_are_refused():
    generator = TorchGenerator(linear(4, 9), 4)
    z, r = np.array([1e39, 0, 0, 0]), np.full(9, -1e300)
    with pytest.raises(ValueError, match=r"^`z` must be within the range of float32 .* got 1e\+39"):
        generator(z)
    with pytest.raises(ValueError, match=r"^`r` must be within the range of float32"):
        generator.vjp(np.ones(4), r)
    # In float64 a walk may get there: it ends as diverged.
    solver = gd.AlternatingDescent(step_size=1e45, max_iterations=50, tolerance=0)
    y, start = np.ones(9), (np.ones(4), np.ones(4))
    result = gd.demodulate(y, generator, generator, solver, start=start)
    assert result.status == gd.Status.DIVERGED
    assert np.isfinite(result.h).all()


class Two(nn.Module):
    def forward(self, z, other):
        return z + other


class Given(nn.Module):
    """Returns what a function makes of its input."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, z):
        return self.function(z)


@pytest.mark.parametrize(
    ("module", "shape", "error", "words"),
    [
        (Two(), 4, ValueError, "take one tensor .* missing 1 required positional"),
        (nn.Linear(4, 9), 5, ValueError, "take one tensor"),
        (dcgan(), 6, ValueError, "take one tensor"),
        (Given(lambda z: (z, z)), 4, TypeError, "return one tensor .* got tuple"),
        (Given(lambda z: z.detach().numpy()), 4, TypeError, "return one tensor .* got ndarray"),
        (Given(lambda z: z.argmax(1)), 4, TypeError, "float32 or float64 .* got int64"),
        (Given(lambda z: z.half()), 4, TypeError, "float32 or float64 .* got float16"),
        (Given(lambda z: z + 1j), 4, TypeError, "float32 or float64 .* got complex64"),
        (Given(lambda z: z.sum()), 4, ValueError, "return a tensor"),
        (Given(lambda z: z[:2]), 4, ValueError, "return a tensor"),
        (Given(lambda z: z[:, :0]), 4, ValueError, "return a tensor"),
        (Given(lambda z: z.detach()), 4, ValueError, "be differentiable"),
        (Given(lambda z: torch.ones(len(z), 3)), 4, ValueError, "be differentiable"),
        (Given(lambda z: z / 0), 4, ValueError, "be finite"),
        (Given(lambda z: z - z.mean(0)), 4, ValueError, "same output in any batch"),
        (Given(lambda z: z + torch.rand_like(z)), 4, ValueError, "same output in any batch"),
        (Given(lambda z: z.cumsum(0)), 4, ValueError, "same output in any batch"),
        (Given(lambda z: z + (torch.rand(len(z), 1) > 0.5)), 4, ValueError, "same output"),
        (Given(lambda z: z.reshape(4, 4)), 4, ValueError, "take any number of latents"),
        (nn.Linear(4, 9).to("meta"), 4, ValueError, "hold numbers .* device meta"),
        (nn.Linear(4, 9).half(), 4, ValueError, "float32 or float64 .* got float16"),
        (lambda z: z, 4, TypeError, "torch.nn.Module"),
    ],
)
def test_a_module_that_is_no_generator_is_refused(module, shape, error, words):
    if isinstance(module, nn.Module):
        module.eval()
    with pytest.raises(error, match=must("module")) as caught:
        TorchGenerator(module, shape)
    assert caught.match(words)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("shape", "error"),
    [(0, ValueError), ((), ValueError), ((4, -1), ValueError), (4.0, TypeError), ("4", TypeError)],
)
def test_a_latent_shape_is_a_size_or_sizes(shape, error):
    with pytest.raises(error, match=must("latent_shape")):
        TorchGenerator(linear(4, 9), shape)


def test_arguments_of_a_generator_are_checked():
    generator = TorchGenerator(linear(4, 9), 4)
    for z in (np.ones(5), np.ones((2, 2, 4)), [1, 2, 3, np.nan]):
        with pytest.raises(ValueError, match=must("z")):
            generator(z)
    for r in (np.ones(4), np.ones((2, 9)), np.full(9, np.inf)):
        with pytest.raises(ValueError, match=must("r")):
            generator.vjp(np.ones(4), r)
    with pytest.raises(TypeError, match=must("assume_homogeneous")):
        TorchGenerator(linear(4, 9), 4, assume_homogeneous=None)


def test_training_mode_is_refused_on_entry_and_later():
    module = dcgan()
    generator = TorchGenerator(module, (6, 1, 1))
    module[1].train()
    with pytest.raises(ValueError, match=r"^`module` must be in evaluation mode, module.eval\(\)"):
        TorchGenerator(module, (6, 1, 1))
    module.train()
    with pytest.raises(ValueError, match=r"^`module` must be in evaluation mode, module.eval\(\)"):
        generator(np.ones(6))


# demodulate.


def instance(seed=0):
    g1, g2 = TorchGenerator(dcgan(), (6, 1, 1)), TorchGenerator(bias_free(), (5, 1, 1))
    rng = np.random.default_rng(seed)
    h, m = rng.standard_normal(6), rng.standard_normal(5)
    return g1, g2, h, m, g1(h) * g2(m)


def test_two_modules_are_fitted():
    g1, g2, _, m, y = instance()
    result = gd.demodulate(y, g1, g2, gd.AlternatingDescent(), seed=0)
    assert result.converged
    assert result.relative_residual < 1e-6
    assert relative_error(result.w, g1(result.h)) < 1e-12
    assert relative_error(result.m, m) < 1e-4
    assert "Not positively homogeneous: `g1`." in result.message
    other = gd.demodulate(np.stack([y, y]), g2, g1, gd.AlternatingDescent(), seed=0, restarts=2)
    assert np.all(other.relative_residual < 1e-6)
    assert "Not positively homogeneous: `g2`." in other.message[1]


def test_a_module_and_a_network_go_together():
    g1, _, h, _, _ = instance()
    g2 = gd.ReLUNetwork(random_weights((4, 20, 256), 0))
    m = np.random.default_rng(1).standard_normal(4)
    result = gd.demodulate(g1(h) * g2(m), g1, g2, gd.AlternatingDescent(), seed=0)
    assert result.relative_residual < 1e-6
    assert relative_error(result.m, m) < 1e-4


def test_linear_modules_walk_as_the_core_does():
    networks = [gd.ReLUNetwork(random_weights(dims, 0)) for dims in ((4, 20, 60), (3, 20, 60))]
    modules = [TorchGenerator(to_sequential(g), g.dims[0]) for g in networks]
    rng = np.random.default_rng(2)
    y = networks[0](rng.standard_normal(4)) * networks[1](rng.standard_normal(3))
    start = rng.standard_normal(4), rng.standard_normal(3)
    for settings in ({}, {"momentum": 0.5, "simultaneous": True, "sign_check": 3}):
        solver = gd.AlternatingDescent(step_size=1e-2, max_iterations=30, tolerance=0, **settings)
        core = gd.demodulate(y, *networks, solver, start=start)
        for g1, g2 in (modules, (modules[0], networks[1]), (networks[0], modules[1])):
            result = gd.demodulate(y, g1, g2, solver, start=start)
            assert relative_error(result.h, core.h) < 1e-12
            np.testing.assert_allclose(result.history, core.history, rtol=1e-11)
        assert "count as positively homogeneous" in result.message


def test_the_authors_recipe_is_sgd_with_momentum_on_the_mean_of_squares():
    """Signs compared once, at the start; norms balanced between the joint steps of SGD."""
    modules = dcgan(), dcgan(5)
    shapes = (6, 1, 1), (5, 1, 1)
    generators = [
        TorchGenerator(module, shape, assume_homogeneous=True)
        for module, shape in zip(modules, shapes, strict=True)
    ]
    rng = np.random.default_rng(3)
    y = torch.tensor(generators[0](rng.standard_normal(6)) * generators[1](rng.standard_normal(5)))
    start = [rng.standard_normal(6), rng.standard_normal(5)]
    latents = [torch.tensor(z, requires_grad=True) for z in start]

    def loss(h, m):
        w, x = (
            module(z.reshape(1, *shape)).flatten()
            for module, z, shape in zip(modules, (h, m), shapes, strict=True)
        )
        return ((w * x - y) ** 2).mean()

    with torch.no_grad():
        h, m = latents
        pairs = [(1, 1), (-1, 1), (1, -1), (-1, -1)]
        best = min(pairs, key=lambda signs: loss(signs[0] * h, signs[1] * m))
        h *= best[0]
        m *= best[1]
    optimiser = torch.optim.SGD(latents, lr=1.0, momentum=0.9)
    losses = []
    for _ in range(20):
        optimiser.zero_grad()
        loss(*latents).backward()
        optimiser.step()
        with torch.no_grad():
            c = (latents[0].norm() / latents[1].norm()).sqrt()
            latents[0] /= c
            latents[1] *= c
            losses.append(float(loss(*latents)))

    solver = gd.AlternatingDescent(
        step_size=2 / len(y),
        momentum=0.9,
        sign_check=10**6,
        simultaneous=True,
        max_iterations=20,
        tolerance=0,
    )
    result = gd.demodulate(y.numpy(), *generators, solver, start=start)
    assert relative_error(result.h, latents[0].detach().numpy()) < 1e-10
    assert relative_error(result.m, latents[1].detach().numpy()) < 1e-10
    np.testing.assert_allclose(result.history[1:] * 2 / len(y), losses, rtol=1e-9)


def test_a_module_that_is_no_generator_yet_is_refused():
    y = np.ones(9)
    with pytest.raises(TypeError, match=r"^`g1` must be a ReLUNetwork, a TorchGenerator"):
        gd.demodulate(y, linear(4, 9), linear(4, 9), gd.AlternatingDescent())
    g = TorchGenerator(linear(4, 9), 4)
    with pytest.raises(TypeError, match=r"^`solver` must be AlternatingDescent\(\) because"):
        gd.demodulate(y, g, g)
    with pytest.raises(TypeError, match=r"^`g1` must be a ReLUNetwork"):
        gd.Problem(y, g, g)


# from_sequential and to_sequential.


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("sizes", [(4, 9), (3, 7, 11), (2, 5, 6, 8)])
def test_a_sequential_becomes_the_same_network(sizes, dtype):
    module = linear(*sizes, dtype=dtype)
    network = from_sequential(module)
    assert network.dims == sizes
    assert str(network.dtype) == str(dtype).split(".")[1]
    for W, layer in zip(network.weights, module[::2], strict=True):
        np.testing.assert_array_equal(W, layer.weight.detach().numpy())
    back = to_sequential(network)
    assert not back.training
    assert [type(layer) for layer in back] == [type(layer) for layer in module]
    for ours, theirs in zip(back.parameters(), module.parameters(), strict=True):
        assert ours.requires_grad
        assert ours.dtype == dtype
        assert torch.equal(ours, theirs)


def test_to_sequential_copies_and_draws_nothing():
    network = gd.ReLUNetwork(random_weights((3, 5, 8), 0))
    state = torch.get_rng_state()
    module = to_sequential(network)
    assert torch.equal(torch.get_rng_state(), state)
    with torch.no_grad():
        module[0].weight.zero_()
    np.testing.assert_array_equal(network.weights[0], random_weights((3, 5, 8), 0)[0])
    with pytest.raises(TypeError, match=must("network")):
        to_sequential(module)


def test_layers_that_change_nothing_are_left_out():
    first, second = nn.Linear(4, 6, bias=False), nn.Linear(6, 8, bias=True)
    nn.init.zeros_(second.bias)
    module = nn.Sequential(
        nn.Flatten(),
        nn.Sequential(nn.Identity(), first, nn.Sequential(nn.Dropout(0.5), nn.ReLU())),
        nn.Sequential(second, nn.ReLU(), nn.ReLU()),
        nn.Unflatten(1, (2, 4)),
    ).eval()
    network = from_sequential(module)
    assert network.dims == (4, 6, 8)
    np.testing.assert_array_equal(network.weights[1], second.weight.detach().numpy())


def test_a_layer_may_be_used_twice():
    line, relu = nn.Linear(4, 4, bias=False), nn.ReLU()
    network = from_sequential(nn.Sequential(line, relu, line, relu))
    np.testing.assert_array_equal(network.weights, [line.weight.detach().numpy()] * 2)


@pytest.mark.parametrize("affine", [True, False])
def test_batch_normalisation_without_a_shift_is_folded(affine):
    module = nn.Sequential(
        nn.Linear(4, 6, dtype=torch.float64),
        nn.BatchNorm1d(6, affine=affine, dtype=torch.float64),
        nn.ReLU(),
    ).eval()
    with torch.no_grad():
        module[1].running_var.uniform_(0.5, 2)
        module[1].running_mean.copy_(module[0].bias)
        if affine:
            module[1].weight.uniform_(-2, 2)
    network = from_sequential(module)
    z = np.random.default_rng(0).standard_normal((5, 4))
    np.testing.assert_allclose(network(z), values(module, z, (4,)), rtol=1e-12)
    assert relative_error(network(z[0]), forward(network.weights, z[0])) < 1e-14


class Doubled(nn.Sequential):
    def forward(self, z):
        return 2 * super().forward(z)


def refused_sequentials():
    line, relu = nn.Linear(4, 4, bias=False), nn.ReLU()
    norm, shifted = nn.BatchNorm1d(4).eval(), nn.BatchNorm1d(4).eval()
    nn.init.constant_(shifted.bias, 0.5)
    hooked = nn.Linear(4, 4, bias=False)
    hooked.register_forward_hook(lambda layer, inputs, output: output + 1)
    untracked = nn.BatchNorm1d(4, track_running_stats=False).eval()
    huge = nn.Linear(4, 4, bias=False)
    nn.init.constant_(huge.weight, 1e30)
    seq = nn.Sequential
    return [
        (seq(nn.Linear(4, 4), relu), ValueError, "no biases .* Linear|no biases .* ReLU at 1"),
        (seq(line, shifted, relu), ValueError, "no biases or shifts .* up to 0.5 before ReLU at 2"),
        (seq(line), ValueError, r"append nn.ReLU\(\)"),
        (seq(line, relu, line), ValueError, r"append nn.ReLU\(\)"),
        (seq(), ValueError, "no Linear"),
        (seq(line, line, relu), ValueError, "ReLU after every Linear .* Linear at 1"),
        (seq(relu, line, relu), ValueError, "begin with a Linear"),
        (seq(line, nn.Tanh()), TypeError, "Tanh at 1"),
        (seq(line, seq(nn.LeakyReLU())), TypeError, "LeakyReLU at 1.0"),
        (seq(line, nn.ReLU6()), TypeError, "ReLU6 at 1"),
        (seq(line, relu, norm), TypeError, "BatchNorm1d at 2"),
        (seq(line, nn.BatchNorm1d(4).train(), relu), ValueError, "running statistics"),
        (seq(line, untracked, relu), ValueError, "running statistics"),
        (seq(line, relu, nn.Dropout().train()), TypeError, "Dropout at 2 in training mode"),
        (seq(line, relu, nn.Unflatten(1, (2, 2)), nn.Linear(2, 2)), ValueError, "Linear at 3"),
        (seq(hooked, relu), ValueError, "hooks"),
        (seq(nn.Linear(4, 4, bias=False).half(), relu), ValueError, "float16 in Linear at 0"),
        (line, TypeError, "nn.Sequential"),
        (seq(line, nn.BatchNorm1d(5).eval(), relu), ValueError, "4 features in Batch.* got 5"),
        (seq(line, relu, nn.Linear(4, 9, bias=False).double(), relu), ValueError, "one dtype"),
        (seq(line, relu, nn.Linear(5, 9, bias=False), relu), ValueError, "4 inputs .* got 5"),
        (seq(nn.Flatten(0), line, relu), ValueError, r"take a tensor \(3, 4\)"),
        (seq(line, relu, nn.Flatten(0)), ValueError, "take a tensor"),
        (seq(nn.Linear(4, 4, bias=False, device="meta"), relu), ValueError, "device meta"),
        (Doubled(line, relu), ValueError, "a forward of its own"),
        (seq(huge, relu, huge, relu), ValueError, "finite"),
    ]


@pytest.mark.parametrize(("module", "error", "words"), refused_sequentials())
def test_a_sequential_that_is_no_bias_free_network_is_refused(module, error, words):
    with pytest.raises(error, match=must("module")) as caught:
        from_sequential(module)
    assert caught.match(words)


# load_weights.


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".safetensors"])
def test_weights_are_loaded(tmp_path, suffix):
    source, target = dcgan(dtype=torch.float32), dcgan(dtype=torch.float32)
    path = tmp_path / f"weights{suffix}"
    if suffix == ".safetensors":
        pytest.importorskip("safetensors.torch").save_file(source.state_dict(), path)
    else:
        torch.save(source.state_dict(), path)
    assert not torch.equal(source[0].weight, target[0].weight)
    assert load_weights(target, path) is None
    for name, value in target.state_dict().items():
        assert torch.equal(value, source.state_dict()[name])


class Malicious:
    """A pickle of it creates a file when it is read."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


@pytest.mark.parametrize("how", ["torch.save", "pickle", "state dict"])
def test_a_file_that_would_run_code_is_refused_and_runs_none(tmp_path, how):
    made, path, module = tmp_path / "made", tmp_path / "weights.pt", linear(4, 9)
    if how == "pickle":
        path.write_bytes(pickle.dumps(Malicious(made)))
    else:
        state = {"0.weight": torch.ones(9, 4), "more": Malicious(made)}
        torch.save(Malicious(made) if how == "torch.save" else state, path)
    before = module[0].weight.clone()
    with pytest.raises(ValueError, match=r"^`path` must hold plain tensors .*runs code") as caught:
        load_weights(module, path)
    assert "torch.load" not in str(caught.value)
    assert not made.exists()
    assert torch.equal(module[0].weight, before)
    # The file is what it is taken for.
    with contextlib.suppress(Exception):
        torch.load(path, weights_only=False)
    assert made.exists()


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"0.weight": torch.ones(9, 5)}, r"hold 0.weight of shape \(9, 4\)"),
        ({"0.weight": torch.ones(9, 4), "2.weight": torch.ones(3)}, "differs in 2.weight"),
        ({"1.weight": torch.ones(9, 4)}, "differs in 0.weight, 1.weight"),
        ({"epoch": 3, "0.weight": torch.ones(9, 4)}, "state dict"),
        ([torch.ones(9, 4)], "state dict"),
    ],
)
def test_weights_that_do_not_fit_leave_the_module_as_it_was(tmp_path, state, words):
    module, path = linear(4, 9), tmp_path / "weights.pth"
    before = module[0].weight.clone()
    torch.save(state, path)
    with pytest.raises(ValueError, match=must("path")) as caught:
        load_weights(module, path)
    assert caught.match(words)
    assert torch.equal(module[0].weight, before)


@pytest.mark.parametrize(
    ("tensor", "words"),
    [
        (lambda: torch.ones(5, 9).to_sparse(), "dense tensor .* a sparse"),
        (lambda: torch.ones(5, 9, device="meta"), "dense tensor .* without numbers"),
        (lambda: torch.nested.nested_tensor([torch.ones(9)] * 5), "dense tensor .* a nested"),
        (
            lambda: torch.quantize_per_tensor(torch.ones(5, 9), 0.1, 0, torch.quint8),
            "dense tensor .* a quantised",
        ),
        (lambda: torch.ones(5, 9) + 1j, "floating point .* got complex64"),
        (lambda: torch.ones(5, 9, dtype=torch.int64), "floating point .* got int64"),
        (lambda: torch.ones(5, 9) > 0, "floating point .* got bool"),
        (lambda: torch.full((5, 9), torch.nan), "finite in float32"),
        (lambda: torch.full((5, 9), 1e300, dtype=torch.float64), "finite in float32"),
    ],
)
@pytest.mark.filterwarnings("ignore::UserWarning")  # some kinds of tensors are young or old
def test_a_second_tensor_of_another_kind_leaves_the_first_as_it_was(tmp_path, tensor, words):
    module, path = linear(4, 9, 5), tmp_path / "weights.pt"
    before = module[0].weight.clone()
    torch.save({"0.weight": torch.ones(9, 4), "2.weight": tensor()}, path)
    with pytest.raises(ValueError, match=rf"^`path` must hold 2.weight .*{words}"):
        load_weights(module, path)
    assert torch.equal(module[0].weight, before)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_weights_may_be_of_another_precision(tmp_path, dtype):
    module, path = linear(4, 9), tmp_path / "weights.pt"
    torch.save({"0.weight": torch.full((9, 4), 0.5, dtype=dtype)}, path)
    load_weights(module, path)
    assert torch.equal(module[0].weight, torch.full((9, 4), 0.5))


@pytest.mark.filterwarnings("ignore::UserWarning")  # lazy modules are young
def test_a_module_that_holds_no_numbers_yet_is_refused(tmp_path):
    path = tmp_path / "weights.pt"
    torch.save({"0.weight": torch.ones(9, 4)}, path)
    with torch.inference_mode():
        inference = linear(4, 9)
    lazy = nn.Sequential(nn.LazyLinear(9, bias=False))
    for module in (inference, lazy, linear(4, 9).to("meta")):
        with pytest.raises(ValueError, match=r"^`module` must be made of dense tensors"):
            load_weights(module, path)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_file_cut_short_is_not_said_to_run_code(tmp_path, zipped):
    module, path = linear(4, 9), tmp_path / "weights.pt"
    torch.save(module.state_dict(), path, _use_new_zipfile_serialization=zipped)
    load_weights(module, path)
    whole = path.read_bytes()
    for size in (0, 20, len(whole) // 2, len(whole) - 10):
        path.write_bytes(whole[:size])
        with pytest.raises(ValueError, match="is damaged, cut short, or of another kind") as caught:
            load_weights(module, path)
        assert "code" not in str(caught.value)


def test_damaged_and_missing_files_of_weights(tmp_path):
    module = linear(4, 9)
    for name in ("a.pt", "a.pth", "a.safetensors"):
        with pytest.raises(FileNotFoundError):
            load_weights(module, tmp_path / name)
        (tmp_path / name).write_bytes(b"no weights")
        with pytest.raises(ValueError, match=r"^`path` must hold plain tensors because"):
            load_weights(module, tmp_path / name)
    with pytest.raises(ValueError, match=must("path")):
        load_weights(module, tmp_path / "a.npz")
    with pytest.raises(TypeError, match=must("path")):
        load_weights(module, 3)
    with pytest.raises(TypeError, match=must("module")):
        load_weights(OrderedDict(), tmp_path / "a.pt")


def test_the_examples_of_the_page_run_as_they_stand(tmp_path, monkeypatch, capsys):
    page = (Path(__file__).parents[1] / "docs" / "interop.md").read_text(encoding="utf-8")
    text = page[page.index("## PyTorch") : page.index("## Safetensors")]
    monkeypatch.chdir(tmp_path)
    names = {}
    for example in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(compile(example, "docs/interop.md", "exec"), names)
    assert names["result"].relative_residual < 1e-3
    shown = capsys.readouterr().out
    assert "Result(" in shown
    assert "Assumed to be positively homogeneous, though not found to be: `g1` and `g2`." in shown


def test_gendemod_does_not_import_torch_and_says_what_is_missing_without_it():
    code = (
        "import sys, gendemod, gendemod.interop; assert 'torch' not in sys.modules\n"
        "sys.modules['torch'] = None\n"
        "try: import gendemod.interop.torch\n"
        "except ImportError as error: print(error)\n"
    )
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert out.stdout.strip().endswith("needs PyTorch; install gendemod[torch]")
