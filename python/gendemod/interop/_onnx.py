"""ONNX graphs that are a bias-free ReLU network: a chain of matrices, each with its ReLU."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from .._arrays import Array, must
from .._arrays import path as checked_path
from .._weights import network_layers
from ..network import ReLUNetwork
from ._onnx_file import Graph, Node, read_graph

_FLOATS: dict[int, np.dtype[Any]] = {  # by their numbers in TensorProto.DataType
    1: np.dtype(np.float32),
    10: np.dtype(np.float16),
    11: np.dtype(np.float64),
}
_ROWS = "a row is what becomes of one latent"
_G = "G(z) = relu(W_d ... relu(W_1 z))"


def load_onnx(path: str | os.PathLike[str]) -> ReLUNetwork:
    r"""Return the network that an ONNX graph computes.

    .. math:: G(z) = \mathrm{relu}(W_d \cdots \mathrm{relu}(W_1 z))

    Parameters
    ----------
    path : str or path
        A chain of ``Gemm`` or ``MatMul`` from the right (rows are latents), each followed by a
        ``Relu``. ``Identity``, ``Cast`` between kinds of floats, and ``Flatten`` and ``Reshape`` of
        each row by itself may stand between, since they keep the numbers and their order; ``Add``
        and the third input of ``Gemm`` if they add zeros. Matrices are float16, float32 or float64
        constants, also after ``Identity``, ``Transpose`` and ``Cast``, in the file or in another of
        the same folder.

    Raises
    ------
    ValueError
        If the file is damaged or computes anything else; the message names the operator.
    OSError
        If it cannot be read.
    ImportError
        Without the extra ``onnx``.

    Notes
    -----
    The network is float32 if all matrices are float16 or float32, whatever ``Cast`` does to the
    numbers on their way. The factor ``alpha`` of ``Gemm`` is multiplied into its matrix.
    """
    text = checked_path(path)
    chain = _Chain(text, read_graph(text))
    return ReLUNetwork(network_layers(text, chain.weights))


class _Chain:
    """A walk along the nodes of a graph with the one value that is no constant."""

    def __init__(self, path: str, graph: Graph) -> None:
        self._path = path
        self._constants = dict(graph.constants)
        self._batch, self._width = graph.batch, graph.width
        self._relu_due = False
        self.weights: list[Array] = []
        if len(graph.inputs) != 1 or len(graph.outputs) != 1:
            got = f"{len(graph.inputs)} inputs and {len(graph.outputs)} outputs"
            self._refuse("have one input and one output", got)
        self._value = graph.inputs[0]
        # Overflow makes infinities, which no network is built from.
        with np.errstate(all="ignore"):
            for node in graph.nodes:
                self._follow(node)
        if self._value != graph.outputs[0]:
            self._refuse("be a chain", f"the output {graph.outputs[0]!r} is not its end")
        if self._relu_due or not self.weights:
            self._refuse("end in a Relu", f"operator {graph.nodes[-1].operator} at its end")

    def _refuse(self, requirement: str, got: str, reason: str = f"it is read as {_G}") -> NoReturn:
        raise ValueError(must("path", requirement, reason, f"{self._path} ({got})"))

    def _follow(self, node: Node) -> None:
        """Go on by one node: it makes another constant, or takes the value to the next one."""
        arrays = [self._constants[name] for name in node.inputs if name in self._constants]
        constant = len(arrays) == len(node.inputs)
        operators = _ON_CONSTANTS if constant else _ON_THE_VALUE
        if node.operator not in operators:
            where = "constants" if constant else "what is made of the latent"
            known = ", ".join(sorted(operators))
            self._refuse(f"use nothing but {known} on {where}", f"operator {node.operator}")
        apply, counts = operators[node.operator]
        variables = [name for name in node.inputs if name not in self._constants]
        if len(node.outputs) != 1 or variables != [self._value][: len(variables)]:
            self._refuse("be a chain", f"{node.operator} from {node.inputs} to {node.outputs}")
        if len(arrays) not in counts:
            self._refuse("be a valid graph", f"{node.operator} of {len(arrays)} constants")
        if variables and node.operator != "Add" and node.inputs[0] != self._value:
            reason = "latents are rows, multiplied from the right"
            self._refuse(f"have constants last in {node.operator}", f"{node.inputs}", reason)
        made = apply(self, node, *arrays)
        if constant:
            self._constants[node.outputs[0]] = made
        else:
            self._value = node.outputs[0]

    def _option(self, node: Node, name: str, default: Any) -> Any:
        """Return an attribute of the type of its default."""
        value = node.attributes.get(name, default)
        if type(value) is not type(default):
            self._refuse("be a valid graph", f"{name} of {node.operator} is {value!r}")
        return value

    # On constants: return what they make.

    def _constant(self, node: Node) -> Array:
        value = next(iter(node.attributes.values()), None)
        if not isinstance(value, np.ndarray | float | int | list) or len(node.attributes) > 1:
            self._refuse(
                "hold constants that are numbers", f"Constant of {sorted(node.attributes)}"
            )
        return np.asarray(value)

    def _same(self, node: Node, array: Array) -> Array:
        return array

    def _transposed(self, node: Node, array: Array) -> Array:
        order = self._option(node, "perm", [1, 0])
        if array.ndim != 2 or order not in ([0, 1], [1, 0]):
            self._refuse("transpose matrices alone", f"Transpose of shape {array.shape}")
        return array.transpose(order)

    def _converted(self, node: Node, array: Array) -> Array:
        self._check_floats(array)
        return array.astype(self._float_type(node))

    # On the value: note what is done to it, here and with constants.

    def _product(self, node: Node, B: Array) -> None:
        """z becomes z B, so that W = B^T."""
        self._check_floats(B)
        if self._relu_due:
            self._refuse("have a Relu after every matrix", f"{node.operator} after a matrix")
        if B.ndim != 2 or B.shape[0] != (self._width or B.shape[0]):
            rows = f" of {self._width} rows" if self._width else ""
            reason = "each layer feeds the next"
            self._refuse(f"multiply by matrices{rows}", f"shape {B.shape}", reason)
        self.weights.append(B.T)
        self._width = B.shape[1]
        self._relu_due = True

    def _gemm(self, node: Node, B: Array, C: Array | None = None) -> None:
        """z becomes alpha z B + beta C."""
        if self._option(node, "transA", 0):
            reason = "the rows of its input are latents"
            self._refuse("not transpose its input", "transA of Gemm", reason)
        alpha, beta = (self._option(node, name, 1.0) for name in ("alpha", "beta"))
        self._check_floats(B)
        scaled = B if alpha == 1 else alpha * B.astype(np.result_type(B, np.float32))
        self._product(node, scaled.T if self._option(node, "transB", 0) else scaled)
        if C is not None and beta != 0:
            self._sum(node, C)

    def _sum(self, node: Node, C: Array) -> None:
        if np.any(C != 0):
            reason = f"{_G} has no biases"
            self._refuse("add nothing but zeros", f"a bias in {node.operator}", reason)
        if C.size != 1 and not C.shape[-1] == C.size == self._width:
            reason = "the numbers stay as many"
            self._refuse("add zeros of one row", f"zeros of shape {C.shape}", reason)

    def _relu(self, node: Node) -> None:
        if not self._relu_due:
            self._refuse("have a matrix before every Relu", "a Relu without")
        self._relu_due = False

    def _same_value(self, node: Node) -> None:
        pass

    def _flattened(self, node: Node) -> None:
        axis = self._option(node, "axis", 1)
        if axis != 1:
            self._refuse("flatten each row by itself", f"Flatten of axis {axis}", _ROWS)

    def _converted_value(self, node: Node) -> None:
        self._float_type(node)

    def _reshaped(self, node: Node, shape: Array) -> None:
        """The first axis stays that of the batch, or there is none and all is one latent's."""
        sizes = shape.ravel().tolist() if shape.dtype == np.int64 else []
        row = math.prod(sizes[1:])
        # The size of a row is said, or it is what a batch of the same length leaves.
        said = row > 0 and self._width in (0, row, math.prod(sizes))
        left = row <= 0 and sizes[0] in (0, self._batch)
        if not sizes or not (said or left):
            rows = f" of {self._width}" if self._width else ""
            self._refuse(f"reshape to rows{rows}", f"Reshape to {sizes}", _ROWS)

    def _float_type(self, node: Node) -> np.dtype[Any]:
        kind = self._option(node, "to", 0)
        if kind not in _FLOATS:
            reason = "others are no real arithmetic"
            self._refuse("cast to float16, float32 or float64", f"Cast to type {kind}", reason)
        return _FLOATS[kind]

    def _check_floats(self, array: Array) -> None:
        if array.dtype not in _FLOATS.values():
            reason = "others are no real arithmetic"
            got = f"an array of {array.dtype}"
            self._refuse("hold matrices of float16, float32 or float64", got, reason)


# What an operator does, and of how many constants.
_Operators = dict[str, tuple[Callable[..., Any], tuple[int, ...]]]
_ON_CONSTANTS: _Operators = {
    "Cast": (_Chain._converted, (1,)),
    "Constant": (_Chain._constant, (0,)),
    "Identity": (_Chain._same, (1,)),
    "Transpose": (_Chain._transposed, (1,)),
}
_ON_THE_VALUE: _Operators = {
    "Add": (_Chain._sum, (1,)),
    "Cast": (_Chain._converted_value, (0,)),
    "Flatten": (_Chain._flattened, (0,)),
    "Gemm": (_Chain._gemm, (1, 2)),
    "Identity": (_Chain._same_value, (0,)),
    "MatMul": (_Chain._product, (1,)),
    "Relu": (_Chain._relu, (0,)),
    "Reshape": (_Chain._reshaped, (1,)),
}
