# Dupi. `make` alone lists the commands; each sets up what it needs.

PYTHON ?= python3
STACK = .venv/bin/python -m api.local_stack
ML = .venv-ml/bin/python

.DEFAULT_GOAL := help
.PHONY: help demo up down test check setup format requirements schema

help: ## list these commands
	@printf 'Dupi: photos of the scalp in; grades, a care plan and streamed advice out, over GraphQL.\n\n'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@printf '\n  DUPI_PORT=8080 make up; make demo PHOTO=my.jpg SITE=CROWN; make PYTHON=/path/to/python3.11 …\n'

demo: setup ## set up, start everything, play one person through the API, stop (PHOTO=path: your own photo)
	@$(STACK).demo $(if $(PHOTO),--photo "$(PHOTO)") $(if $(SITE),--site "$(SITE)")

up: setup ## the same stack, staying up on http://127.0.0.1:8000 (DUPI_PORT changes it)
	@$(STACK).up

down: ## stop what `make up` started
	@$(PYTHON) -m api.local_stack.down

test: setup ## all tests, on the real store, Triton and vLLM (TESTS=path: only those)
	@.venv/bin/python -m tests.run $(TESTS)

check: setup-serving ## ruff, strict typing, import rules
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports

setup: ## environments, models and secrets; does only what is missing
	@$(PYTHON) -m api.local_stack.setup

setup-serving:
	@$(PYTHON) -m api.local_stack.setup serving

format: setup-serving ## let ruff put the code in order
	.venv/bin/ruff check --fix
	.venv/bin/ruff format

requirements: setup-serving ## pin the environments anew (requirements/*.txt) from pyproject.toml
	@.venv/bin/python -m api.local_stack.setup.pins
