"""Bias-free ReLU networks from and to ``nn.Sequential``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from .._arrays import finite, must
from ..network import ReLUNetwork
from ._torch_entry import DTYPES, as_array, close, first_line

CHAIN = "a ReLUNetwork is relu(W_d ... relu(W_1 z))"


def from_sequential(module: nn.Sequential) -> ReLUNetwork:
    r"""Return the network that a Sequential of linear layers and ReLUs is.

    .. math:: G(z) = \mathrm{relu}(W_d \cdots \mathrm{relu}(W_1 z))

    Parameters
    ----------
    module : torch.nn.Sequential
        Of Linear layers, each followed by a ReLU; Sequentials in it are opened. BatchNorm1d in
        evaluation mode between the two is folded: its scale into the rows of W, if the shift comes
        out exactly 0. Identity, Dropout in evaluation mode, Flatten, and an Unflatten of the
        output are left out.

    Returns
    -------
    ReLUNetwork
        A copy, in the dtype of the weights.

    Raises
    ------
    TypeError
        If it is no Sequential, or holds another module, which is named.
    ValueError
        If a shift is not 0 (such a network is not positively homogeneous; TorchGenerator takes
        it), if a ReLU is missing, also the last, if layers do not fit together in size or dtype, or
        if hooks or a forward of its own change what the layers do.
    """
    if not isinstance(module, nn.Sequential):
        reason = "its layers are read in their order"
        raise TypeError(must("module", "be an nn.Sequential", reason, type(module).__name__))
    weights: list[Tensor] = []
    pending: tuple[Tensor, Tensor] | None = None  # weight and shift of a Linear before its ReLU
    flat = True
    for where, layer in _layers(module):
        kind = type(layer)
        if not flat and kind in (nn.Linear, nn.BatchNorm1d):
            raise ValueError(must("module", "unflatten nothing but its output", CHAIN, where))
        if kind is nn.Linear:
            if pending is not None:
                raise ValueError(must("module", "have a ReLU after every Linear", CHAIN, where))
            pending = _linear(layer, where, weights)
        elif kind is nn.BatchNorm1d and pending is not None:
            pending = _folded(*pending, layer, where)
        elif kind is nn.ReLU:
            if pending is None and not weights:
                raise ValueError(must("module", "begin with a Linear", CHAIN, where))
            if pending is not None:
                weights.append(_without_shift(*pending, where))
            pending = None
        elif kind in (nn.Flatten, nn.Unflatten):
            flat = kind is nn.Flatten
        elif kind is not nn.Identity and not (kind is nn.Dropout and not layer.training):
            requirement = "hold bias-free Linear layers, each with a ReLU"
            raise TypeError(must("module", requirement, CHAIN, where))
    if pending is not None or not weights:
        got = "a Linear at the end" if pending is not None else "no Linear"
        raise ValueError(must("module", "end with a ReLU (append nn.ReLU())", CHAIN, got))
    network = ReLUNetwork([W.cpu().numpy() for W in weights])
    _compare(network, module, weights[0])
    return network


def to_sequential(network: ReLUNetwork) -> nn.Sequential:
    """Return Linear layers and ReLUs with the same numbers and dtype, in evaluation mode.

    Parameters
    ----------
    network : ReLUNetwork

    Returns
    -------
    torch.nn.Sequential
        ``Linear(bias=False), ReLU, Linear(bias=False), ...``, with weights of its own.
    """
    if not isinstance(network, ReLUNetwork):
        reason = "its weights become Linear layers"
        raise TypeError(must("network", "be a ReLUNetwork", reason, type(network).__name__))
    layers: list[nn.Module] = []
    for W in network.weights:
        weight = torch.tensor(W)
        # On the device "meta" nothing is drawn from PyTorch's global random numbers.
        linear = nn.Linear(weight.shape[1], weight.shape[0], bias=False, device="meta")
        linear.weight = nn.Parameter(weight)
        layers += [linear, nn.ReLU()]
    return nn.Sequential(*layers).eval()


def _layers(module: nn.Sequential, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the layers with a text that names them and says where they are."""
    for number, layer in enumerate(module):
        if type(layer) is nn.Sequential:
            yield from _layers(layer, f"{prefix}{number}.")
        else:
            mode = " in training mode" if layer.training and hasattr(layer, "p") else ""
            yield f"{type(layer).__name__} at {prefix}{number}{mode}", layer


def _linear(layer: nn.Linear, where: str, before: list[Tensor]) -> tuple[Tensor, Tensor]:
    """Return the weight, and the bias in float64."""
    W = layer.weight.detach()
    name = str(W.dtype).removeprefix("torch.")
    if W.dtype not in DTYPES:
        reason = "a ReLUNetwork is one of these"
        raise ValueError(must("module", "be of float32 or float64", reason, f"{name} in {where}"))
    if W.is_meta:
        raise ValueError(must("module", "hold numbers", CHAIN, f"the device meta in {where}"))
    if before and W.dtype != before[-1].dtype:
        raise ValueError(must("module", "be of one dtype", CHAIN, f"{name} in {where}"))
    if before and W.shape[1] != len(before[-1]):
        requirement = f"take {len(before[-1])} inputs in {where}"
        raise ValueError(must("module", requirement, CHAIN, W.shape[1]))
    bias = layer.bias if layer.bias is not None else W.new_zeros(len(W))
    return W, bias.detach().double()


def _folded(W: Tensor, shift: Tensor, layer: nn.BatchNorm1d, where: str) -> tuple[Tensor, Tensor]:
    """Return s W and s (shift - mean) + beta, s = gamma / sqrt(var + eps)."""
    if layer.training or layer.running_mean is None or layer.running_var is None:
        reason = "its scale would depend on the batch (call module.eval())"
        raise ValueError(must("module", "normalise by running statistics", reason, where))
    if layer.num_features != len(W):
        requirement = f"have {len(W)} features in {where}"
        raise ValueError(must("module", requirement, CHAIN, layer.num_features))
    scale = (layer.running_var.double() + layer.eps).rsqrt()
    shift = (shift - layer.running_mean.double()) * scale
    if layer.affine:
        scale = scale * layer.weight.detach().double()
        shift = shift * layer.weight.detach().double() + layer.bias.detach().double()
    return (W.double() * scale[:, None]).to(W.dtype), shift


def _without_shift(W: Tensor, shift: Tensor, where: str) -> Tensor:
    if shift.any():
        reason = (
            "only then is G(c z) = c G(z) for c > 0, on which the theory rests "
            "(TorchGenerator takes networks with shifts)"
        )
        got = f"up to {float(shift.abs().max()):.3g} before {where}"
        raise ValueError(must("module", "have no biases or shifts", reason, got))
    return W


def _compare(network: ReLUNetwork, module: nn.Sequential, like: Tensor) -> None:
    """Check the network against the module, whose hooks and forward could do anything."""
    z = np.random.default_rng(0).standard_normal((3, network.dims[0])).astype(network.dtype)
    try:
        with torch.no_grad():
            output = module(torch.tensor(z, dtype=like.dtype, device=like.device)).flatten(1)
    except Exception as error:  # whatever a module may raise
        requirement = f"take a tensor {z.shape}"
        raise ValueError(must("module", requirement, CHAIN, first_line(error))) from error
    theirs = finite(as_array(output, network.dtype), "module")
    if theirs.shape != (3, network.dims[-1]) or not close(network(z), theirs):
        reason = "hooks, or a forward of its own, change what it computes"
        raise ValueError(must("module", "do what its layers say", reason, "other outputs"))
