# make demo    see a domain gap in a few minutes
# make test    all tests
# make check   format, lint, types, doctests
# Nothing here is needed to use the package: `pip install .` is enough.

PYTHON    ?= python3
PIP_FLAGS ?=
VENV      := .venv
BIN       := $(VENV)/bin
READY     := $(VENV)/.ready

.PHONY: demo test check format sheets tables clean

# Installed once; again only when what is declared changes.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check $(PIP_FLAGS) -c constraints.txt -e '.[dev]'
	touch $(READY)

demo: $(READY)
	$(BIN)/poseshift demo

test: $(READY)
	$(BIN)/pytest --cov --cov-report=term:skip-covered

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest --doctest-modules src -q -p no:cacheprovider
	$(BIN)/python -m benchmarks.tables --check

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

sheets: $(READY)
	$(BIN)/python -m benchmarks.sheets

tables: $(READY)
	$(BIN)/python -m benchmarks.tables

clean:
	rm -rf $(VENV) demo runs .coverage* .pytest_cache .mypy_cache .ruff_cache .hypothesis
