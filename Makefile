# Two commands set everything up in a fresh clone: "make run" reads the sample letters, "make test" checks the project.
# The first interpreter that runs and is of a supported version.
PYTHON ?= $(shell for p in python3.11 python3.12 python3; do $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' \
	2>/dev/null && echo $$p && break; done)
VENV ?= .venv
BIN = $(VENV)/bin
SAMPLES = annotations/letters/sample-*
# For diff-rules: the revision to compare with, and the letters to run both versions on.
BASE ?= HEAD
LETTERS ?= $(if $(UNMET_LETTERS),$(UNMET_LETTERS),annotations/letters)

.PHONY: run test diff-rules bench model-wheel clean

run: $(VENV)/.installed
	@$(BIN)/unmet read --format table $(SAMPLES)

test: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest

# What a change won and lost: the working tree against BASE, over the letters of LETTERS, as text and as out/gains.html.
diff-rules: $(VENV)/.installed-dev
	$(BIN)/python benchmarks/diff_rules.py $(BASE) $(LETTERS) --out out

# Where the time goes, then unmet beside its peers; EDS-NLP among them where .venv-edsnlp is (see benchmarks/peers.py).
bench: $(VENV)/.installed-dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	$(BIN)/python benchmarks/budget.py $(LETTERS)
	$(BIN)/python benchmarks/peers.py $(LETTERS)

# The trained pipeline as a wheel of its own, in dist/.
model-wheel: $(VENV)/.installed
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist ./models

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[cluster,dev,doccano,report,results,serve,train]'
	@touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) out build dist
