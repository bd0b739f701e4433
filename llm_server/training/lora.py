"""The adapter: ``python -m llm_server.training.lora`` (resumes where it was left).

``--recipe lora`` is today's, ``lora-historical`` the student project's. ``--base`` takes the
project's own base, a folder, or a ready setting (``python -m llm_server.training.bases``);
``--method`` how it is held: full, half, 8bit (what a GPU has no room for stays outside), qlora.
"""

import argparse
import json
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from tqdm import tqdm

from dupi.advice.prompts import NEWEST
from dupi.knowledge.rulebook import NEWEST as EDITION
from llm_server.card import Sampling
from llm_server.training.bases import Method
from llm_server.training.dataset import PAIRS, read_pairs
from llm_server.training.generation import write_replies
from llm_server.training.grading import Grades, grade_replies, unseen_pairs
from llm_server.training.loading import Loaded, load
from llm_server.training.loop import Batch, fit
from llm_server.training.packing import Row, batches, encode, packed_rows, steps_in
from llm_server.training.pairs import AdvicePair, pairs
from llm_server.training.recipe import RUNS, TrainingRecipe, read_recipe
from llm_server.training.refusals import CannotTrain, TrainingRefusal
from llm_server.training.watching import ADAPTER, EarlyStop, Watch

ABOUT: Final = "about.json"
TRAINING_FILE: Final = "train.jsonl"
OWN_BASE: Final = RUNS / "base" / "model"


@dataclass(frozen=True, slots=True)
class Options:
    recipe: str
    base: str
    method: Method
    run: Path
    start: Path | None


def train(options: Options) -> Path:
    """The folder of the best adapter. Raises CannotTrain."""
    recipe = read_recipe(options.recipe)
    tokens = _tokens_at_once(recipe)
    loaded = load(options.base, options.method, tokens=tokens)
    torch.manual_seed(recipe["data"]["seed"])
    model = _adapter_on(loaded, recipe["lora"], options.start)
    model.print_trainable_parameters()
    rows = _rows(loaded.tokenizer, recipe["data"])
    training = _training(recipe, len(rows))
    options.run.mkdir(parents=True, exist_ok=True)
    _write_about(options, loaded, recipe)
    try:
        fit(
            model,
            _source(rows, recipe, loaded.tokenizer.pad_token_id),
            training,
            options.run,
            after_checkpoint=_watch(model, loaded.tokenizer, recipe, options.run),
        )
    except torch.OutOfMemoryError as full:
        raise CannotTrain(
            TrainingRefusal.NOT_ENOUGH_MEMORY,
            f"the GPU was full with {tokens} tokens at a time: raise `accumulate` or lower `block` "
            "in the recipe, or take --method 8bit or qlora. The checkpoint stays.",
        ) from full
    return options.run / ADAPTER


def _tokens_at_once(recipe: dict[str, Any]) -> int:
    training, block = recipe["training"], recipe["data"]["block"]
    return int(block * -(-training["batch_size"] // training["accumulate"]))


def _adapter_on(loaded: Loaded, recipe: dict[str, Any], start: Path | None) -> Any:
    if start is not None:
        return PeftModel.from_pretrained(loaded.model, start, is_trainable=True)
    modules = list(loaded.setting.modules) if loaded.setting else None
    return adapted(loaded.model, recipe, modules=modules)


def adapted(model: Any, recipe: dict[str, Any], *, modules: list[str] | None = None) -> Any:
    """``model`` with a fresh adapter on the recipe's layers.

    ``modules``: the linear layers of a ready base, where the recipe asks for all of them.
    """
    wanted = recipe["modules"]
    config = LoraConfig(
        r=recipe["rank"],
        lora_alpha=recipe["alpha"],
        lora_dropout=recipe["dropout"],
        target_modules=modules if wanted == "all-linear" and modules else wanted,
        task_type="CAUSAL_LM",
    )
    return get_peft_model(model, config)


def _rows(tokenizer: Any, data: dict[str, Any]) -> list[Row]:
    bar = tqdm(_training_pairs(data), total=data["pairs"], unit="pair", desc="pairs")
    encoded = [encode(pair, tokenizer) for pair in bar]
    fitting = [pair for pair in encoded if len(pair.ids) <= data["block"]]
    if left_out := len(encoded) - len(fitting):
        print(f"{left_out} of {len(encoded)} pairs are longer than a row and left out")
    return packed_rows(fitting, data["block"])


def _training_pairs(data: dict[str, Any]) -> Iterator[AdvicePair]:
    """Of the built corpus where the recipe takes them from there, else drawn by its seed."""
    if data.get("corpus"):
        found = read_pairs(PAIRS / TRAINING_FILE)
        random.Random(data["seed"]).shuffle(found)  # noqa: S311 - an order, no secret
        return islice(iter(found), data["pairs"])
    return islice(pairs(data["seed"]), data["pairs"])


def _training(recipe: dict[str, Any], rows: int) -> TrainingRecipe:
    told = dict(recipe["training"])
    epochs = told.pop("epochs")
    steps = steps_in(rows, batch_size=told["batch_size"], epochs=epochs)
    return TrainingRecipe(steps=steps, **told)


def _source(rows: list[Row], recipe: dict[str, Any], pad: int) -> Callable[[int], Iterator[Batch]]:
    size, seed = recipe["training"]["batch_size"], recipe["data"]["seed"]
    return lambda step: batches(rows, batch_size=size, seed=seed, step=step, pad=pad)


def _watch(
    model: Any, tokenizer: Any, recipe: dict[str, Any], folder: Path
) -> Callable[[int], bool]:
    """Without early stopping the newest adapter is kept."""
    if "early_stop" not in recipe:

        def keep(step: int) -> bool:
            model.save_pretrained(folder / ADAPTER)
            return False

        return keep
    rule = EarlyStop(**recipe["early_stop"])
    cases = unseen_pairs(rule.cases, seed=recipe["data"]["seed"])
    sampling = Sampling(**recipe["sampling"])

    def grade() -> Grades:
        torch.manual_seed(recipe["data"]["seed"])
        replies = write_replies(model, tokenizer, [pair.messages for pair in cases], sampling)
        return grade_replies(cases, replies)

    return Watch(model, grade, rule, folder)


def _write_about(options: Options, loaded: Loaded, recipe: dict[str, Any]) -> None:
    """What the adapter is made of: ``ship`` puts it into the version's card."""
    about = {
        "base": loaded.source,
        "setting": loaded.setting.name if loaded.setting else None,
        "method": options.method,
        "prompt": NEWEST,
        "rules": EDITION,
        "recipe": recipe,
        "sampling": asdict(Sampling(**recipe["sampling"])),
    }
    text = json.dumps(about, ensure_ascii=False, indent=1)
    (options.run / ABOUT).write_text(text + "\n", "utf-8")


def read_options(arguments: list[str]) -> Options:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipe", default="lora", help="a name in recipes/, or a .toml")
    parser.add_argument("--base", default=str(OWN_BASE), help="a folder or a ready setting")
    parser.add_argument("--method", type=Method, choices=list(Method), default=Method.FULL)
    parser.add_argument("--run", type=Path, default=RUNS / "lora", help="checkpoints and adapter")
    parser.add_argument("--start", type=Path, help="an adapter to go on from")
    return Options(**vars(parser.parse_args(arguments)))


def main() -> None:
    try:
        print(train(read_options(sys.argv[1:])))
    except CannotTrain as refusal:
        sys.exit(str(refusal))


if __name__ == "__main__":
    main()
