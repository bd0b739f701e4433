"""Loads a base to train on: a folder or a ready setting, whole, halved or quantised."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from peft import prepare_model_for_kbit_training
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig

from llm_server.training.bases import (
    Base,
    Method,
    find_base,
    free_memory_gib,
    refuse_for_memory,
)
from llm_server.training.fetching import fetch
from llm_server.training.loop import device
from llm_server.training.refusals import CannotTrain, TrainingRefusal

ATTENTION: Final = "sdpa"
"""Takes the masks of packed rows as they are."""
NO_THINKING: Final = "{%- set enable_thinking = false %}"
_KEEPS: Final = 0.85
"""Of a GPU's free memory for weights; the rest is for what training keeps."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """``setting``: of a ready base; absent for a folder of one's own."""

    model: Any
    tokenizer: Any
    setting: Base | None
    source: str


def load(name: str, method: Method = Method.FULL, *, tokens: int = 2048) -> Loaded:
    """The base called ``name``, or in the folder ``name``. Raises CannotTrain."""
    if Path(name).is_dir():
        return Loaded(load_model(Path(name), method), load_tokenizer(Path(name)), None, name)
    setting = find_base(name)
    refuse_for_memory(setting, method, tokens, free_memory_gib(method))
    folder = fetch(setting)
    return load_setting(folder, setting, method)


def load_setting(folder: Path, setting: Base, method: Method) -> Loaded:
    """The model of a ready setting from where it was fetched to."""
    _refuse_other_architecture(folder, setting)
    tokenizer = load_tokenizer(folder, setting)
    try:
        model = load_model(folder, method, dtype=getattr(torch, setting.dtype))
    except torch.OutOfMemoryError as full:
        refuse_for_memory(setting, method, 1, 0.0)
        raise AssertionError("unreachable") from full
    return Loaded(model, tokenizer, setting, setting.hub)


def load_tokenizer(folder: Path, setting: Base | None = None) -> Any:
    """With the setting's template and end token; they are saved with the merged model, too."""
    tokenizer: Any = AutoTokenizer.from_pretrained(folder)
    if setting is not None:
        if setting.end not in tokenizer.get_vocab():
            raise CannotTrain(
                TrainingRefusal.OTHER_ARCHITECTURE,
                f"{setting.hub} has no token {setting.end}: change `end` in bases.toml.",
            )
        tokenizer.eos_token = setting.end
        tokenizer.chat_template = _template(setting, tokenizer)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def _template(setting: Base, tokenizer: Any) -> str:
    template: str | None = setting.template or tokenizer.chat_template
    if not template:
        raise CannotTrain(
            TrainingRefusal.OTHER_ARCHITECTURE,
            f"{setting.hub} has no chat template: give one as `template` in bases.toml.",
        )
    return NO_THINKING + template if setting.thinking else template


def load_model(folder: Path, method: Method, *, dtype: torch.dtype = torch.bfloat16) -> Any:
    """``dtype``: of the weights with HALF. Quantised bases come ready for an adapter.

    Raises CannotTrain (METHOD_UNAVAILABLE).
    """
    if method in (Method.FULL, Method.HALF):
        kind = torch.float32 if method is Method.FULL else dtype
        return AutoModelForCausalLM.from_pretrained(
            folder, dtype=kind, attn_implementation=ATTENTION
        )
    try:
        model = _quantised(folder, method)
    except ImportError as missing:
        raise CannotTrain(
            TrainingRefusal.METHOD_UNAVAILABLE,
            f"--method {method} needs bitsandbytes, which does not load here ({missing}). "
            "Use --method half, or set the ml environment up again (make setup).",
        ) from missing
    on_gpu = torch.cuda.is_available()
    return prepare_model_for_kbit_training(model, use_gradient_checkpointing=on_gpu)


def _quantised(folder: Path, method: Method) -> Any:
    config = quantisation(method, has_gpu=torch.cuda.is_available())
    return AutoModelForCausalLM.from_pretrained(
        folder,
        quantization_config=config,
        dtype=torch.float32 if method is Method.EIGHT_BIT else torch.bfloat16,
        attn_implementation=ATTENTION,
        **_places(method),
    )


def quantisation(method: Method, *, has_gpu: bool) -> BitsAndBytesConfig:
    """8bit: layers that a GPU has no room for stay outside, in float32; on a CPU, where all is
    main memory, everything is int8."""
    if method is Method.EIGHT_BIT:
        return BitsAndBytesConfig(load_in_8bit=True, llm_int8_enable_fp32_cpu_offload=has_gpu)
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )


def _places(method: Method) -> dict[str, Any]:
    """Where layers go: with 8bit, what the GPU has no room for to main memory."""
    where = device()
    if where.type == "cpu":
        return {"device_map": {"": "cpu"}}
    if method is Method.QLORA:
        return {"device_map": {"": 0}}
    room = int(torch.cuda.mem_get_info()[0] * _KEEPS)
    return {"device_map": "auto", "max_memory": {0: room, "cpu": "512GiB"}}


def _refuse_other_architecture(folder: Path, setting: Base) -> None:
    """Another class than bases.toml names is refused; other sizes are told."""
    config: Any = AutoConfig.from_pretrained(folder)
    found = (config.architectures or ["?"])[0]
    if found != setting.architecture:
        raise CannotTrain(
            TrainingRefusal.OTHER_ARCHITECTURE,
            f"{setting.hub} is a {found}, not a {setting.architecture}: change bases.toml, "
            "`modules` too.",
        )
    sizes = {
        "layers": (setting.layers, config.num_hidden_layers),
        "width": (setting.width, config.hidden_size),
        "vocabulary": (setting.vocabulary, config.vocab_size),
    }
    for name, (told, real) in sizes.items():
        if told != real:
            print(f"{setting.hub}: {name} is {real}, not {told} as in bases.toml")
