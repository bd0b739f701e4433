"""Byte-level BPE trained on the base text: ``python -m llm_server.training.tokenizer``."""

from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from llm_server.training.corpus import documents
from llm_server.training.grading import unseen_pairs
from llm_server.training.recipe import RUNS, read_recipe

END: Final = "<|end|>"
PAD: Final = "<|pad|>"
ROLES: Final = ("<|system|>", "<|user|>", "<|assistant|>")
MEASURED: Final = 300
CHAT_TEMPLATE: Final = (
    "{% for message in messages %}"
    "{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)


def train_tokenizer(recipe: dict[str, Any]) -> PreTrainedTokenizerFast:
    """A tokenizer in which every text round-trips exactly."""
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=recipe["vocabulary"],
        special_tokens=[PAD, END, *ROLES],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    text = islice(documents(recipe["seed"]), recipe["documents"])
    bpe.train_from_iterator(text, trainer, length=recipe["documents"])
    return PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        eos_token=END,
        pad_token=PAD,
        chat_template=CHAT_TEMPLATE,
        clean_up_tokenization_spaces=False,
    )


def tokens_a_character(tokenizer: Any, texts: Sequence[str]) -> float:
    """How many tokens a character of ``texts`` takes; the fewer, the faster a reply is written."""
    tokens = sum(len(tokenizer.encode(text, add_special_tokens=False)) for text in texts)
    return tokens / sum(map(len, texts))


def main() -> None:
    folder: Path = RUNS / "base" / "tokenizer"
    tokenizer = train_tokenizer(read_recipe("base")["tokenizer"])
    tokenizer.save_pretrained(folder)
    unseen = unseen_pairs(MEASURED)
    replies = [pair.reply for pair in unseen]
    prompts = [pair.messages[-1]["content"] for pair in unseen]
    print(f"tokenizer in {folder}: {len(tokenizer)} tokens")
    print(f"tokens a character: replies {tokens_a_character(tokenizer, replies):.3f}")
    print(f"                    prompts {tokens_a_character(tokenizer, prompts):.3f}")


if __name__ == "__main__":
    main()
