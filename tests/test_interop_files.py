"""Networks from and to safetensors, damaged files of every kind, and the command line's door."""

import itertools
import json
import os
import pickle
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("safetensors")
pytest.importorskip("onnx")

from safetensors.numpy import load_file, save

import gendemod as gd
from gendemod.cli import main
from gendemod.interop import load_onnx, load_safetensors, save_safetensors
from onnx_graphs import chain, saved
from reference import random_weights
from solving import G1, G2, SIDE, assert_refused, factors, report_of

FAULT = r"(?s)^`path` must .+ because .+; got "
DIMS = [(1, 1), (3, 8, 21), (2, 3, 4, 3, 2, 3, 4, 3, 2, 3, 4, 5, 6)]
WEIGHTS = random_weights((3, 8, 21), 0)


def write_onnx(network, path):
    saved(chain([np.array(W) for W in network.weights]), path)


WRITERS = {".npz": gd.ReLUNetwork.save, ".safetensors": save_safetensors, ".onnx": write_onnx}
READERS = {".npz": gd.ReLUNetwork.load, ".safetensors": load_safetensors, ".onnx": load_onnx}


def stored(tmp_path, arrays):
    """A safetensors file of named arrays."""
    arrays = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    (tmp_path / "g.safetensors").write_bytes(save(arrays))
    return tmp_path / "g.safetensors"


# Safetensors.


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("dims", DIMS)
@pytest.mark.parametrize("kind", [str, lambda path: path], ids=["str", "path"])
def test_a_saved_network_comes_back_bit_for_bit(tmp_path, dims, dtype, kind):
    g = gd.ReLUNetwork(random_weights(dims, 1, dtype))
    path = kind(tmp_path / "g.safetensors")
    save_safetensors(g, path)
    again = load_safetensors(path)
    assert (again.dims, again.dtype) == (dims, dtype)
    for a, b in zip(again.weights, g.weights, strict=True):
        np.testing.assert_array_equal(a, b)
    assert os.listdir(tmp_path) == ["g.safetensors"]


def test_others_read_the_matrices_under_their_names(tmp_path):
    save_safetensors(gd.ReLUNetwork(WEIGHTS), tmp_path / "g.safetensors")
    arrays = load_file(tmp_path / "g.safetensors")
    assert sorted(arrays) == ["W1", "W2"]
    np.testing.assert_array_equal(arrays["W1"], WEIGHTS[0])


@pytest.mark.parametrize("module", ["", "net.", "decoder.layers."])
def test_a_state_dict_is_read_in_the_order_of_its_numbers(tmp_path, module):
    weights = random_weights(DIMS[-1], 2, np.float32)
    arrays = {f"{module}{2 * i}.weight": W for i, W in enumerate(weights)}
    g = load_safetensors(stored(tmp_path, arrays))
    assert g.dims == DIMS[-1]
    for read, W in zip(g.weights, weights, strict=True):
        np.testing.assert_array_equal(read, W)


def test_a_network_of_torch_computes_the_same(tmp_path):
    torch = pytest.importorskip("torch")
    from safetensors.torch import save_file

    torch.manual_seed(0)
    net = torch.nn.Sequential(
        torch.nn.Linear(3, 8, bias=False),
        torch.nn.ReLU(),
        torch.nn.Linear(8, 21, bias=False),
        torch.nn.ReLU(),
    )
    save_file(net.state_dict(), tmp_path / "g.safetensors")
    z = torch.randn(5, 3)
    with torch.no_grad():
        expected = net(z).numpy()
    g = load_safetensors(tmp_path / "g.safetensors")
    np.testing.assert_allclose(g(z.numpy()), expected, rtol=1e-5, atol=1e-6)


def test_half_precision_becomes_float32(tmp_path):
    halves = [W.astype(np.float16) for W in WEIGHTS]
    g = load_safetensors(stored(tmp_path, {"W1": halves[0], "W2": halves[1]}))
    assert g.dtype == np.float32
    np.testing.assert_array_equal(g.weights[1], halves[1].astype(np.float32))


SPOILED = {
    "biases": ({"0.weight": WEIGHTS[0], "0.bias": np.zeros(8)}, "no bias.*0.bias"),
    "batch normalisation": (
        {"0.weight": WEIGHTS[0], "1.weight": np.ones(8), "1.bias": np.ones(8)}
        | {"1.running_mean": np.ones(8), "1.running_var": np.ones(8)},
        "no batch normalisation.*running_mean",
    ),
    "a scale for each unit": (
        {"0.weight": WEIGHTS[0], "1.weight": np.ones(8)},
        r"non-empty matrices.*\(8,\)",
    ),
    "a kernel": ({"0.weight": np.ones((4, 3, 2, 2))}, r"non-empty matrices.*\(4, 3, 2, 2\)"),
    "two modules": ({"e.0.weight": WEIGHTS[0], "d.0.weight": WEIGHTS[1]}, "of one nn.Sequential"),
    "both ways of naming": ({"W1": WEIGHTS[0], "2.weight": WEIGHTS[1]}, "W1, ..., Wd or"),
    "a gap": ({"W1": WEIGHTS[0], "W3": WEIGHTS[1]}, "W1, ..., Wd or"),
    "names of something else": ({"conv.kernel": WEIGHTS[0]}, "conv.kernel"),
    "no array": ({}, "no array"),
    "not chaining": ({"W1": WEIGHTS[1], "W2": WEIGHTS[0]}, "have 21 columns at position 1"),
    "not finite": ({"W1": WEIGHTS[0] * np.nan}, "be finite"),
    "integers": ({"W1": np.ones((3, 2), np.int64)}, "I64 in W1"),
    "complex numbers": ({"W1": np.ones((3, 2), np.complex64)}, "C64 in W1"),
    "no columns": ({"W1": np.ones((3, 0))}, "non-empty"),
}


@pytest.mark.parametrize("name", SPOILED)
def test_anything_else_is_refused_with_the_reason(tmp_path, name):
    arrays, words = SPOILED[name]
    with pytest.raises(ValueError, match=FAULT + r".*g\.safetensors") as error:
        load_safetensors(stored(tmp_path, arrays))
    assert re.search(words, str(error.value))


def test_bfloat16_is_refused_by_name(tmp_path):
    entry = {"dtype": "BF16", "shape": [1, 2], "data_offsets": [0, 4]}
    header = json.dumps({"W1": entry}).encode()
    path = tmp_path / "g.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
    with pytest.raises(ValueError, match=FAULT + ".*BF16 in W1"):
        load_safetensors(path)


@pytest.mark.parametrize("value", [None, WEIGHTS, "g"])
def test_only_networks_are_saved(tmp_path, value):
    with pytest.raises(TypeError, match=r"^`network` must be a ReLUNetwork because .+; got "):
        save_safetensors(value, tmp_path / "g.safetensors")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("value", [None, 3, b"g"])
@pytest.mark.parametrize("load", [load_onnx, load_safetensors])
def test_a_path_is_text_or_a_path(load, value):
    with pytest.raises(TypeError, match=r"^`path` must be a path because .+; got "):
        load(value)


# Damaged files of every kind.


class Malicious:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


DAMAGE = {
    "empty": lambda good: b"",
    "one byte": lambda good: good[:1],
    "nine bytes": lambda good: good[:9],
    "a tenth": lambda good: good[: len(good) // 10],
    "half": lambda good: good[: len(good) // 2],
    "nine tenths": lambda good: good[: 9 * len(good) // 10],
    "last byte gone": lambda good: good[:-1],
    "second half": lambda good: good[len(good) // 2 :],
    "zeros": lambda good: bytes(len(good)),
    "random bytes": lambda good: np.random.default_rng(0).bytes(len(good)),
    "text": lambda good: b"no weights at all\n" * 20,
}


@pytest.mark.parametrize("suffix", READERS)
@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_file_is_one_value_error(tmp_path, suffix, name):
    path = tmp_path / f"g{suffix}"
    WRITERS[suffix](gd.ReLUNetwork(WEIGHTS), path)
    path.write_bytes(DAMAGE[name](path.read_bytes()))
    with pytest.raises(ValueError, match=rf"{FAULT}.*g\{suffix}"):
        READERS[suffix](path)


@pytest.mark.parametrize("suffix", [".safetensors", ".onnx"])
def test_a_file_cut_at_any_byte_is_one_value_error(tmp_path, suffix):
    path = tmp_path / f"g{suffix}"
    WRITERS[suffix](gd.ReLUNetwork(random_weights((1, 2, 3), 0, np.float32)), path)
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=FAULT):
            READERS[suffix](path)


@pytest.mark.parametrize(("suffix", "other"), list(itertools.permutations(READERS, 2)))
def test_a_file_of_another_kind_is_one_value_error(tmp_path, suffix, other):
    path = tmp_path / f"g{suffix}"
    WRITERS[other](gd.ReLUNetwork(WEIGHTS), tmp_path / f"g{other}")
    (tmp_path / f"g{other}").rename(path)
    with pytest.raises(ValueError, match=FAULT):
        READERS[suffix](path)


@pytest.mark.parametrize("suffix", READERS)
@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_a_pickle_is_refused_and_never_run(tmp_path, suffix, protocol):
    folder = tmp_path / "unpickled"
    path = tmp_path / f"g{suffix}"
    path.write_bytes(pickle.dumps(Malicious(folder), protocol))
    with pytest.raises(ValueError, match=FAULT):
        READERS[suffix](path)
    assert not folder.exists()


@pytest.mark.parametrize("suffix", READERS)
def test_a_folder_and_a_missing_file_are_errors_of_the_system(tmp_path, suffix):
    (tmp_path / f"g{suffix}").mkdir()
    with pytest.raises(OSError, match=rf"g\{suffix}"):
        READERS[suffix](tmp_path / f"g{suffix}")
    with pytest.raises(FileNotFoundError, match=rf"no\{suffix}"):
        READERS[suffix](tmp_path / f"no{suffix}")


# The command line.


@pytest.mark.parametrize("suffix", WRITERS)
def test_solve_restores_the_same_from_files_of_every_kind(tmp_path, capsys, suffix):
    pytest.importorskip("PIL")
    np.save(tmp_path / "p.npy", np.prod(factors(3), axis=0))
    argv = ["solve", str(tmp_path / "p.npy"), "--threads", "1", "--restarts", "2"]
    for name, network in (("g1", G1), ("g2", G2)):
        WRITERS[suffix](network, tmp_path / f"{name}{suffix}")
        argv += [f"--{name}", str(tmp_path / f"{name}{suffix}")]
    assert main([*argv, "-o", str(tmp_path / "out")]) in (0, 1)
    with np.load(tmp_path / "out" / "p.npz", allow_pickle=False) as arrays:
        np.testing.assert_array_equal(arrays["w"].ravel(), G1(arrays["h"]).ravel())
        np.testing.assert_array_equal(arrays["x"].ravel(), G2(arrays["m"]).ravel())
    assert report_of(tmp_path / "out")["settings"]["g1"].endswith(suffix)


@pytest.mark.parametrize("suffix", [".safetensors", ".onnx", ".ONNX"])
@pytest.mark.parametrize("damage", ["empty", "half", "random bytes", "folder", "missing"])
def test_solve_names_the_option_of_a_bad_file(tmp_path, capsys, suffix, damage):
    pytest.importorskip("PIL")
    np.save(tmp_path / "p.npy", np.ones((SIDE, SIDE)))
    G1.save(tmp_path / "g1.npz")
    path = tmp_path / f"g2{suffix}"
    if damage == "folder":
        path.mkdir()
    elif damage != "missing":
        WRITERS[suffix.lower()](G2, path)
        path.write_bytes(DAMAGE[damage](path.read_bytes()))
    argv = ["solve", str(tmp_path / "p.npy"), "--g1", str(tmp_path / "g1.npz"), "--g2", str(path)]
    code = main([*argv, "-o", str(tmp_path / "out")])
    assert_refused(tmp_path, code, capsys.readouterr().err, "`g2` must", f"g2{suffix}")


@pytest.mark.parametrize("suffix", WRITERS)
def test_wdc_and_audit_read_files_of_every_kind(tmp_path, capsys, suffix):
    paths = [str(tmp_path / f"{name}{suffix}") for name in ("g1", "g2")]
    for seed, path in enumerate(paths):
        WRITERS[suffix](gd.ReLUNetwork.gaussian((2, 6, 30), seed=seed), Path(path))
    quick = ["--seconds", "0.05", "--threads", "1"]
    assert main(["wdc", paths[0], "--second", paths[1], *quick]) == 0
    assert "G2 layer 2" in capsys.readouterr().out
    assert main(["audit", *paths, "--points", "100", "--runs", "1", "--threads", "1"]) == 0


@pytest.mark.parametrize(
    ("suffix", "kind"), [(".safetensors", "a safetensors"), (".onnx", "an ONNX")]
)
def test_every_command_goes_by_the_ending_and_names_its_option(tmp_path, capsys, suffix, kind):
    pytest.importorskip("matplotlib")
    pytest.importorskip("plotly")
    G1.save(tmp_path / "g1.npz")
    good, bad = str(tmp_path / "g1.npz"), str(tmp_path / f"g2{suffix}")
    Path(bad).write_bytes(Path(good).read_bytes())
    for argv, option in [
        (["wdc", bad], "weights"),
        (["wdc", good, "--second", bad], "second"),
        (["wdc", "check", good, bad], "weights"),
        (["audit", good, bad], "second"),
        (["landscape", good, bad], "networks"),
    ]:
        assert main(argv) == 2
        assert f"error: `{option}` must be {kind}" in capsys.readouterr().err


def test_wdc_bound_and_check_read_one_matrix_from_safetensors(tmp_path, capsys):
    pytest.importorskip("flint")
    W, c = tmp_path / "W.safetensors", str(tmp_path / "c.npz")
    save_safetensors(gd.ReLUNetwork.gaussian((2, 8), seed=0), W)
    argv = ["wdc", "bound", str(W), "--tolerance", "0.5", "--threads", "1", "-o", c]
    assert main(argv) == 0
    assert main(["wdc", "check", c, str(W)]) == 0


def test_a_pickled_checkpoint_is_refused(tmp_path, capsys):
    torch = pytest.importorskip("torch")
    torch.save({"0.weight": torch.ones(3, 2)}, tmp_path / "g.pt")
    assert main(["wdc", str(tmp_path / "g.pt")]) == 2
    assert "`weights` must" in capsys.readouterr().err


# What is missing, and what the page says.


@pytest.mark.parametrize(
    ("suffix", "library"), [(".onnx", "onnx"), (".safetensors", "safetensors")]
)
def test_a_missing_library_names_the_extra(tmp_path, capsys, monkeypatch, suffix, library):
    path = tmp_path / f"g{suffix}"
    WRITERS[suffix](gd.ReLUNetwork(WEIGHTS), path)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ImportError, match=rf"install gendemod\[{library}\]"):
        READERS[suffix](path)
    assert main(["wdc", str(path)]) == 2
    assert f"gendemod[{library}]" in capsys.readouterr().err


def test_importing_the_readers_imports_no_other_framework():
    code = (
        "import sys, gendemod.interop; "
        "print({'torch', 'onnx', 'safetensors', 'google.protobuf'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("section", ["Safetensors", "ONNX"])
def test_the_example_of_the_page_runs(tmp_path, capsys, monkeypatch, section):
    page = (Path(__file__).parents[1] / "docs" / "interop.md").read_text(encoding="utf-8")
    text = page.split(f"\n## {section}\n")[1].split("\n## ")[0]
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    exec(example, {})
    assert "ReLUNetwork(10-100-4096, float64)" in capsys.readouterr().out
