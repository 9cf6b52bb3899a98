"""The training scripts of examples/: runs that go on, files that load, input that is refused."""

import hashlib
import importlib
import itertools
import pickle
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

import gendemod as gd
from gendemod.pictures import write_picture

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
SIDE = 8
SIZES = ["--latent", "3", "--layers", "8", "12"]


@pytest.fixture(autouse=True)
def _examples(monkeypatch):
    """Let the scripts be imported, and leave PyTorch as it was."""
    monkeypatch.syspath_prepend(EXAMPLES)
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(False)


def ramps(count, seed=0, rows=SIDE, columns=SIDE):
    """Pictures that vary in two ways: the slopes of a plane, from 0 to 1."""
    slopes = np.random.default_rng(seed).uniform(-0.5, 0.5, (2, count, 1, 1))
    u, v = np.linspace(-0.5, 0.5, rows)[:, None], np.linspace(-0.5, 0.5, columns)
    return 0.5 + slopes[0] * u + slopes[1] * v


def quiet(_line):
    """Say nothing."""


def stopping(before):
    """Return what stops a run before it has saved so many lines."""
    lines = itertools.count(1)

    def say(_line):
        if next(lines) == before:
            raise KeyboardInterrupt

    return say


# The auto-encoder.


def trained(checkpoint, say=quiet, *, epochs=5, seed=0, pictures=None):
    from autoencoder import Plan, Shape, train

    rows = ramps(24).reshape(24, -1) if pictures is None else pictures.reshape(24, -1)
    plan = Plan(epochs, seed, SIDE, moves=True)
    return train(torch.tensor(rows, dtype=torch.float32), Shape(3, 8, 12), plan, checkpoint, say)


def test_a_run_that_was_stopped_ends_at_the_same_weights(tmp_path):
    whole = trained(tmp_path / "whole.pt")
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path / "parts.pt", stopping(before=4))
    said = []
    parts = trained(tmp_path / "parts.pt", said.append)
    assert said[0] == "  goes on after epoch 3"
    assert all(np.array_equal(a, b) for a, b in zip(whole, parts, strict=True))


@pytest.mark.parametrize("change", [{"seed": 1}, {"pictures": ramps(24, seed=1)}])
def test_a_checkpoint_of_another_run_is_refused_and_kept(tmp_path, change):
    file = tmp_path / "c.pt"
    with pytest.raises(KeyboardInterrupt):
        trained(file, stopping(before=3))
    kept = file.read_bytes()
    with pytest.raises(ValueError, match=r"same settings.*c\.pt"):
        trained(file, **change)
    assert file.read_bytes() == kept


class Malicious:
    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return (Path.touch, (self.target,))


def test_a_checkpoint_that_would_run_code_is_refused(tmp_path):
    evidence = tmp_path / "evidence"
    bare, saved = tmp_path / "bare.pt", tmp_path / "saved.pt"
    bare.write_bytes(pickle.dumps(Malicious(evidence)))
    torch.save({"settings": Malicious(evidence)}, saved)
    for file in (bare, saved):
        with pytest.raises(ValueError, match=rf"`checkpoint` must be.*{file.name}"):
            trained(file)
        assert not evidence.exists()
    torch.load(saved, weights_only=False)
    assert evidence.exists()


@pytest.mark.parametrize("kept", [0, 100, 3000])
def test_a_broken_checkpoint_is_refused(tmp_path, kept):
    file = tmp_path / "c.pt"
    trained(file)
    whole = file.read_bytes()
    assert len(whole) > 3000
    file.write_bytes(whole[:kept])
    with pytest.raises(ValueError, match=r"`checkpoint` must be a whole file.*c\.pt"):
        trained(file)


def test_moves_keep_the_shape_of_pictures_that_are_not_square():
    from autoencoder import moved

    rows = torch.full((4, 6 * 10), 0.7)
    torch.testing.assert_close(moved(rows, 6), rows)
    line = torch.arange(10.0).expand(4, 6, 10).reshape(4, -1)
    columns = moved(line, 6).view(4, 6, 10)
    # A small map leaves a ramp along the columns one that rises along the columns.
    assert (columns.diff(dim=2) >= 0).all()
    assert (columns[:, :, -1] > columns[:, :, 0] + 5).all()


@pytest.mark.parametrize("epochs", [1, 9, 10, 11])
def test_any_number_of_steps_can_be_made(tmp_path, epochs):
    assert [W.shape for W in trained(tmp_path / "c.pt", epochs=epochs)] == [
        (8, 3),
        (12, 8),
        (64, 12),
    ]


# The command line.


@pytest.fixture
def command(tmp_path, capsys):
    from train_generator import main

    def run(pictures, *options):
        target = tmp_path / "out" / "scene.npz"
        code = main([str(pictures), "-o", str(target), *SIZES, "--epochs", "60", *options])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.fixture
def folder(tmp_path):
    """Forty pictures of 6 x 10 in .npy files."""
    (tmp_path / "pictures").mkdir()
    for k, picture in enumerate(ramps(40, rows=6, columns=10)):
        write_picture(tmp_path / "pictures" / f"{k}.npy", picture)
    return tmp_path / "pictures"


def test_the_generator_comes_closer_than_the_mean_picture(folder, command, tmp_path):
    code, out, err = command(folder)
    assert (code, err) == (0, "")
    network = gd.ReLUNetwork.load(tmp_path / "out" / "scene.npz")
    assert network.dims == (3, 8, 12, 60)
    rows = ramps(40, rows=6, columns=10).reshape(40, -1)
    found = gd.demodulate(rows, network, None, x=np.ones(60), restarts=4, seed=1)
    error = np.mean((found.w - rows) ** 2)
    assert error < 0.05 * np.mean((rows - rows.mean(axis=0)) ** 2)
    assert "36 pictures of 6 x 10, 4 held out; layers 3-8-12-60" in out


def test_the_log_stays_and_the_checkpoint_goes(folder, command, tmp_path):
    _, out, _ = command(folder)
    names = sorted(file.name for file in (tmp_path / "out").iterdir())
    assert names == ["scene.log", "scene.npz"]
    assert (tmp_path / "out" / "scene.log").read_text(encoding="utf-8") == out


def test_the_errors_are_those_of_the_closest_pictures(folder, command, tmp_path):
    _, out, _ = command(folder)
    # The closest multiple of a picture is a projection.
    from train_generator import divided, read_pictures

    part, rest = divided(read_pictures(folder), 0.1, 0)
    unit = part.mean(axis=0) / np.linalg.norm(part.mean(axis=0))
    (line,) = [line for line in out.splitlines() if "multiples of the mean" in line]
    for rows, words in zip((part, rest), line.split(": ")[1].split(", "), strict=True):
        error = np.mean((rows - np.outer(rows @ unit, unit)) ** 2)
        assert float(words.split()[0]) == pytest.approx(error, rel=0.01)


def test_an_array_and_a_folder_train_the_same_generator(folder, command, tmp_path):
    written = []
    np.save(tmp_path / "stack.npy", np.stack([np.load(f) for f in sorted(folder.iterdir())]))
    for source in (folder, tmp_path / "stack.npy"):
        assert command(source, "--epochs", "2")[0] == 0
        written.append((tmp_path / "out" / "scene.npz").read_bytes())
    assert written[0] == written[1]


def test_rows_of_pixels_are_square_where_they_can_be(tmp_path):
    from train_generator import read_pictures

    for pixels, shape in ((64, (8, 8)), (60, (1, 60))):
        np.save(tmp_path / "rows.npy", np.arange(2 * pixels).reshape(2, pixels))
        read = read_pictures(tmp_path / "rows.npy")
        assert read.shape == (2, *shape)
        np.testing.assert_allclose(read.ravel(), np.arange(2 * pixels) / (2 * pixels - 1))


def test_large_pictures_are_averaged_before_the_encoder():
    from train_generator import checked_shape

    for sides, coarse in (
        ((32, 32), 1),
        ((64, 64), 2),
        ((96, 40), 2),
        ((100, 100), 4),
        ((65, 65), 1),
    ):
        rows = np.random.default_rng(0).random((5, sides[0] * sides[1]))
        assert checked_shape(2, [4, 4], rows, sides).coarse == coarse


def _pictures(tmp_path, name):
    """Write pictures that are refused."""
    (tmp_path / name).mkdir()
    pictures = {
        "empty": [],
        "colour": [np.ones((4, 4, 3))] * 9,
        "sizes": [np.ones((4, 4)), np.ones((4, 5))],
        "negative": list(-ramps(9)),
        "equal": [np.ones((4, 4))] * 9,
        "few": list(ramps(2)),
    }[name]
    for k, picture in enumerate(pictures):
        np.save(tmp_path / name / f"{k}.npy", picture)
    return tmp_path / name


@pytest.mark.parametrize(
    ("name", "culprit"),
    [
        ("empty", "must hold a picture"),
        ("colour", "`pictures` must be grey"),
        ("sizes", "`pictures` must be of one size"),
        ("negative", "`pictures` must be at least 0"),
        ("equal", "`pictures` must differ"),
        ("few", "`--latent` must be at most 1"),
    ],
)
def test_unfit_pictures_are_refused_in_one_line(tmp_path, command, name, culprit):
    _assert_refused(command(_pictures(tmp_path, name)), tmp_path, culprit)


@pytest.mark.parametrize(
    ("options", "culprit"),
    [
        (["--latent", "1"], "--latent"),
        (["--latent", "5"], "`--layers` must be at least 10"),
        (["--layers", "8"], "--layers"),
        (["--epochs", "0"], "--epochs"),
        (["--seed", "-1"], "--seed"),
        (["--threads", "0"], "--threads"),
        (["--held-out", "1"], "`--held-out` must lie in [0, 1)"),
        (["--held-out", "nan"], "`--held-out` must lie in [0, 1)"),
        (["-o", "scene.npy"], "`--output` must end in .npz"),
        (["--speed", "9"], "--speed"),
    ],
)
def test_bad_options_are_refused_in_one_line(folder, tmp_path, command, options, culprit):
    _assert_refused(command(folder, *options), tmp_path, culprit)


@pytest.mark.parametrize("what", ["missing", "text", "objects", "four axes", "nan"])
def test_files_that_hold_no_pictures_are_refused_in_one_line(tmp_path, command, what):
    file = tmp_path / "p.npy"
    evidence = tmp_path / "evidence"
    if what == "text":
        file.write_text("no array")
    elif what == "objects":
        np.save(file, np.array([Malicious(evidence)]), allow_pickle=True)
    elif what == "four axes":
        np.save(file, np.ones((2, 2, 2, 2)))
    elif what == "nan":
        np.save(file, np.full((3, 4), np.nan))
    _assert_refused(command(file), tmp_path, "p.npy" if what != "nan" else "`pictures`")
    assert not evidence.exists()


def _assert_refused(outcome, tmp_path, culprit):
    code, _, err = outcome
    assert code == 2
    assert err.startswith("train_generator: error: ")
    assert err.count("\n") == 1
    assert culprit in err
    assert not (tmp_path / "out").exists()


# The DCGANs.


def faces():
    """Eight pictures of 64 x 64, as a DCGAN sees them."""
    rows = ramps(8, rows=64, columns=64)
    return torch.tensor(rows, dtype=torch.float32)[:, None]


def dcgan(checkpoint, epochs):
    pytest.importorskip("safetensors")
    from train_dcgan import train

    return train(faces(), 5, 2, epochs, 0, checkpoint, quiet)


def test_a_dcgan_that_was_stopped_ends_at_the_same_weights(tmp_path):
    whole = dcgan(tmp_path / "whole.pt", 3).state_dict()
    dcgan(tmp_path / "parts.pt", 1)
    parts = dcgan(tmp_path / "parts.pt", 3).state_dict()
    assert whole.keys() == parts.keys()
    assert all(torch.equal(whole[key], parts[key]) for key in whole)


def test_the_settings_of_a_dcgan_cannot_change(tmp_path):
    dcgan(tmp_path / "c.pt", 1)
    from train_dcgan import train

    kept = (tmp_path / "c.pt").read_bytes()
    with pytest.raises(ValueError, match="same settings"):
        train(faces(), 6, 2, 2, 0, tmp_path / "c.pt", quiet)
    assert (tmp_path / "c.pt").read_bytes() == kept


def test_the_file_of_a_dcgan_loads_into_the_same_generator(tmp_path):
    g = dcgan(tmp_path / "c.pt", 1)
    from safetensors.torch import load_file
    from train_dcgan import write_generator

    from gendemod._dcgan import dcgan_generator

    said = []
    write_generator(tmp_path / "g.safetensors", g, said.append)
    checksum = hashlib.sha256((tmp_path / "g.safetensors").read_bytes()).hexdigest()
    assert said == [f"  g.safetensors: SHA-256 {checksum}"]
    again = dcgan_generator(5, 2).eval()
    again.load_state_dict(load_file(tmp_path / "g.safetensors"))
    z = torch.randn(3, 5, 1, 1, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(again(z), g(z))


# The scripts of given pictures.


@pytest.mark.parametrize("script", ["train_digits", "train_mnist", "train_dcgan"])
def test_every_script_says_what_its_options_are(script, monkeypatch, capsys):
    pytest.importorskip("safetensors")
    monkeypatch.setattr("sys.argv", [script, "--help"])
    with pytest.raises(SystemExit) as ended:
        importlib.import_module(script).main()
    assert ended.value.code == 0
    assert "--epochs" in capsys.readouterr().out
