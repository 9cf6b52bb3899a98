"""The front end: options, exit codes, errors of one line."""

import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import gendemod as gd
from gendemod import cli
from gendemod._device import why_no_cuda
from gendemod.cli import main


def run_process(*argv, **kwargs):
    command = [sys.executable, "-c", "import sys; from gendemod.cli import main; sys.exit(main())"]
    return subprocess.Popen(
        [*command, *argv], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **kwargs
    )


def test_info_says_what_the_installation_is_made_of(capsys):
    assert main(["info"]) == 0
    out = capsys.readouterr().out
    build = gd._core.build_info()
    lines = dict(line.split(maxsplit=1) for line in out.splitlines())
    assert lines["gendemod"] == gd.__version__
    assert lines["compiler"] == build["compiler"]
    assert lines["flags"] == build["flags"].strip()
    assert lines["eigen"] == build["eigen"]
    assert lines["vectors"] == build["simd"]
    expected = "cpu, cuda: .+ GiB free" if not why_no_cuda() else "cpu only: .+"
    assert re.fullmatch(expected, lines["devices"])
    expected = f"{build['threads']} (OpenMP)" if build["openmp"] else "serial"
    assert expected in lines["threads"]


def test_info_says_when_it_is_serial(capsys, monkeypatch):
    serial = {**gd._core.build_info(), "openmp": False}
    monkeypatch.setattr(gd._core, "build_info", lambda: serial)
    assert main(["info"]) == 0
    assert "threads   1 (serial: built without it)" in capsys.readouterr().out


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["demo"],
        ["solve"],
        ["wdc"],
        ["wdc", "report"],
        ["wdc", "bound"],
        ["sweep"],
        *(["sweep", word] for word in ("run", "resume", "status", "export", "plot")),
        ["info"],
    ],
)
def test_help_is_printed_for_every_command(capsys, command):
    with pytest.raises(SystemExit) as ended:
        main([*command, "--help"])
    assert ended.value.code == 0
    assert "usage: gendemod" in capsys.readouterr().out


def test_help_of_solve_says_what_a_shared_distortion_is(capsys):
    with pytest.raises(SystemExit):
        main(["solve", "--help"])
    assert "jointly from there as one least-squares problem" in " ".join(
        capsys.readouterr().out.split()
    )


SOLVE = ["solve", "p.npy", "--g1", "a.npz", "--g2", "b.npz", "-o", "out"]


@pytest.mark.parametrize(
    ("argv", "culprit"),
    [
        ([], "command"),
        (["wobble"], "wobble"),
        (["solve"], "input"),
        (SOLVE[:-2], "--output"),
        ([*SOLVE, "--restarts", "0"], "--restarts: must be a whole number of at least 1; got 0"),
        ([*SOLVE, "--restarts", "some"], "--restarts: must be a whole number of at least 1"),
        ([*SOLVE, "--seed", "-1"], "--seed"),
        ([*SOLVE, "--seed", "1.5"], "--seed: must be a whole number of at least 0; got 1.5"),
        ([*SOLVE, "--threads", "0"], "--threads: must be a whole number of at least 1; got 0"),
        ([*SOLVE, "--max-iterations", "none"], "--max-iterations"),
        (
            [*SOLVE, "--time-limit", "0"],
            "--time-limit: must be a positive number of seconds; got 0",
        ),
        ([*SOLVE, "--time-limit", "nan"], "--time-limit"),
        ([*SOLVE, "--time-limit", "soon"], "--time-limit"),
        ([*SOLVE, "--solver", "magic"], "--solver"),
        ([*SOLVE, "--mask", ""], "--mask: must be a path; got nothing"),
        ([*SOLVE, "-o", ""], "--output: must be a path; got nothing"),
        (["reproduce", "figure2", "--mnist", ""], "--mnist: must be a path; got nothing"),
        (["demo", "--pairs", "0"], "--pairs: must be a whole number of at least 1; got 0"),
        (["demo", "--threads", "x"], "--threads"),
    ],
)
def test_bad_options_are_one_line_and_two(capsys, argv, culprit):
    assert main(argv) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("gendemod: error: ")
    assert captured.err.count("\n") == 1
    assert culprit in captured.err


def test_an_error_of_several_lines_becomes_one(capsys, monkeypatch):
    def fail(_arguments):
        raise ValueError("first\n  second")

    monkeypatch.setattr(cli, "_info", fail)
    assert main(["info"]) == 2
    assert capsys.readouterr().err == "gendemod: error: first second\n"


def test_a_missing_extra_is_bad_input(capsys, monkeypatch):
    def fail(_arguments):
        raise ImportError("PNG files need scikit-image; install gendemod[images]")

    monkeypatch.setattr(cli, "_info", fail)
    assert main(["info"]) == 2
    assert "gendemod[images]" in capsys.readouterr().err


def test_a_mistake_in_the_program_is_not_hidden(monkeypatch):
    def fail(_arguments):
        raise ZeroDivisionError

    monkeypatch.setattr(cli, "_info", fail)
    with pytest.raises(ZeroDivisionError):
        main(["info"])


def test_help_needs_nothing_but_the_standard_library_and_numpy():
    code = (
        "import sys; from gendemod.cli import _parser; _parser(); "
        "print({'PIL', 'skimage', 'sklearn', 'scipy', 'matplotlib'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_the_exit_code_reaches_the_shell():
    process = run_process("solve")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert err.startswith("gendemod: error: ")


@pytest.mark.parametrize("module", ["gendemod", "gendemod.cli"])
@pytest.mark.parametrize(("command", "code"), [("info", 0), ("solve", 2)])
def test_python_runs_the_command_as_a_module(module, command, code):
    argv = [sys.executable, "-m", module, command]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert done.stdout.startswith("gendemod  ") == (code == 0)
    assert done.stderr.startswith("gendemod: error: ") == (code == 2)


def test_a_torn_tiff_is_one_line(tmp_path):
    tifffile = pytest.importorskip("tifffile")
    gd.ReLUNetwork.gaussian((2, 64), seed=0).save(tmp_path / "g.npz")
    tifffile.imwrite(tmp_path / "p.tif", np.ones((8, 8), np.uint16), photometric="minisblack")
    (tmp_path / "p.tif").write_bytes((tmp_path / "p.tif").read_bytes()[:200])
    process = run_process(
        *("solve", str(tmp_path / "p.tif"), "-o", str(tmp_path / "out")),
        *("--g1", str(tmp_path / "g.npz"), "--g2", str(tmp_path / "g.npz")),
    )
    out, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert out == ""
    assert err.startswith("gendemod: error: ")
    assert "p.tif" in err
    assert err.count("\n") == 1


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_control_c_ends_a_long_solve_with_130(tmp_path):
    pytest.importorskip("PIL")
    g = gd.ReLUNetwork.gaussian((40, 500, 4096), seed=0)
    g.save(tmp_path / "g.npz")
    # Noise is in no range: the solver works until it is told to stop.
    np.save(tmp_path / "p.npy", np.random.default_rng(0).random((64, 64)))
    process = run_process(
        *("solve", str(tmp_path / "p.npy"), "-o", str(tmp_path / "out")),
        *("--g1", str(tmp_path / "g.npz"), "--g2", str(tmp_path / "g.npz")),
        *("--restarts", "100000"),
    )
    deadline = time.monotonic() + 60
    while not (tmp_path / "out").exists() and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(0.5)
    assert process.poll() is None, process.communicate()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, (out, err)
    assert err == "gendemod: interrupted\n"
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["report.json"]
