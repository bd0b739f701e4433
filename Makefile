# Dupi. `make` alone lists the commands; each sets up what it needs.

PYTHON ?= python3
STACK = .venv/bin/python -m api.local_stack
ML = .venv-ml/bin/python

.DEFAULT_GOAL := help
.PHONY: help demo up down test bench soak check setup setup-serving format operator requirements secrets
.PHONY: train-classifiers evaluate-classifiers train-advisor evaluate-advisor

help: ## list these commands
	@printf 'Dupi: photos of the scalp in; grades, a care plan and streamed advice out, over GraphQL.\n\n'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-21s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@printf '\n  DUPI_PORT=8080 make up; make demo PHOTO=my.jpg SITE=CROWN; make PYTHON=/path/to/python3.11 …\n'

demo: setup ## set up, start everything, play one person through the API, stop (PHOTO=path: your own photo)
	@$(STACK).demo $(if $(PHOTO),--photo "$(PHOTO)") $(if $(SITE),--site "$(SITE)")

up: setup ## the same stack, staying up on http://127.0.0.1:8000 (DUPI_PORT changes it)
	@$(STACK).up

down: ## stop what `make up` started
	@$(PYTHON) -m api.local_stack.down

test: setup ## all tests, on the real store, Triton and vLLM (TESTS=path: only those)
	@.venv/bin/python -m tests.run $(TESTS)

bench: setup ## measure it all on the real components, beside what it is compared with (SEED=1)
	@.venv/bin/python -m tests.bench $(if $(SEED),--seed $(SEED))

soak: setup ## the long runs: 200 kills, starting again, overload (ARGS='--only kills --seed 7')
	@.venv/bin/python -m tests.soak $(ARGS)

check: setup-serving ## ruff, strict typing, import rules
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports

setup: ## environments, models and secrets; does only what is missing
	@$(PYTHON) -m api.local_stack.setup

setup-serving:
	@$(PYTHON) -m api.local_stack.setup serving

operator: setup-serving ## make a person an operator, on the stack that is up (EMAIL=who@example.com)
	@.venv/bin/python -m api.local_stack.operator role "$(EMAIL)"

format: setup-serving ## let ruff put the code in order
	.venv/bin/ruff check --fix
	.venv/bin/ruff format

requirements: setup-serving ## pin the environments anew (requirements/*.txt) from pyproject.toml
	@.venv/bin/python -m api.local_stack.setup.pins

secrets: ## make what the containers of compose.yaml share, in var/secret/compose
	@$(PYTHON) -m api.local_stack.setup.compose_secrets

DATA ?= var/data
RECIPE ?= export/recipes/shipped.toml

RUN = var/runs/$(VERSION)

# Versions count for themselves: classifiers are at 4 next, the advisor at 2.
train-classifiers: VERSION ?= 4
train-advisor: VERSION ?= 2

train-classifiers: setup ## draw photos, train trunk and heads, release them as VERSION=4 (an hour or more)
	$(ML) -m export.data.synthetic $(DATA)/scalps --count 16000 --workers "$$(nproc)"
	$(ML) -m export.train --recipe $(RECIPE) --data $(DATA)/scalps --run $(RUN)
	$(ML) -m export.release --run $(RUN) --data $(DATA)/scalps --version $(VERSION) \
		--photos-are "synthetic photos drawn by this project; no photo of a person" --label-errors 0.03
	$(ML) -m export publish

evaluate-classifiers: setup ## judge the published classifiers on photos from devices never trained on
	$(ML) -m export.data.synthetic $(DATA)/held_out --purpose test --count 3000 --strangers 1300 \
		--seed 77 --workers "$$(nproc)"
	$(ML) -m export.data.real_photos $(DATA)/real
	$(ML) -m export.evaluate --repository model_repository --whole \
		--data $(DATA)/held_out $(DATA)/real/judging --out var/evaluation

train-advisor: setup ## train tokenizer, base and adapter, put them under llm_server/weights as VERSION=2
	$(ML) -m llm_server.training.tokenizer
	$(ML) -m llm_server.training.base
	$(ML) -m llm_server.training.dataset --labels $(DATA)/scalps
	$(ML) -m llm_server.training.lora
	$(ML) -m llm_server.training.ship --version $(VERSION)
	$(ML) -m llm_server.merge --evaluate 64

CASES ?= 1000

evaluate-advisor: setup ## judge the merged advisor's replies to CASES=1000 unseen people, beside the base's
	$(ML) -m llm_server.training.evaluate --beside --cases $(CASES)
