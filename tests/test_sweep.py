"""What a sweep is: its cells, its text, its trials, and what it refuses."""

import hashlib
import json
import pickle
import subprocess
import sys

import numpy as np
import pytest

import gendemod as gd
from gendemod import sweep as sweeps
from reference import forward
from sweeping import tiny


def philox(sweep, drawn, trial):
    """The generator of a trial, as docs/sweep.md defines it."""
    text = json.dumps([sweep.task, drawn]).encode()
    digest = hashlib.blake2b(text, digest_size=8).digest()
    key = np.array([sweep.seed, int.from_bytes(digest, "little")], dtype=np.uint64)
    counter = np.array([0, 0, 0, trial], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=counter))


def one(task="demodulation", **settings):
    return sweeps.Sweep(task=task, axes={}, settings=settings, trials=2, seed=3)


def test_cells_are_all_combinations_the_last_axis_fastest():
    sweep = tiny(axes={"ell": [7, 5], "n": [1, 2, 3]}, trials=4)
    assert sweep.shape == (2, 3)
    assert len(sweep) == 24
    assert sweep.cells[:4] == [
        {"ell": 7, "n": 1},
        {"ell": 7, "n": 2},
        {"ell": 7, "n": 3},
        {"ell": 5, "n": 1},
    ]


def test_a_trial_of_demodulation_is_its_definition():
    sweep = sweeps.Sweep(
        task="demodulation",
        axes={"noise": [0.0, 0.3], "n": [2, 3]},
        settings={"p": 2, "ell": 30, "depths": [2, 1], "width": 6, "restarts": 2},
        trials=3,
        seed=11,
    )
    for index in range(len(sweep)):
        trial, cell = divmod(index, 4)
        noise, n = ((0.0, 2), (0.0, 3), (0.3, 2), (0.3, 3))[cell]
        rng = philox(sweep, [[n, 6, 30], [2, 30], "gaussian"], trial)
        start = int(rng.integers(2**63))
        W1, W2 = rng.standard_normal((6, n)) / 6**0.5, rng.standard_normal((30, 6)) / 30**0.5
        V = rng.standard_normal((30, 2)) / 30**0.5
        h0, m0 = rng.standard_normal(n), rng.standard_normal(2)
        y0 = forward([W1, W2], h0) * forward([V], m0)
        e = rng.standard_normal(30)
        y = y0 + noise * np.linalg.norm(y0) * e / 30**0.5
        g1, g2 = gd.ReLUNetwork([W1, W2]), gd.ReLUNetwork([V])
        found = gd.demodulate(y, g1, g2, restarts=2, seed=start)
        error = np.linalg.norm(found.w * found.x - y0) / np.linalg.norm(y0)
        c = (np.linalg.norm(h0) / np.linalg.norm(m0)) ** 0.5
        truth = np.concatenate([h0 / c, c * m0])
        latents = np.concatenate([found.h, found.m])
        measured = sweeps.trial(sweep, index)
        assert measured["error"] == pytest.approx(error, rel=1e-6, abs=1e-13)
        assert measured["latent_error"] == pytest.approx(
            np.linalg.norm(latents - truth) / np.linalg.norm(truth), rel=1e-6, abs=1e-13
        )
        assert measured["residual"] == pytest.approx(found.relative_residual, rel=1e-6, abs=1e-13)
        assert measured["converged"] == found.converged
        assert measured["starts"] == found.restarts


def test_a_trial_depends_on_no_other_cell_and_not_on_how_many_trials_there_are():
    small, large = tiny(), tiny(axes={"n": [1, 2, 3], "ell": [2, 3, 6]}, trials=50)
    for trial in range(5):
        for cell, wanted in enumerate(small.cells):
            place = large.cells.index(wanted)
            assert sweeps.trial(small, 4 * trial + cell) == sweeps.trial(large, 9 * trial + place)


def test_solvers_and_noise_are_compared_on_the_same_random_objects():
    axes = {"solver": ["levenberg-marquardt", "algorithm-1"]}
    sweep = tiny(axes=axes, settings={"n": 2, "ell": 40, "noise": 0.1})
    newton, descent = sweeps.trial(sweep, 0), sweeps.trial(sweep, 1)
    assert newton["iterations"] != descent["iterations"]
    # Both end at the same least-squares fit, which only the same y has.
    assert newton["error"] == pytest.approx(descent["error"], rel=1e-6)
    levels = tiny(axes={"noise": [1e-3, 2e-3]}, settings={"n": 2, "ell": 40})
    weak, strong = sweeps.trial(levels, 0), sweeps.trial(levels, 1)
    assert strong["error"] == pytest.approx(2 * weak["error"], rel=0.02)


def test_trials_seeds_and_laws_are_independent():
    settings = {"n": 3, "ell": 40, "restarts": 1, "max_iterations": 1}
    axes = {"law": ["gaussian", "rademacher"]}
    residuals = [
        sweeps.trial(tiny(axes=axes, settings=settings, seed=seed), i)["residual"]
        for seed in (1, 2)
        for i in range(10)
    ]
    assert len(set(residuals)) == 20


def test_wdc_trials_are_searches_of_the_drawn_matrices():
    sweep = one("wdc", n=3, expansion=4.0, max_evaluations=400)
    rng = philox(sweep, [12, 3, "gaussian"], 1)
    seed = int(rng.integers(2**63))
    W = rng.standard_normal((12, 3)) / 12**0.5
    found = gd.wdc.search(W, seed=seed, max_evaluations=400)
    assert sweeps.trial(sweep, 1) == {"lower": found.lower, "upper": np.inf}


def test_joint_wdc_trials_are_searches_of_the_drawn_matrices():
    sweep = one("joint-wdc", n=2, p=1, ell_per_product=5, law="truncated")
    rng = philox(sweep, [10, 2, 1, "truncated"], 0)
    rng.integers(2**63)
    B, C = (rng.standard_normal((10, k)) / 10**0.5 for k in (2, 1))
    B[np.linalg.norm(B, axis=1) > 3 * (2 / 10) ** 0.5] = 0
    C[np.linalg.norm(C, axis=1) > 3 * (1 / 10) ** 0.5] = 0
    level = gd.theory.truncation_alpha(2) * gd.theory.truncation_alpha(1)
    found = gd.wdc.joint_exact(B, C, level)
    measured = sweeps.trial(sweep, 0)
    assert measured["lower"] == pytest.approx(found.lower, rel=1e-9)
    assert measured["upper"] == pytest.approx(found.upper, rel=1e-9)


def test_landscapes_are_measured_on_the_drawn_networks():
    concentration = sweeps.trial(one("concentration", n=2, ell=4000, points=50), 0)
    assert concentration["gradient"] < 0.1 < concentration["gradient_worst"] * 3
    audit = sweeps.trial(one("audit", n=2, ell=400, depth=2, width=40, points=100, runs=2), 0)
    assert audit["failures"] >= 0
    assert 0 <= audit["epsilon"] <= 1


def test_a_dead_observation_is_no_success_and_no_error():
    sweep = sweeps.Sweep(task="demodulation", axes={"n": [1]}, settings={"ell": 1}, trials=30)
    errors = np.array([sweeps.trial(sweep, i)["error"] for i in range(30)])
    assert 10 < np.isnan(errors).sum() < 30
    audit = sweeps.Sweep(task="audit", axes={"n": [1]}, settings={"ell": 1}, trials=30)
    dead = int(np.isnan([sweeps.trial(audit, i)["failures"] for i in range(4)]).sum())
    assert dead > 0


@pytest.mark.parametrize(
    ("settings", "dims"),
    [
        ({"n": 3, "ell": 9}, [[3, 9], [3, 9]]),
        ({"n": 3, "p": 2, "ell_per_unknown": 1.5}, [[3, 8], [2, 8]]),
        ({"n": 3, "ell": 9, "depth": 3, "width": 7}, [[3, 7, 7, 9]] * 2),
        ({"n": 3, "p": 2, "ell": 9, "depths": [2, 3], "width": 7}, [[3, 7, 9], [2, 7, 7, 9]]),
        ({"n": 10, "ell": 9, "depth": 3, "expansion": 1.1}, [[10, 11, 12, 9]] * 2),
        ({"n": 3, "ell": 9, "widths": [5, 6]}, [[3, 5, 6, 9]] * 2),
    ],
)
def test_sizes_follow_from_settings(settings, dims):
    assert one(**settings).cell(0).drawn == [*dims, "gaussian"]


@pytest.mark.parametrize("law", ["gaussian", "rademacher", "student-t", "orthogonal", "truncated"])
@pytest.mark.parametrize("shape", [(8, 3), (3, 8)])
def test_laws_have_the_gram_matrix_alpha_times_the_identity_in_the_mean(law, shape):
    from gendemod.sweep import _laws

    rng = np.random.default_rng(0)
    draws = [_laws.draw(law, rng, *shape, last=True) for _ in range(4000)]
    mean = np.mean([W.T @ W for W in draws], axis=0)
    np.testing.assert_allclose(mean, _laws.alpha(law, shape[1]) * np.eye(shape[1]), atol=0.08)


def test_laws_are_what_their_names_say():
    from gendemod.sweep import _laws

    rng = np.random.default_rng(1)
    assert set(np.unique(_laws.draw("rademacher", rng, 4, 50, True))) == {-0.5, 0.5}
    Q = _laws.draw("orthogonal", rng, 20, 5, True)
    np.testing.assert_allclose(Q.T @ Q, np.eye(5), atol=1e-14)
    t = _laws.draw("student-t", rng, 1, 20_000, True)
    kurtosis = np.mean(t**4) / np.mean(t**2) ** 2
    assert kurtosis > 5
    inner, last = (_laws.draw("truncated", rng, 2000, 1, last) for last in (False, True))
    assert np.all(inner != 0)
    assert 0.0005 < np.mean(last == 0) < 0.01
    assert np.abs(last).max() <= 3 / 2000**0.5


def test_text_and_file_give_the_same_sweep(tmp_path):
    sweep = tiny(
        axes={"widths": [[2, 3], [4]], "restarts": ["auto", 3], "noise": np.array([0, 1e-7])},
        settings={"n": np.int64(2), "ell": 8},
        success=("residual", 1e-3),
        name='a "name" with ü',
        seed=2**64 - 1,
    )
    path = tmp_path / "sweep.toml"
    path.write_text(sweep.to_toml(), encoding="utf-8")
    again = sweeps.Sweep.from_toml(path)
    assert again == sweep == pickle.loads(pickle.dumps(sweep))
    assert hash(again) == hash(sweep)
    assert again.to_toml() == sweep.to_toml()
    assert again.axes["widths"] == ((2, 3), (4,))
    assert again != tiny()


def test_a_sweep_does_not_change():
    sweep = tiny()
    with pytest.raises(AttributeError):
        sweep.trials = 7
    with pytest.raises(TypeError):
        sweep.axes["n"] = [7]


@pytest.mark.parametrize(
    ("changes", "kind", "text"),
    [
        ({"task": "cooking"}, ValueError, r"`task` .*demodulation, wdc, joint-wdc.*'cooking'"),
        ({"axes": {"m": [1]}}, ValueError, r"`axes` must be one of n, p, ell.*got 'm'"),
        ({"settings": {"m": 1}}, ValueError, r"`settings` must be one of n, p, ell.*got 'm'"),
        ({"axes": 3}, TypeError, r"`axes` must be a dict"),
        ({"axes": {"n": []}}, ValueError, r"`n` must have a value"),
        ({"axes": {"n": 3}}, TypeError, r"`n` must be a sequence"),
        ({"axes": {"n": [2, 2]}}, ValueError, r"`n` must hold different values"),
        ({"axes": {"n": [0]}}, ValueError, r"`n` must be at least 1"),
        ({"axes": {"n": [2**31]}}, ValueError, r"`n` must be at most 2147483647"),
        ({"axes": {"widths": [[2, 2**31]]}}, ValueError, r"`widths` must be at most 2147483647"),
        ({"settings": {"restarts": 10**6 + 1}}, ValueError, r"`restarts` must be at most 1000000"),
        ({"axes": {"depth": [1001]}}, ValueError, r"`depth` must be at most 1000"),
        (
            {"axes": {"n": [2]}, "settings": {"ell_per_unknown": 1e300}},
            ValueError,
            r"`ell_per_unknown` must make at most 2147483647",
        ),
        (
            {"settings": {"depth": 400, "expansion": 7}},
            ValueError,
            r"`expansion` must make at most 2147483647",
        ),
        ({"axes": {"n": [True]}}, TypeError, r"`n` must be an integer"),
        ({"axes": {"noise": [float("nan")]}}, ValueError, r"`noise` must be at least 0"),
        ({"axes": {"ell_per_unknown": [0]}}, ValueError, r"`ell_per_unknown` must be positive"),
        ({"axes": {"solver": ["newton"]}}, ValueError, r"`solver` must be one of .*'newton'"),
        ({"axes": {"solver": [3]}}, TypeError, r"`solver` must be one of .*3"),
        ({"axes": {"widths": [7]}}, TypeError, r"`widths` must be a list of integers"),
        ({"axes": {"depths": [[1, 2, 3]]}}, ValueError, r"`depths` must hold 2 integers"),
        (
            {"axes": {"restarts": ["none"]}, "settings": {"n": 1, "ell": 2}},
            ValueError,
            r"`restarts` must be one of auto.*'none'",
        ),
        ({"settings": {"n": 3}}, ValueError, r"`settings` must not hold an axis.*'n'"),
        ({"axes": {"ell": [3]}}, ValueError, r"`n` must be given"),
        ({"axes": {"n": [3]}}, ValueError, r"`ell` must be given, or else `ell_per_unknown`"),
        ({"settings": {"ell_per_unknown": 2}}, ValueError, r"`ell` .*got `ell` and"),
        ({"settings": {"depth": 2}}, ValueError, r"`width` must be given, or else `expansion`"),
        ({"settings": {"depth": 2, "widths": [3]}}, ValueError, r"`depth` .* and `widths`"),
        ({"settings": {"width": 2, "widths": [3]}}, ValueError, r"`width` must not be given with"),
        ({"trials": 0}, ValueError, r"`trials` must be at least 1"),
        ({"trials": 2**60}, ValueError, r"`trials` must make at most"),
        ({"seed": -1}, ValueError, r"`seed` must be at least 0"),
        ({"success": ("speed", 1)}, ValueError, r"`success` must be one of error,.*'speed'"),
        ({"success": "error"}, TypeError, r"`success` must be a pair"),
        ({"name": "two\nlines"}, ValueError, r"`name` must be printable"),
        ({"name": 7}, TypeError, r"`name` must be a word"),
    ],
)
def test_what_is_refused_is_named(changes, kind, text):
    with pytest.raises(kind, match=text):
        tiny(**changes)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("task = ", "must be a sweep in TOML"),
        ("trials = 3", "must have a `task`.*without one"),
        ('task = "wdc"', "`n` must be given"),
        ('task = "wdc"\ncolour = 3\n[axes]\nn = [1]', "`key` must be one of task, axes.*'colour'"),
        ('task = "wdc"\n[axes]\nn = [1]\n[success]\nbelow = 3', "must have `measure` and `below`"),
    ],
)
def test_files_that_are_no_sweeps_are_refused(tmp_path, text, error):
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(ValueError, match=error):
        sweeps.Sweep.from_toml(path)


def test_bytes_that_are_no_text_are_no_sweep(tmp_path):
    path = tmp_path / "bad.toml"
    path.write_bytes(b'task = "\xb6"')
    with pytest.raises(ValueError, match=r"`path` must be a sweep in TOML .*bad.toml .*utf-8"):
        sweeps.Sweep.from_toml(path)


def test_the_index_of_a_trial_is_one_of_the_sweep():
    assert sweeps.trial(tiny(), 19)
    with pytest.raises(ValueError, match=r"^`index` must be at most 19 because the sweep has 20"):
        sweeps.trial(tiny(), 20)
    with pytest.raises(ValueError, match=r"^`index` must be at least 0"):
        sweeps.trial(tiny(), -1)


def test_no_column_of_a_table_is_both_a_setting_and_a_measure():
    for task in sweeps.TASKS.values():
        names = [*task.settings, "index", "trial", *task.measures, "seconds", "success"]
        assert len(set(names)) == len(names)


def test_an_axis_of_restarts_and_the_starts_that_were_made_are_two_columns(tmp_path):
    sweep = tiny(axes={"restarts": [1, 3]}, settings={"n": 2, "ell": 6}, trials=2)
    columns = sweeps.run(sweep, tmp_path / "restarts.sweep", threads=1).columns()
    assert columns["restarts"].tolist() == [1, 3, 1, 3]
    made = [sweeps.trial(sweep, i)["starts"] for i in range(4)]
    assert columns["starts"].tolist() == made


def test_modules_that_are_imported_on_purpose_say_so():
    code = (
        "import gendemod as gd\n"
        "for name in ('sweep', 'landscape', 'plot', 'data', 'interop', 'swept'):\n"
        "    try: getattr(gd, name)\n"
        "    except AttributeError as error: print(error)\n"
        "from gendemod import sweep\n"
        "assert gd.sweep is sweep\n"
    )
    command = [sys.executable, "-c", code]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    modules = ("sweep", "landscape", "plot", "data", "interop")
    assert said == [
        *(f"gendemod.{m} is imported on purpose: from gendemod import {m}" for m in modules),
        "module 'gendemod' has no attribute 'swept'",
    ]


def test_sweeps_are_imported_where_processes_do_not_fork():
    code = "import os; del os.fork, os.register_at_fork; import gendemod.sweep"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
