"""Networks from ONNX graphs, against ONNX's own evaluator; everything else is refused by name."""

import os
import re
import warnings

import numpy as np
import pytest

pytest.importorskip("onnx")

from onnx import helper, numpy_helper

from gendemod.interop import load_onnx
from onnx_graphs import chain, computed, model, node, saved
from reference import random_weights

FAULT = r"(?s)^`path` must .+ because .+; got "
W1, W2 = random_weights((3, 5, 8), 0, np.float32)
Z = np.random.default_rng(0).standard_normal((4, 3)).astype("f4")
RELU1, RELU2 = node("Relu", ["a"], ["b"]), node("Relu", ["c"], ["y"])
PLAIN = {"A": W1.T, "B": W2.T}
FIRST, SECOND = node("MatMul", ["z", "A"], ["a"]), node("MatMul", ["b", "B"], ["c"])


def constant(name, array):
    return node("Constant", [], [name], value=numpy_helper.from_array(np.asarray(array)))


RESHAPED = [
    FIRST,
    RELU1,
    node("Reshape", ["b", "shape"], ["r"]),
    node("MatMul", ["r", "B"], ["c"]),
    RELU2,
]


def gemm(value, matrix, out, *bias, **options):
    return node("Gemm", [value, matrix, *bias], [out], **options)


ACCEPTED = {
    "MatMul": ([FIRST, RELU1, SECOND, RELU2], PLAIN),
    "Gemm": ([gemm("z", "A", "a"), RELU1, gemm("b", "B", "c"), RELU2], PLAIN),
    "Gemm transposed and scaled": (
        [
            gemm("z", "V", "a", transB=1, alpha=0.5, beta=0.0),
            RELU1,
            gemm("b", "B", "c", alpha=-2.0),
            RELU2,
        ],
        {"V": W1, "B": W2.T},
    ),
    "zero biases": (
        [
            gemm("z", "A", "a", "C"),
            RELU1,
            SECOND,
            node("Add", ["D", "c"], ["e"]),
            node("Relu", ["e"], ["y"]),
        ],
        {**PLAIN, "C": np.zeros(5, "f4"), "D": np.zeros((1, 8), "f4")},
    ),
    "a bias times beta = 0": (
        [gemm("z", "A", "a", "C", beta=0.0), RELU1, SECOND, RELU2],
        {**PLAIN, "C": np.ones(5, "f4")},
    ),
    "constants on their way": (
        [
            node("Transpose", ["V"], ["T"]),
            node("Identity", ["T"], ["A"]),
            FIRST,
            RELU1,
            constant("U", W2.astype("f8")),
            node("Transpose", ["U"], ["S"], perm=[1, 0]),
            node("Cast", ["S"], ["B"], to=1),
            SECOND,
            RELU2,
        ],
        {"V": W1},
    ),
    "a latent that is copied, cast and reshaped": (
        [
            node("Flatten", ["z"], ["f"]),
            node("Identity", ["f"], ["i"]),
            node("Cast", ["i"], ["j"], to=1),
            node("MatMul", ["j", "A"], ["a"]),
            RELU1,
            SECOND,
            node("Relu", ["c"], ["r"]),
            constant("shape", np.array([-1, 1, 2, 4])),
            node("Reshape", ["r", "shape"], ["y"]),
        ],
        PLAIN,
    ),
    "a batch of one size": (
        [
            FIRST,
            RELU1,
            SECOND,
            node("Relu", ["c"], ["r"]),
            node("Constant", [], ["shape"], value_ints=[4, 2, 4]),
            node("Reshape", ["r", "shape"], ["y"]),
        ],
        PLAIN,
    ),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_a_network_is_what_the_graph_computes(tmp_path, name):
    graph = model(*ACCEPTED[name], (3,))
    g = load_onnx(saved(graph, tmp_path / "g.onnx"))
    assert (g.dims, g.dtype) == ((3, 5, 8), np.float32)
    expected = computed(graph, Z)
    assert np.any(expected > 0)
    np.testing.assert_allclose(g(Z), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dims", [(1, 1), (3, 8, 21), (2, 3, 4, 3, 2, 3, 4, 3, 2, 3, 4, 5, 6)])
@pytest.mark.parametrize("kind", ["float16", "float32", "float64"])
def test_weights_come_back_bit_for_bit(tmp_path, dims, kind):
    weights = [W.astype(kind) for W in random_weights(dims, 1)]
    g = load_onnx(saved(chain(weights), tmp_path / "g.onnx"))
    assert g.dtype == ("float64" if kind == "float64" else "float32")
    for read, W in zip(g.weights, weights, strict=True):
        np.testing.assert_array_equal(read, W.astype(g.dtype))


@pytest.mark.parametrize("sizes", [[4, -1], [0, -1], [0, 0], [-1, 5], [4, 5]])
def test_a_reshape_keeps_the_rows_of_a_batch(tmp_path, sizes):
    graph = model(RESHAPED, {**PLAIN, "shape": np.array(sizes)}, (3,))
    graph.graph.input[0].type.tensor_type.shape.dim[0].dim_value = len(Z)
    g = load_onnx(saved(graph, tmp_path / "g.onnx"))
    np.testing.assert_allclose(g(Z), computed(graph, Z), rtol=1e-5, atol=1e-6)


def test_initializers_may_be_listed_among_the_inputs_as_old_files_do(tmp_path):
    graph = chain([W1, W2])
    kind = graph.graph.initializer[0].data_type
    graph.graph.input.append(helper.make_tensor_value_info("B1", kind, W1.T.shape))
    np.testing.assert_array_equal(load_onnx(saved(graph, tmp_path / "g.onnx")).weights[0], W1)


def test_what_torch_exports_computes_the_same(tmp_path):
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    net = torch.nn.Sequential(
        torch.nn.Linear(3, 5, bias=False),
        torch.nn.ReLU(),
        torch.nn.Linear(5, 8, bias=False),
        torch.nn.ReLU(),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter, about itself
        torch.onnx.export(net, (torch.zeros(1, 3),), str(tmp_path / "g.onnx"), dynamo=False)
    with torch.no_grad():
        expected = net(torch.from_numpy(Z)).numpy()
    np.testing.assert_allclose(load_onnx(tmp_path / "g.onnx")(Z), expected, rtol=1e-5, atol=1e-6)


REFUSED = {
    "a bias in Gemm": (
        [gemm("z", "A", "a", "C"), RELU1, SECOND, RELU2],
        {**PLAIN, "C": np.eye(1, 5, dtype="f4")[0]},
        "add nothing but zeros.*no biases.*Gemm",
    ),
    "a bias in Add": (
        [FIRST, node("Add", ["a", "C"], ["d"]), node("Relu", ["d"], ["b"]), SECOND, RELU2],
        {**PLAIN, "C": np.ones(5, "f4")},
        "add nothing but zeros.*no biases.*Add",
    ),
    "zeros that make more rows": (
        [FIRST, node("Add", ["a", "C"], ["d"]), node("Relu", ["d"], ["b"]), SECOND, RELU2],
        {**PLAIN, "C": np.zeros((5, 1), "f4")},
        r"zeros of one row.*\(5, 1\)",
    ),
    "no Relu at the end": (
        [FIRST, RELU1, node("MatMul", ["b", "B"], ["y"])],
        PLAIN,
        "end in a Relu",
    ),
    "no matrix": ([node("Identity", ["z"], ["y"])], {}, "end in a Relu"),
    "a Relu first": (
        [node("Relu", ["z"], ["x"]), node("MatMul", ["x", "A"], ["a"]), node("Relu", ["a"], ["y"])],
        PLAIN,
        "a matrix before every Relu",
    ),
    "two matrices in a row": (
        [FIRST, node("MatMul", ["a", "B"], ["c"]), RELU2],
        PLAIN,
        "a Relu after every matrix",
    ),
    "a convolution": ([node("Conv", ["z", "A"], ["y"])], PLAIN, "operator Conv"),
    "a sigmoid": (
        [FIRST, RELU1, SECOND, node("Relu", ["c"], ["r"]), node("Sigmoid", ["r"], ["y"])],
        PLAIN,
        "operator Sigmoid",
    ),
    "an operator of another domain": (
        [FIRST, node("Relu", ["a"], ["y"], domain="evil")],
        PLAIN,
        r"operator evil\.Relu",
    ),
    "arithmetic of constants": (
        [node("Relu", ["A"], ["R"]), node("MatMul", ["z", "R"], ["a"]), node("Relu", ["a"], ["y"])],
        PLAIN,
        "constants.*operator Relu",
    ),
    "a sum of two values": (
        [FIRST, RELU1, node("Add", ["b", "a"], ["c"]), RELU2],
        PLAIN,
        "be a chain.*Add",
    ),
    "a branch": (
        [FIRST, RELU1, node("MatMul", ["z", "A"], ["c"]), RELU2],
        PLAIN,
        "be a chain.*MatMul",
    ),
    "nodes in no order": ([RELU1, FIRST, SECOND, RELU2], PLAIN, "be a chain"),
    "more behind the output": (
        [FIRST, node("Relu", ["a"], ["y"]), node("Identity", ["y"], ["x"])],
        PLAIN,
        "be a chain.*'y'",
    ),
    "a matrix from the left": (
        [node("MatMul", ["A", "z"], ["a"]), node("Relu", ["a"], ["y"])],
        PLAIN,
        "constants last in MatMul",
    ),
    "transA": ([gemm("z", "A", "a", transA=1), node("Relu", ["a"], ["y"])], PLAIN, "transA"),
    "matrices that do not fit": (
        [FIRST, RELU1, node("MatMul", ["b", "A"], ["c"]), RELU2],
        PLAIN,
        r"of 5 rows.*\(3, 5\)",
    ),
    "an input of another width": (
        [node("MatMul", ["z", "B"], ["c"]), RELU2],
        PLAIN,
        r"of 3 rows.*\(5, 8\)",
    ),
    "a vector": ([FIRST, RELU2], {"A": np.ones(3, "f4")}, r"\(3,\)"),
    "an array of three axes": (
        [node("Transpose", ["A"], ["T"]), node("MatMul", ["z", "T"], ["c"]), RELU2],
        {"A": np.ones((1, 2, 3), "f4")},
        r"transpose matrices.*\(1, 2, 3\)",
    ),
    "integers": (
        [node("MatMul", ["z", "A"], ["c"]), RELU2],
        {"A": np.ones((3, 2), "i8")},
        "array of int64",
    ),
    "a cast to integers": (
        [node("Cast", ["z"], ["i"], to=7), node("MatMul", ["i", "A"], ["c"]), RELU2],
        PLAIN,
        "Cast to type 7",
    ),
    "a reshape that splits rows": (
        [
            FIRST,
            RELU1,
            constant("shape", np.array([1, 3])),
            node("Reshape", ["b", "shape"], ["y"]),
        ],
        PLAIN,
        "rows of 5",
    ),
    "a reshape that divides the batch": (
        RESHAPED,
        {**PLAIN, "shape": np.array([7, -1])},
        r"rows of 5 because a row.*Reshape to \[7, -1\]",
    ),
    "a reshape that joins rows": (
        RESHAPED,
        {**PLAIN, "shape": np.array([-1])},
        r"rows of 5.*Reshape to \[-1\]",
    ),
    "a flatten that joins rows": (
        [FIRST, RELU1, node("Flatten", ["b"], ["y"], axis=0)],
        PLAIN,
        "each row by itself.*Flatten of axis 0",
    ),
    "words": ([node("Constant", [], ["A"], value_string="no"), FIRST, RELU2], {}, "are numbers"),
    "not a number": (
        [node("MatMul", ["z", "A"], ["c"]), RELU2],
        {"A": np.full((3, 2), np.nan, "f4")},
        "be finite",
    ),
    "numbers that overflow": (
        [gemm("z", "A", "c", alpha=3e38), RELU2],
        {"A": np.full((3, 2), 10, "f4")},
        "be finite",
    ),
    "an attribute of another type": (
        [gemm("z", "A", "c", alpha=1), RELU2],
        PLAIN,
        "alpha of Gemm is 1",
    ),
    "too few inputs": ([node("MatMul", ["z"], ["c"]), RELU2], PLAIN, "MatMul of 0 constants"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_anything_else_is_refused_with_the_reason(tmp_path, name):
    nodes, constants, words = REFUSED[name]
    path = saved(model(nodes, constants, (3,)), tmp_path / "g.onnx")
    with pytest.raises(ValueError, match=rf"{FAULT}.*g\.onnx") as error:
        load_onnx(path)
    assert re.search(words, str(error.value))


@pytest.mark.parametrize(
    "ends", [{"inputs": ("z", "x")}, {"outputs": ("y", "b")}, {"inputs": ()}, {"outputs": ()}]
)
def test_there_is_one_input_and_one_output(tmp_path, ends):
    graph = model([FIRST, RELU1, SECOND, RELU2], PLAIN, (3,), **ends)
    if ends.get("outputs") == ():
        del graph.graph.output[:]
    with pytest.raises(ValueError, match=FAULT) as error:
        load_onnx(saved(graph, tmp_path / "g.onnx"))
    assert "one input and one output" in str(error.value)


def test_functions_of_the_file_are_refused(tmp_path):
    graph = chain([W1, W2])
    graph.functions.append(
        helper.make_function(
            "", "Relu", ["u"], ["v"], [node("Neg", ["u"], ["v"])], graph.opset_import
        )
    )
    with pytest.raises(ValueError, match=FAULT + ".*functions of its own"):
        load_onnx(saved(graph, tmp_path / "g.onnx"))


# Weights in another file.


def external(path, location, **entries):
    """Save a chain at `path` whose first matrix is said to be in the file `location`."""
    graph = chain([W1, W2])
    tensor = graph.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = tensor.EXTERNAL
    for key, value in {"location": location, **entries}.items():
        tensor.external_data.add(key=key, value=str(value))
    return saved(graph, path)


CONTENT = np.ascontiguousarray(W1.T).tobytes()


def test_weights_in_another_file_of_the_folder_are_read(tmp_path, monkeypatch):
    (tmp_path / "g.data").write_bytes(b"12345678" + CONTENT + b"more")
    external(tmp_path / "g.onnx", "g.data", offset=8, length=len(CONTENT))
    monkeypatch.chdir(tmp_path)
    for path in (tmp_path / "g.onnx", "g.onnx"):
        np.testing.assert_array_equal(load_onnx(path).weights[0], W1)


@pytest.mark.parametrize("kind", ["up", "absolute", "below", "link", "folder", "absent", "empty"])
def test_weights_in_any_other_place_are_refused(tmp_path, kind):
    folder = tmp_path / "model"
    (folder / "sub").mkdir(parents=True)
    for place in (tmp_path, folder / "sub"):
        (place / "secret").write_bytes(CONTENT)
    os.symlink(tmp_path / "secret", folder / "link")
    location = {
        "up": "../secret",
        "absolute": str(tmp_path / "secret"),
        "below": "sub/secret",
        "link": "link",
        "folder": "sub",
        "absent": "secret",
        "empty": "",
    }[kind]
    with pytest.raises(ValueError, match=FAULT + ".*no file of the same folder"):
        load_onnx(external(folder / "g.onnx", location))


@pytest.mark.parametrize(
    "entries", [{"offset": 4}, {"offset": -1}, {"offset": "x"}, {"length": 3}, {"offset": 10**30}]
)
def test_weights_that_are_not_all_in_the_other_file_are_refused(tmp_path, entries):
    (tmp_path / "g.data").write_bytes(CONTENT)
    with pytest.raises(ValueError, match=FAULT):
        load_onnx(external(tmp_path / "g.onnx", "g.data", **entries))


# Damage.


def test_any_flipped_bits_give_a_network_or_one_error(tmp_path):
    whole = chain([W1, W2]).SerializeToString()
    rng = np.random.default_rng(0)
    messages = []
    for _ in range(500):
        spoiled = bytearray(whole)
        for place in rng.integers(len(whole), size=rng.integers(1, 4)):
            spoiled[place] ^= 1 << rng.integers(8)
        (tmp_path / "g.onnx").write_bytes(spoiled)
        try:
            load_onnx(tmp_path / "g.onnx")
        except ValueError as error:
            messages.append(str(error))
    assert len(messages) > 100
    assert all(re.match(FAULT, message) for message in messages)
