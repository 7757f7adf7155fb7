# With Python 3.10+ and make, every target sets up $(VENV) first.

PYTHON ?= $(shell for p in python3.11 python3 python; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null && echo $$p && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
WORKERS ?= auto
PORT ?= 8000
TORCH ?= $(shell sed -n 's/^torch = ."torch>=\([0-9.]*\)".*/\1/p' pyproject.toml)
JAX ?= $(shell sed -n 's/^jax = ."jax>=\([0-9.]*\)".*/\1/p' pyproject.toml)
OTHER := $(VENV)-torch-$(TORCH)-jax-$(JAX)
LAYERS := ir kernels lowering passes plan emit
EXAMPLES := mnist transformer gpt loop pipeline
PROSE := onnx2py templates tests benchmarks generated_examples/make Makefile *.md docs

.PHONY: help demo demo-web demo-emotion test quick lint fuzz examples train readme bench matrix oldest clean
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' Makefile | sed 's/:.*##/\t/' | expand -t 14

# A stamp is newer than pyproject.toml once all its requirements are installed. The demos need
# few of those that the tests need, and are ready in less than half of the time.
define install
@test -n "$(PYTHON)" || \
  { echo "python: expected 3.10 or newer, got none; name one: make PYTHON=..."; exit 1; }
@echo "installing into $(@D) ..."
@$(PYTHON) -m venv $(@D)
@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check -e
endef

$(VENV)/.demo: pyproject.toml
	$(install) '.[demo]'
	@touch $@

$(VENV)/.installed: pyproject.toml
	$(install) '.[test]'
	@touch $(VENV)/.demo $@

$(OTHER)/.installed: pyproject.toml
	$(install) '.[test]' 'torch==$(TORCH).*' 'jax==$(JAX)'
	@touch $@

demo: $(VENV)/.demo ## compile a classifier of handwritten digits and run it
	@$(BIN)/python -m generated_examples.make.demo

demo-web: $(VENV)/.demo ## serve a page on localhost to draw digits on
	@$(BIN)/python -m generated_examples.make.web --port $(PORT)

demo-emotion: $(VENV)/.demo ## name the emotion in a picture of a face (fetches the network)
	@$(BIN)/python -m generated_examples.make.emotion

test: $(VENV)/.installed ## run all tests
	@$(BIN)/python -m pytest -n $(WORKERS)

quick: $(VENV)/.installed ## run the tests of kernels, rules, passes, planner and emission
	@$(BIN)/python -m pytest -n $(WORKERS) $(addprefix tests/,$(LAYERS))

fuzz: $(VENV)/.installed ## compare 22,000 random models with onnxruntime (minutes)
	@$(BIN)/onnx2py conformance numpy --suite fuzz graphs --each 76

lint: $(VENV)/.installed ## check style, words and types
	@$(BIN)/ruff check onnx2py tests benchmarks
	@$(BIN)/ruff check --ignore TID251 generated_examples/make
	@$(BIN)/black --check --quiet onnx2py tests benchmarks generated_examples || \
	  { echo "black: expected no change; run $(BIN)/black onnx2py tests benchmarks generated_examples"; exit 1; }
	@$(BIN)/codespell $(PROSE)
	@$(BIN)/mypy --strict onnx2py
	@$(BIN)/mypy --strict generated_examples/make
	@$(BIN)/mypy --strict $(addprefix generated_examples/,$(EXAMPLES))

examples: $(VENV)/.installed ## compile generated_examples/ again, and update the documentation
	@$(BIN)/python -m generated_examples.make
	@$(BIN)/python -m benchmarks.refresh

train: $(VENV)/.installed ## train the digit classifier again (minutes; fetches the digits)
	@$(BIN)/python -m generated_examples.make.train_mnist

readme: $(VENV)/.installed ## update excerpts, tables and pictures of the documentation
	@$(BIN)/python -m benchmarks.refresh

bench: $(VENV)/.installed ## measure the models in MODELS=FOLDER, update docs/performance.md
	@$(BIN)/python -m benchmarks.run --models $(MODELS) --chain --write

matrix: $(VENV)/.installed ## run packages on other versions of Python and NumPy (MODELS=FOLDER: more)
	@$(BIN)/python -m tests.examples.matrix --models $(MODELS)
	@$(BIN)/python -m tests.examples.compilers --models $(MODELS)

oldest: $(OTHER)/.installed ## run the tests of targets with the oldest PyTorch and JAX, or with TORCH=2.8 JAX=0.6.2
	@$(OTHER)/bin/python -m pytest -n $(WORKERS) tests/targets

clean: ## remove what was built
	rm -rf $(VENV) $(VENV)-torch-* build dist
