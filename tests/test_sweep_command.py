"""``gendemod sweep run | resume | status | export | salvage | plot``."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import nullcontext

import numpy as np
import pytest

from gendemod import _sweep_command
from gendemod import sweep as sweeps
from gendemod.cli import main
from sweeping import PATIENCE, direct, measures, simulated, tiny, wait_for, written

SWEEP = tiny(name="a tiny one", trials=20)


@pytest.fixture
def definition(tmp_path):
    path = tmp_path / "tiny.toml"
    path.write_text(SWEEP.to_toml(), encoding="utf-8")
    return str(path)


def error(capsys, *arguments, code=2):
    assert main(["sweep", *map(str, arguments)]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("gendemod: error: ")
    assert captured.err.count("\n") == 1
    return captured.err


def test_run_does_what_the_library_does(definition, tmp_path, capsys):
    results = tmp_path / "tiny.sweep"
    assert main(["sweep", "run", definition, "-o", str(results), "--threads", "2"]) == 0
    found = sweeps.open(results)
    assert found.sweep == SWEEP
    assert measures(found) == direct(SWEEP)
    out = capsys.readouterr().out
    assert "sweep      a tiny one: demodulation over n (2), ell (2)" in out
    assert "trials     80 of 80 (100.0%); 4 of 4 cells done, 20 to 20 of 20 in each" in out
    assert f"success    {found.records['success'].sum()} of 80, error < 1e-05" in out
    assert "left" not in out
    assert found.sessions[0]["started"] in out
    assert found.sessions[0]["threads"] == 2


def test_a_run_that_is_cut_short_is_resumed(definition, tmp_path, capsys):
    results = tmp_path / "tiny.sweep"
    arguments = ["-o", str(results), "--threads", "1", "--time-limit", "1e-9"]
    assert main(["sweep", "run", definition, *arguments]) == 1
    assert sweeps.open(results).done < 80
    assert main(["sweep", "resume", str(results), "--threads", "1"]) == 0
    assert measures(sweeps.open(results)) == direct(SWEEP)
    assert main(["sweep", "run", definition, "-o", str(results)]) == 0
    assert main(["sweep", "status", str(results)]) == 0
    assert capsys.readouterr().out.count("80 of 80 (100.0%)") == 3


def test_ctrl_c_keeps_what_is_done(tmp_path):
    path, results = tmp_path / "long.toml", tmp_path / "long.sweep"
    path.write_text(tiny(trials=1_000_000).to_toml(), encoding="utf-8")
    code = "import sys; from gendemod.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "sweep", "run", path, "-o", results, "--threads", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        wait_for(results, 1, process)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    found = sweeps.open(results)
    assert 0 < found.done < len(found.sweep)
    assert f"{found.done} of 4000000" in out
    assert "left       " in out


def test_a_preset_is_run(tmp_path, capsys):
    results = tmp_path / "preset.sweep"
    arguments = ["--preset", "branch-hull", "-o", str(results), "--time-limit", "1e-9"]
    assert main(["sweep", "run", *arguments]) == 1
    assert sweeps.open(results).sweep == sweeps.preset("branch-hull")
    assert "axes of l1-BranchHull" in capsys.readouterr().out


def test_a_scheduler_runs_the_trials(definition, tmp_path):
    distributed = pytest.importorskip("distributed")
    from gendemod.sweep._engines import ANY_PORT

    results = tmp_path / "tiny.sweep"
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=ANY_PORT
    ) as cluster:
        address = cluster.scheduler_address
        assert main(["sweep", "run", definition, "-o", str(results), "--scheduler", address]) == 0
    assert sweeps.open(results).sessions[0]["engine"] == "dask"
    assert measures(sweeps.open(results)) == direct(SWEEP)


def test_status_estimates_the_time_left_cell_by_cell(tmp_path, capsys):
    sweep = tiny(axes={"n": [1, 2]}, settings={"ell": 9}, trials=10_000)
    path = tmp_path / "part.sweep"
    # The first cell takes 0.01 s a trial and misses 8500, the second one 0.03 s and 8600.
    errors = np.full(20_000, np.nan)
    errors[:3000] = 0.0
    errors[2801:3000:2] = np.nan
    written(path, sweep, errors, np.tile([0.01, 0.03], 10_000))
    assert main(["sweep", "status", str(path)]) == 0
    out = capsys.readouterr().out
    assert "2900 of 20000 (14.5%); 0 of 2 cells done, 1400 to 1500 of 10000 in each" in out
    assert "cost       0:00:57 of one thread, 50.9 trials a second and thread" in out
    assert "left       about 0:05:43 of one thread\n" in out


def test_cells_that_were_not_tried_make_the_time_left_a_lower_bound(tmp_path, capsys):
    sweep = tiny(axes={"n": [1, 2, 3]}, settings={"ell": 9}, trials=1001)
    path = tmp_path / "begun.sweep"
    written(path, sweep, np.array([0.0, 0.0, *[np.nan] * 3001]))  # 0.01 s a trial
    assert main(["sweep", "status", str(path)]) == 0
    assert (
        "left       more than 0:00:20 of one thread; cells not tried yet: 1 of 3\n"
        in capsys.readouterr().out
    )


def test_the_time_left_is_that_of_the_threads_of_the_last_run(tmp_path, capsys):
    path = tmp_path / "two.sweep"
    sweep = tiny(axes={"n": [1]}, settings={"ell": 9}, trials=100_000)
    while not sweeps.run(sweep, path, threads=2, time_limit=0.3).done:
        pass
    assert main(["sweep", "status", str(path)]) == 0
    line = next(one for one in capsys.readouterr().out.splitlines() if one.startswith("left"))
    clocks = re.fullmatch(r"left       about (\S+) of one thread, (\S+) of 2", line).groups()
    one, two = (sum(60**i * int(t) for i, t in enumerate(c.split(":")[::-1])) for c in clocks)
    assert abs(one - 2 * two) <= 2


def test_status_tells_of_damage(definition, tmp_path, capsys):
    path = tmp_path / "tiny.sweep"
    assert main(["sweep", "run", definition, "-o", str(path)]) == 0
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.write_bytes(data)
    capsys.readouterr()
    assert main(["sweep", "status", str(path)]) == 1
    assert "damage" in capsys.readouterr().out
    assert "must be undamaged" in error(capsys, "resume", path)
    lost = 80 - sweeps.open(path).done
    assert main(["sweep", "export", str(path), str(tmp_path / "out.csv")]) == 0
    warnings = capsys.readouterr().err.splitlines()
    assert warnings[0] == f"gendemod: warning: {lost} of 80 trials are missing"
    assert f"{path} is damaged" in warnings[1]


def test_salvage_copies_what_is_whole_and_a_resume_does_the_rest(definition, tmp_path, capsys):
    path, copy = tmp_path / "tiny.sweep", tmp_path / "copy.sweep"
    assert main(["sweep", "run", definition, "-o", str(path)]) == 0
    path.write_bytes(path.read_bytes()[:-5] + bytes(4096))
    damaged = path.read_bytes()
    assert main(["sweep", "salvage", str(path), str(copy)]) == 0
    out = capsys.readouterr().out
    assert f"{sweeps.open(path).done} of 80" in out
    assert f"wrote {copy}" in out
    assert main(["sweep", "resume", str(copy)]) == 0
    assert measures(sweeps.open(copy)) == direct(SWEEP)
    assert path.read_bytes() == damaged


def test_salvage_replaces_nothing(definition, tmp_path, capsys):
    path, copy = tmp_path / "tiny.sweep", tmp_path / "copy.sweep"
    assert main(["sweep", "run", definition, "-o", str(path)]) == 0
    copy.write_bytes(b"something else")
    capsys.readouterr()
    for target in (copy, path):
        before = target.read_bytes()
        assert "`target` must be a new file because" in error(capsys, "salvage", path, target)
        with pytest.raises(
            FileExistsError, match=r"^`target` must be .+ because .+; got .+\.sweep"
        ):
            sweeps.salvage(path, target)
        assert target.read_bytes() == before


def test_a_reader_that_has_enough_is_no_error(definition, tmp_path):
    path = tmp_path / "tiny.sweep"
    assert main(["sweep", "run", definition, "-o", str(path)]) == 0
    command = [sys.executable, "-m", "gendemod", "sweep", "status", path]
    reader, writer = os.pipe()
    os.close(reader)
    found = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert (found.returncode, found.stderr) == (141, b"")


def test_export_goes_by_the_ending(definition, tmp_path, capsys):
    path, target = tmp_path / "tiny.sweep", tmp_path / "tiny.csv"
    assert main(["sweep", "run", definition, "-o", str(path)]) == 0
    assert main(["sweep", "export", str(path), str(target)]) == 0
    assert len(target.read_text(encoding="utf-8").splitlines()) == 81
    captured = capsys.readouterr()
    assert f"wrote {target}" in captured.out
    assert captured.err == ""
    assert "`target` must end in one of .csv, .parquet, .nc" in error(
        capsys, "export", path, tmp_path / "tiny.xls"
    )


def curve(cell):
    middle = 6 * cell["n"] ** 1.5 * (2 if cell["law"] == "rademacher" else 1)
    return 1 / (1 + (cell["ell"] / middle) ** -5)


@pytest.fixture
def transition(tmp_path):
    laws = ["gaussian", "rademacher"]
    axes = {"n": [1, 2, 3, 4], "law": laws, "ell": [4, 8, 16, 32, 64, 128]}
    path = tmp_path / "transition.sweep"
    simulated(path, tiny(axes=axes, settings={}, trials=30), curve)
    return path


def test_plot_writes_the_fits_of_the_library_and_figures(transition, tmp_path, capsys):
    pytest.importorskip("matplotlib")
    out = tmp_path / "out"
    assert main(["sweep", "plot", str(transition), "-o", str(out)]) == 0
    printed = capsys.readouterr().out
    text = (out / "transitions.txt").read_text(encoding="utf-8")
    assert text in printed
    found = sweeps.transitions(sweeps.open(transition), "ell")
    laws = sweeps.power_laws(found)
    for row in found.rows:
        assert f"{row.value:.4g}" in text
    for law in laws:
        assert f"{law.exponent:.3g}" in text
    report = json.loads((out / "transitions.json").read_text(encoding="utf-8"))
    assert [row["value"] for row in report["transitions"]["rows"]] == [r.value for r in found.rows]
    assert [one["exponent"] for one in report["power_laws"]] == [law.exponent for law in laws]
    assert report["trials"] == 30 * 48
    assert report["complete"]
    cells = report["cells"]
    assert len(cells) == 48
    assert cells[7]["tried"] == 30
    assert cells[7]["successes"] == sweeps.rates(sweeps.open(transition)).successes.ravel()[7]
    names = {path.name for path in out.iterdir()}
    kinds = ("success", "rates", "medians")
    figures = {f"{kind}-law-{law}.png" for kind in kinds for law in ("gaussian", "rademacher")}
    assert names == {"transitions.txt", "transitions.json", "transitions.png", *figures}
    for name in figures:
        assert (out / name).read_bytes().startswith(b"\x89PNG")
        assert f"wrote {out / name}" in printed


def test_many_transitions_are_drawn_in_several_figures(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    from matplotlib.figure import Figure

    drawn = {}
    monkeypatch.setattr(Figure, "savefig", lambda figure, path, **_: drawn.update({path: figure}))
    monkeypatch.setattr(_sweep_command, "replacing", nullcontext)
    path, out = tmp_path / "many.sweep", tmp_path / "out"
    axes = {"n": [1, 4], "depth": [1, 2, 3, 4], "law": ["gaussian", "rademacher"], "ell": [4, 32]}
    sweep = tiny(axes=axes, settings={"width": 9}, trials=9)
    simulated(path, sweep, lambda c: float(c["ell"] > 4))
    assert main(["sweep", "plot", str(path), "-o", str(out)]) == 0
    found = {one.name: figure for one, figure in drawn.items() if "transitions" in one.name}
    assert set(found) == {"transitions-law-gaussian.png", "transitions-law-rademacher.png"}
    for figure in found.values():
        (ax,) = figure.axes
        assert [one.get_label()[:9] for one in ax.containers] == [
            f"depth = {d}" for d in axes["depth"]
        ]
        figure.draw_without_rendering()
        for box in (ax.get_legend().get_window_extent(), ax.get_tightbbox()):
            assert box.y1 <= figure.bbox.y1
            assert box.x1 <= figure.bbox.x1
        assert ax.get_window_extent().height > 2 * figure.dpi


def test_plot_takes_another_criterion(transition, tmp_path, capsys):
    pytest.importorskip("matplotlib")
    out = tmp_path / "out"
    plotting = ["plot", str(transition), "-o", str(out)]
    assert main(["sweep", *plotting, "--success", "iterations", "1"]) == 0
    assert "success    iterations < 1\n" in capsys.readouterr().out
    report = json.loads((out / "transitions.json").read_text(encoding="utf-8"))
    assert report["success"] == ["iterations", 1]
    assert {cell["rate"] for cell in report["cells"]} == {1}
    assert {cell["median iterations"] for cell in report["cells"]} == {0}
    assert "`success` must be one of error" in error(capsys, *plotting, "--success", "speed", "1")
    assert "`success` must end in a number" in error(capsys, *plotting, "--success", "error", "x")


def test_plot_tells_what_is_missing_and_damaged(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    path, out = tmp_path / "part.sweep", tmp_path / "out"
    errors = np.array([*[0.0, 1.0] * 35, *[np.nan] * 10])
    written(path, SWEEP, errors)
    assert main(["sweep", "plot", str(path), "-o", str(out)]) == 0
    assert "trials     70 of 80: 10 are missing\n" in capsys.readouterr().out
    with open(path, "ab") as file:
        file.write(b"?" * 100)
    assert main(["sweep", "plot", str(path), "-o", str(out)]) == 0
    damage = f"damage     100 bytes from byte {path.stat().st_size - 100} on: "
    assert damage in capsys.readouterr().out
    assert damage in (out / "transitions.txt").read_text(encoding="utf-8")
    (gap,) = json.loads((out / "transitions.json").read_text(encoding="utf-8"))["damage"]
    assert gap["length"] == 100


def test_plot_takes_other_axes(transition, tmp_path, capsys):
    pytest.importorskip("matplotlib")
    arguments = ["sweep", "plot", str(transition), "-o", str(tmp_path / "out")]
    assert main([*arguments, "--along", "n", "--against", "ell"]) == 0
    assert "n = constant * ell ^ exponent" in capsys.readouterr().out
    plotting = ("plot", transition, "-o", tmp_path / "out")
    assert "`along` must be one of n, law, ell" in error(capsys, *plotting, "--along", "m")
    assert "`along` must be an axis of numbers" in error(capsys, *plotting, "--along", "law")
    assert "`against` must be one of n because" in error(capsys, *plotting, "--against", "law")


def test_what_changes_no_network_has_no_transition_and_is_drawn_all_the_same(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    path, out = tmp_path / "noise.sweep", tmp_path / "out"
    sweep = tiny(axes={"noise": [0, 0.2, 0.4]}, settings={"n": 2, "ell": 20}, trials=8)
    simulated(path, sweep, lambda _: 0.5)
    assert main(["sweep", "plot", str(path), "-o", str(out)]) == 0
    text = "no transition: all values of noise are tried on the same networks"
    assert text in capsys.readouterr().out
    names = {"transitions.txt", "transitions.json", "rates.png", "medians.png"}
    assert {one.name for one in out.iterdir()} == names
    sweep = tiny(axes={"noise": [0, 0.2], "n": [2, 4]}, settings={"ell": 20}, trials=8)
    path.unlink()
    simulated(path, sweep, lambda _: 0.5)
    assert main(["sweep", "plot", str(path), "-o", str(out), "--along", "noise"]) == 0
    assert text in capsys.readouterr().out
    assert {one.name for one in out.iterdir()} == {*names, "success.png"}


def test_sizes_that_vary_are_what_transitions_are_drawn_against(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    path = tmp_path / "unequal.sweep"
    axes = {"n": [4], "p": [2, 4, 8], "ell": [4, 8, 16, 32, 64]}
    sweep = tiny(axes=axes, settings={}, trials=20)
    simulated(path, sweep, lambda c: 1 / (1 + (c["ell"] / (4 * c["p"])) ** -5))
    assert main(["sweep", "plot", str(path), "-o", str(tmp_path / "out")]) == 0
    assert "ell = constant * p ^ exponent" in capsys.readouterr().out


def test_bad_input_is_named(definition, tmp_path, capsys):
    results = tmp_path / "tiny.sweep"
    assert "`preset` must be one of branch-hull, joint-wdc" in error(
        capsys, "run", "--preset", "no", "-o", results
    )
    assert "got neither" in error(capsys, "run", "-o", results)
    assert "got both" in error(capsys, "run", definition, "--preset", "plugin", "-o", results)
    assert "no.toml" in error(capsys, "run", tmp_path / "no.toml", "-o", results)
    assert "no.sweep" in error(capsys, "status", tmp_path / "no.sweep")
    assert "must be the results of a sweep" in error(capsys, "resume", definition)
    bad = tmp_path / "bad.toml"
    bad.write_text('task = "cooking"\n[axes]\nn = [1]\n', encoding="utf-8")
    assert "`task` must be one of demodulation" in error(capsys, "run", bad, "-o", results)
    assert "--threads" in error(capsys, "run", definition, "-o", results, "--threads", "0")
    assert not results.exists()


def test_a_changed_definition_is_refused_with_the_difference(definition, tmp_path, capsys):
    results = tmp_path / "tiny.sweep"
    assert main(["sweep", "run", definition, "-o", str(results)]) == 0
    before = results.read_bytes()
    capsys.readouterr()
    changed = tmp_path / "changed.toml"
    changed.write_text(SWEEP.to_toml().replace("[3, 6]", "[3, 7]"), encoding="utf-8")
    message = error(capsys, "run", changed, "-o", results)
    assert "axes.ell = [3, 7] where the file has [3, 6]" in message
    assert results.read_bytes() == before


def test_a_scheduler_that_cannot_be_reached_is_an_error(definition, tmp_path, capsys, monkeypatch):
    pytest.importorskip("distributed")
    from gendemod.sweep import _engines

    monkeypatch.setattr(_engines, "CONNECT_SECONDS", 0.3)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{unused.getsockname()[1]}"
        message = error(capsys, "run", definition, "-o", tmp_path / "a", "--scheduler", address)
    assert "`scheduler` must be the address of a scheduler that can be reached" in message


def test_a_trial_that_fails_is_one_line_and_one(definition, tmp_path, capsys, monkeypatch):
    from gendemod.sweep import _demodulation

    def fail(*_arguments, **_options):
        raise MemoryError("no room")

    monkeypatch.setattr(_demodulation, "demodulate", fail)
    message = error(capsys, "run", definition, "-o", tmp_path / "a", code=1)
    assert "trial 0 at {'n': 1, 'ell': 3} failed: MemoryError: no room" in message


def test_figures_without_matplotlib_are_an_error(transition, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    assert "install gendemod[plot]" in error(capsys, "plot", transition, "-o", tmp_path / "out")
    assert not (tmp_path / "out").exists()
