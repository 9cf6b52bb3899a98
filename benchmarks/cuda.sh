#!/usr/bin/env bash
# Builds, tests, times and checks device="cuda" on a machine with a GPU, in less than 10 minutes:
#
#     benchmarks/cuda.sh FOLDER
#
# Everything it finds is written to FOLDER: build.log, tests.log, ceilings.json, cuda.md (the table),
# cuda.json, sanitizer.log. It needs nvcc, a C++ compiler, and in $PYTHON (python3) NumPy, pytest,
# pytest-benchmark, pybind11, CMake and Ninja; Eigen's headers where CMake finds them
# (CMAKE_PREFIX_PATH); PyTorch with CUDA to be compared with, and compute-sanitizer, if they are there.
set -euo pipefail
[ $# -eq 1 ] || { sed -n '4p' "$0" >&2; exit 64; }
mkdir -p "$1"
folder=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
if ! nvidia-smi -L >/dev/null 2>&1; then
  echo "cuda.sh: there is no CUDA device here (nvidia-smi -L shows none)" >&2
  exit 2
fi
limit=570
left() { echo $((limit - SECONDS > 1 ? limit - SECONDS : 1)); }
step() { printf '\n== %s (%s s)\n' "$*" "$SECONDS"; }
failed=0

step "device"
nvidia-smi --query-gpu=name,driver_version,compute_cap,memory.total --format=csv
nvcc --version | tail -2

step "build"
major=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader | head -1 | tr -d .)
build=build/benchmark
cmake -S . -B $build -G Ninja -DCMAKE_BUILD_TYPE=Release -DGENDEMOD_CUDA=ON \
  -DGENDEMOD_CUDA_ARCHITECTURES="$major-real" -DPython_EXECUTABLE="$(command -v "$python")" \
  -Dpybind11_DIR="$("$python" -m pybind11 --cmakedir)" >"$folder/build.log"
timeout "$(left)" cmake --build $build >>"$folder/build.log" 2>&1 || { tail -40 "$folder/build.log"; exit 1; }
nvcc -O3 -arch="sm_$major" benchmarks/ceilings.cu -o $build/ceilings
rm -rf $build/python && cp -r python $build/python && cp $build/_core.*.so $build/python/gendemod/
export PYTHONPATH=$PWD/$build/python
"$python" -m gendemod info

step "tests"
timeout "$(left)" "$python" -m pytest -q -W default -m cuda tests/test_cuda_*.py >"$folder/tests.log" 2>&1 || failed=1
tail -5 "$folder/tests.log"

step "ceilings"
timeout "$(left)" $build/ceilings | tee "$folder/ceilings.json"

step "times"
timeout "$(left)" "$python" benchmarks/cuda.py "$folder" || failed=1

step "compute-sanitizer"
: >"$folder/sanitizer.log"
if command -v compute-sanitizer >/dev/null; then
  for tool in memcheck racecheck initcheck; do
    timeout "$(left)" compute-sanitizer --tool $tool --error-exitcode 1 \
      "$python" benchmarks/cuda.py $build/small iterations pairs batch --small \
      >>"$folder/sanitizer.log" 2>&1 && verdict=clean || { verdict="not clean, or out of time"; failed=1; }
    echo "$tool: $verdict" | tee -a "$folder/sanitizer.log"
  done
else
  echo "compute-sanitizer is not on the path: not checked" | tee "$folder/sanitizer.log"
fi

step "done"
exit $failed
