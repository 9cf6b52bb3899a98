"""benchmarks/cuda.py runs to its end."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gendemod._device import why_no_cuda

SCRIPT = Path(__file__).resolve().parents[1] / "benchmarks" / "cuda.py"


def run(*arguments):
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.cuda
@pytest.mark.skipif(bool(why_no_cuda()), reason=why_no_cuda())
def test_every_row_is_measured(tmp_path):
    ceilings = {"copy_bytes_per_second": 1e12}
    ceilings |= {f"float{bits}_flops_per_second": 1e13 for bits in (32, 64)}
    (tmp_path / "ceilings.json").write_text(json.dumps(ceilings))
    done = run(tmp_path, "--small", "iterations", "pairs", "batch")
    assert (done.returncode, done.stderr) == (0, "")
    rows = json.loads((tmp_path / "cuda.json").read_text())
    table = (tmp_path / "cuda.md").read_text()
    for work in ("Algorithm 1", "WDC", "6 problems"):
        assert any(row["work"].startswith(work) for row in rows)
        assert work in table
    assert all(row["value"] > 0 for row in rows if row["unit"] in ("pairs/s", "problems/s"))


@pytest.mark.skipif(not why_no_cuda(), reason="there is a device")
def test_without_a_device_it_ends_at_once_with_the_reason(tmp_path):
    done = run(tmp_path / "new")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"{why_no_cuda()}\n")
    assert not (tmp_path / "new").exists()
