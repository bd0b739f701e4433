"""Tiny random models of the architectures that adapters are trained on, and what they are trained
with."""

from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoTokenizer,
    GPTNeoXConfig,
    GPTNeoXForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from llm_server.merge import WEIGHTS
from llm_server.training.bases import Base
from llm_server.training.recipe import TrainingRecipe, read_recipe

LORA = {**read_recipe("lora")["lora"], "rank": 4}
_SIZES: dict[str, Any] = {
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "max_position_embeddings": 1024,
}
_GROUPED: dict[str, Any] = {"num_key_value_heads": 1, "head_dim": 32}
_CHAT = (
    "{% for m in messages %}{{ '<|' + m['role'] + '|>' + m['content'] + '<|end|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}"
    "{% if enable_thinking is defined and enable_thinking is false %}{{ '<no thinking>' }}"
    "{% endif %}{% endif %}"
)
"""A hub's own template, with a thinking mode as Qwen3's has one."""


def own_tokenizer() -> Any:
    """The project's."""
    return AutoTokenizer.from_pretrained(WEIGHTS / "base")


def tiny_model(architecture: str, vocabulary: int) -> Any:
    torch.manual_seed(0)
    sizes = {**_SIZES, "vocab_size": vocabulary, "bos_token_id": None, "eos_token_id": 1}
    match architecture:
        case "LlamaForCausalLM":
            return LlamaForCausalLM(LlamaConfig(**sizes, **_GROUPED))
        case "Qwen3ForCausalLM":
            return Qwen3ForCausalLM(Qwen3Config(**sizes, **_GROUPED))
        case "GPTNeoXForCausalLM":
            return GPTNeoXForCausalLM(GPTNeoXConfig(**sizes))
    raise AssertionError(architecture)


def tiny_hub(folder: Path, base: Base) -> Path:
    """What the hub would give for ``base``, tiny: its class, its end token, a template."""
    tokenizer = own_tokenizer()
    tokenizer.add_special_tokens({"additional_special_tokens": [base.end, "[INST]"]})
    tokenizer.bos_token = "[INST]"
    tokenizer.chat_template = None if base.template else _CHAT
    tokenizer.save_pretrained(folder)
    tiny_model(base.architecture, len(tokenizer)).save_pretrained(folder)
    return folder


def training(steps: int, **changes: Any) -> TrainingRecipe:
    told = {
        "steps": steps,
        "batch_size": 4,
        "learning_rate": 3e-3,
        "warmup_steps": 1,
        "weight_decay": 0.0,
        "checkpoint_every": 4,
    }
    return TrainingRecipe(**{**told, **changes})
