PYTHON ?= python3
BIN := .venv/bin
FORMATTED := $(shell find cpp -name '*.[ch]pp' -o -name '*.cu')
SOURCES := $(shell find cpp python -type f -not -name '*.pyc') CMakeLists.txt pyproject.toml README.md

.PHONY: demo test races lint format bench clean

demo: .venv/installed
	$(BIN)/gendemod demo

test: .venv/installed
	$(BIN)/python -m pytest

# The kernels of the device on threads of the host, watched by ThreadSanitizer: some minutes.
races: .venv/installed
	$(BIN)/python -m pip install --quiet cmake ninja 'pybind11>=3.0' 'cmeel-eigen>=3.4.1,<4'
	$(BIN)/cmake -S . -B build/races -G Ninja -DCMAKE_BUILD_TYPE=Release -DGENDEMOD_CUDA=RACES \
	  -DCMAKE_MAKE_PROGRAM="$$PWD/$(BIN)/ninja" -DPython_EXECUTABLE="$$PWD/$(BIN)/python" \
	  -Dpybind11_DIR="$$($(BIN)/python -m pybind11 --cmakedir)"
	$(BIN)/cmake --build build/races --target _core
	rm -rf build/races/python && cp -r python build/races/python
	cp build/races/_core.*.so build/races/python/gendemod/
	PYTHONPATH=build/races/python OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 \
	  LD_PRELOAD="$$($${CXX:-c++} -print-file-name=libtsan.so)" $(BIN)/python tests/device_calls.py

lint: .venv/linters
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/clang-format --dry-run -Werror $(FORMATTED)
	$(BIN)/mypy

format: .venv/linters
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/clang-format -i $(FORMATTED)

bench: .venv/installed
	$(BIN)/python -m pytest benchmarks --benchmark-enable --benchmark-only

clean:
	rm -rf .venv build

$(BIN)/python:
	$(PYTHON) -m venv .venv

.venv/installed: $(BIN)/python $(SOURCES)
	$(BIN)/python -m pip install --quiet ".[demo,test]"
	@touch $@

.venv/linters: .venv/installed
	$(BIN)/python -m pip install --quiet ".[lint]"
	@touch $@
