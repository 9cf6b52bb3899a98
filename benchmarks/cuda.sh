#!/usr/bin/env bash
# Builds, tests, times and checks device="cuda" on a machine with a GPU, in less than 10 minutes:
#
#     benchmarks/cuda.sh FOLDER
#
# Everything it finds is written to FOLDER: build.log, tests.log, ceilings.json, cuda.md (the table),
# cuda.json, kernels.txt, profile.log, sanitizer.log. It needs nvcc, a C++ compiler, and in $PYTHON
# (python3) NumPy, pytest, pytest-benchmark, pybind11, CMake and Ninja; Eigen's headers where CMake finds them
# (CMAKE_PREFIX_PATH); PyTorch with CUDA to be compared with, ncu and compute-sanitizer, if they are
# there. No step takes the time of those behind it: each has a limit of its own.
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
step() { printf '\n== %s (%s s)\n' "$*" "$SECONDS"; }
failed=0
# within SECONDS COMMAND ...: its exit code, 124 if the time is up; never more than is left of 9.5 minutes.
within() {
  local left=$((570 - SECONDS)) most=$1
  shift
  timeout -k 5 $((left < 1 ? 1 : left < most ? left : most)) "$@"
}
# told CODE: what an exit code means.
told() {
  case $1 in 0) echo clean ;; 124 | 137) echo "out of time" ;; *) echo "NOT CLEAN" ;; esac
}

step "device"
nvidia-smi --query-gpu=name,driver_version,compute_cap,memory.total --format=csv
nvcc --version | tail -2

step "build"
major=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader | head -1 | tr -d .)
build=build/benchmark
cmake -S . -B $build -G Ninja -DCMAKE_BUILD_TYPE=Release -DGENDEMOD_CUDA=ON \
  -DGENDEMOD_CUDA_ARCHITECTURES="$major-real" -DPython_EXECUTABLE="$(command -v "$python")" \
  -Dpybind11_DIR="$("$python" -m pybind11 --cmakedir)" >"$folder/build.log"
within 240 cmake --build $build >>"$folder/build.log" 2>&1 || { tail -40 "$folder/build.log"; exit 1; }
within 30 nvcc -O3 -arch="sm_$major" benchmarks/ceilings.cu -o $build/ceilings
rm -rf $build/python && cp -r python $build/python && cp $build/_core.*.so $build/python/gendemod/
export PYTHONPATH=$PWD/$build/python
"$python" -m gendemod info

step "tests"
within 100 "$python" -m pytest -q -W default -m cuda tests/test_cuda_*.py >"$folder/tests.log" 2>&1 || failed=1
tail -5 "$folder/tests.log"

step "ceilings"
within 30 $build/ceilings | tee "$folder/ceilings.json" || failed=1

step "times"
within 240 "$python" benchmarks/cuda.py "$folder" || failed=1

step "profile"
within 60 "$python" benchmarks/cuda.py "$folder" kernels || failed=1
if command -v ncu >/dev/null; then
  # The two kernels that read the pieces, in the middle of a run.
  within 60 ncu --kernel-name-base demangled --kernel-name 'regex:(UpdatePiece|TransposeProduct)' \
    --launch-skip 40 --launch-count 4 --kill yes --section SpeedOfLight --section Occupancy \
    "$python" benchmarks/cuda.py $build/profile iterations >"$folder/profile.log" 2>&1 ||
    echo "ncu: exit code $?, see profile.log"
  grep -E 'run_kernel|Throughput|Duration|Occupancy|Registers' "$folder/profile.log" || true
else
  echo "ncu is not on the path: no counters" | tee "$folder/profile.log"
fi

step "compute-sanitizer"
: >"$folder/sanitizer.log"
if command -v compute-sanitizer >/dev/null; then
  for tool in memcheck racecheck initcheck; do
    code=0
    within 60 compute-sanitizer --tool $tool --error-exitcode 1 "$python" tests/device_calls.py \
      >>"$folder/sanitizer.log" 2>&1 || code=$?
    echo "$tool: $(told $code)" | tee -a "$folder/sanitizer.log"
    [ $code -eq 0 ] || failed=1
  done
else
  echo "compute-sanitizer is not on the path: not checked" | tee "$folder/sanitizer.log"
fi

step "done"
exit $failed
