# The commands of a working day. `make help` lists them.
#
# PYTHON=...       the Python (3.10 to 3.13) the environment is made from; found by itself when not given
# PIP_OPTIONS=...  options for pip, for example an index or a folder of wheels: PIP_OPTIONS="--find-links wheels"
# DEVICE=...       auto (default), cpu or cuda, for the demonstration and for train-default
# WORKERS=...      processes that run the tests (default 2)
# SCALE=...        share of the published epochs in `make papers` (default 0.02; 1 is as published and needs a GPU)
# PATCHES=...      folder of real patches, 0/ normal and 1/ with a cluster, for score-default, bench-ablations, bench-published and papers
# RECIPE=...       default, default-gpu or a YAML file, for train-default (default: default)
# TRAIN_OPTIONS=... more options for train-default, e.g. "--workers 15"
# BUNDLE=...       the bundle that train-morphology, calibrate-default, score-default and card-default change
#                  (default: default, the shipped one; train-default works in training-output/bundle)
# REAL=...         folder of real mammograms (*.dcm) for bench-detection and bench-ablations
# BACKGROUND=...   a real mammogram without calcifications that may be trained on, for bench-ablations
# WORK=...         folder where bench-detection keeps views and what was found in them (default work/detection); bench-ablations too

VENV := .venv
BIN := $(VENV)/bin
DEVICE ?= auto
WORKERS ?= 2
SCALE ?= 0.02
WORK ?= work/detection
RECIPE ?= default
BUNDLE ?= default
TRAINED := training-output/bundle
SIMULATOR := $(wildcard MCDetect/simulation/*.py)

export PYTHON PIP_OPTIONS VENV

.DEFAULT_GOAL := help
.PHONY: help demo test test-slicer lint train-default install-default train-morphology calibrate-default score-default card-default bench bench-detection bench-ablations bench-published papers clean setup-inference setup-training setup-benchmark setup-test

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile

demo: setup-inference demo/examination/truth.json ## install, detect in a simulated four-view examination, show the result
	@scripts/demo "$(DEVICE)"

demo/examination/truth.json: $(SIMULATOR) | setup-inference
	@$(BIN)/python -m MCDetect simulate --output demo/examination --views 4 --seed 17

test: setup-test lint ## install what the tests need and run them all
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --durations=25 --durations-min=10

lint: setup-test ## check style and types
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy

test-slicer: ## run the tests inside 3D Slicer: make test-slicer SLICER_EXECUTABLE=/path/to/Slicer
	@SLICER_EXECUTABLE="$(SLICER_EXECUTABLE)" scripts/test-slicer

train-default: setup-training ## make the default bundle from nothing, all stages in order, and put it in place (resumable)
	$(BIN)/python -m MCDetect.training.default --output training-output --recipe "$(RECIPE)" --device "$(DEVICE)" $(if $(PATCHES),--patches "$(PATCHES)") $(TRAIN_OPTIONS)
	$(BIN)/python -m MCDetect.training.default_install $(TRAINED)

install-default: setup-training ## put the finished training-output/bundle in the place of the shipped one
	$(BIN)/python -m MCDetect.training.default_install $(TRAINED)

train-morphology: setup-training ## fit the model of calcification types of BUNDLE on simulated mammograms
	$(BIN)/python -m MCDetect.training.morphology.train --bundle "$(BUNDLE)" --work training-output/morphology

calibrate-default: setup-training ## fit score and thresholds of BUNDLE again, after train-morphology
	$(BIN)/python -m MCDetect.training.recalibrate --bundle "$(BUNDLE)" --work training-output/calibration

score-default: setup-training ## score BUNDLE and write the scores into its model card
	$(BIN)/python -m MCDetect.training.score_default --bundle "$(BUNDLE)" --work training-output/scores $(if $(PATCHES),--patches "$(PATCHES)")

card-default: setup-training ## write the model card of BUNDLE again, with the failures that bench-detection drew
	$(BIN)/python -m MCDetect.training.default_card --bundle "$(BUNDLE)"

bench: setup-benchmark ## measure the speed of each stage; the figures stay as JSON in .benchmarks/
	$(BIN)/python -m pytest Testing/benchmarks --benchmark-only --benchmark-autosave

bench-detection: setup-training ## score the default bundle on the frozen sets and write docs/detection.md (resumable)
	$(BIN)/python -m MCDetect.training.detection --work $(WORK) $(if $(REAL),--real "$(REAL)")

bench-ablations: setup-training ## train with one part of the recipe changed at a time and write docs/ablations.md (resumable)
	$(BIN)/python -m MCDetect.training.detection.ablations --work $(WORK) --backgrounds training-output/backgrounds $(if $(REAL),--real "$(REAL)") $(if $(PATCHES),--patches "$(PATCHES)") $(if $(BACKGROUND),--real-background "$(BACKGROUND)")

bench-published: setup-training ## train the networks of the papers as ours was, write docs/published_networks.md (resumable)
	$(BIN)/python -m MCDetect.training.detection.published --work $(WORK) --backgrounds training-output/backgrounds $(if $(PATCHES),--patches "$(PATCHES)")

papers: setup-training ## run the recipes of all papers on small simulated data and put the table into docs/papers.md
	$(BIN)/python -m MCDetect.training.papers.compare --output training-output/papers --scale $(SCALE) $(if $(PATCHES),--patches "$(PATCHES)")

clean: ## remove the environment, the demonstration and all caches
	rm -rf $(VENV) demo build dist mcdetect.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks .cache

setup-inference setup-training setup-benchmark: setup-%:
	@scripts/install $*

setup-test:
	@scripts/install test
	@scripts/install-debian-packages
	@scripts/install-viewer
