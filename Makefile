PYTHON ?= python3
BIN := .venv/bin
FORMATTED := $(shell find cpp -name '*.[ch]pp' -o -name '*.cu')
SOURCES := $(shell find cpp python -type f -not -name '*.pyc') CMakeLists.txt pyproject.toml README.md

.PHONY: demo test lint format bench clean

demo: .venv/installed
	$(BIN)/gendemod demo

test: .venv/installed
	$(BIN)/python -m pytest

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
