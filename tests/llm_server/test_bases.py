"""Ready settings of public bases, each trained, merged and told by a tiny random model of its
architecture; and the methods of holding a base, as far as a CPU can."""

import warnings
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.ml
torch = pytest.importorskip("torch")

from dupi.advice.prompts import NEWEST  # noqa: E402
from dupi.knowledge.rulebook import NEWEST as EDITION  # noqa: E402
from llm_server.card import AdvisorCard, Sampling  # noqa: E402
from llm_server.merge import merged_and_compared  # noqa: E402
from llm_server.training import bases as catalogue  # noqa: E402
from llm_server.training import loading, lora  # noqa: E402
from llm_server.training.bases import Base, Method, find_base, read_bases  # noqa: E402
from llm_server.training.packing import encode, laid_out, packed_rows  # noqa: E402
from llm_server.training.pairs import pairs  # noqa: E402
from llm_server.training.refusals import CannotTrain, TrainingRefusal  # noqa: E402
from tests.llm_server.tiny import LORA, own_tokenizer, tiny_hub, tiny_model  # noqa: E402

NAMES = tuple(read_bases())
CARD = AdvisorCard("1", prompt=NEWEST, rules=EDITION)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def warnings_of_libraries() -> Iterator[None]:
    """bitsandbytes and torch warn of their own ways; nothing of ours is at fault."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def test_the_five_that_were_asked_for_are_there() -> None:
    for name in ("kanana-1.5", "qwen3", "midm-2.0", "koalpaca", "llama-2"):
        assert any(known.startswith(name) for known in NAMES), name


@pytest.mark.parametrize("name", NAMES)
def test_a_ready_base_is_loaded_trained_and_merged(name: str, tmp_path: Path) -> None:
    base = find_base(name)
    loaded = loading.load_setting(tiny_hub(tmp_path, base), base, Method.FULL)
    assert type(loaded.model).__name__ == base.architecture
    model = lora._adapter_on(loaded, LORA, None)
    adapters = [name for name, _ in model.named_parameters() if "lora_" in name]
    touched = {name.split(".lora_")[0].split(".")[-1] for name in adapters}
    assert touched == set(base.modules)
    first, last = learned(model, loaded.tokenizer)
    assert last < first
    _, report = merged_and_compared(model.eval(), loaded.tokenizer, torch.float32, CARD)
    assert report.same_choice == 1.0


@pytest.mark.parametrize("name", NAMES)
def test_a_ready_base_is_asked_in_its_own_way(name: str, tmp_path: Path) -> None:
    base, pair = find_base(name), next(pairs(3))
    tokenizer = loading.load_tokenizer(tiny_hub(tmp_path, base), base)
    tokenizer.save_pretrained(tmp_path / "merged")
    again = loading.load_tokenizer(tmp_path / "merged")  # as the server will read it
    text = again.apply_chat_template(pair.messages, add_generation_prompt=True, tokenize=False)
    system, user = (message["content"] for message in pair.messages)
    assert system in text
    assert user in text
    assert ("<no thinking>" in text) is base.thinking
    marks = {"koalpaca-5.8b": "### 답변:", "llama-2-7b": "[/INST]"}
    assert marks.get(name, "") in text
    found = encode(pair, again)
    assert again.convert_ids_to_tokens(found.ids[-1]) == base.end


def learned(model: Any, tokenizer: Any, steps: int = 10) -> tuple[float, float]:
    """The loss of one batch before and after some steps on it."""
    rows = packed_rows([encode(pair, tokenizer) for pair in islice(pairs(3), 2)], 2048)
    batch = laid_out(rows, tokenizer.pad_token_id)
    optimiser = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], 2e-3)
    losses = []
    for _ in range(steps):
        loss = model(**batch).loss
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
        losses.append(float(loss.detach()))
    return losses[0], losses[-1]


@pytest.mark.parametrize(
    ("method", "kind"), [(Method.EIGHT_BIT, "Linear8bitLt"), (Method.QLORA, "Linear4bit")]
)
def test_a_quantised_base_learns_on_a_cpu_too(method: Method, kind: str, tmp_path: Path) -> None:
    tokenizer = own_tokenizer()
    whole = tiny_model("LlamaForCausalLM", len(tokenizer))
    whole.save_pretrained(tmp_path)
    quantised = loading.load_model(tmp_path, method)
    assert type(quantised.model.layers[0].self_attn.q_proj).__name__ == kind
    assert quantised.get_memory_footprint() < whole.get_memory_footprint()
    first, last = learned(lora.adapted(quantised, LORA), tokenizer)
    assert last < first


def test_with_a_gpu_8bit_may_leave_layers_outside() -> None:
    offloading = loading.quantisation(Method.EIGHT_BIT, has_gpu=True)
    assert offloading.llm_int8_enable_fp32_cpu_offload
    assert not loading.quantisation(
        Method.EIGHT_BIT, has_gpu=False
    ).llm_int8_enable_fp32_cpu_offload
    assert loading.quantisation(Method.QLORA, has_gpu=True).bnb_4bit_use_double_quant


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_8bit_with_layers_outside_a_small_gpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not run where there is no GPU; nobody has run it yet."""
    tokenizer = own_tokenizer()
    tiny_model("LlamaForCausalLM", len(tokenizer)).save_pretrained(tmp_path)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda *_: (600_000, 600_000))
    model = loading.load_model(tmp_path, Method.EIGHT_BIT)
    places = {parameter.device.type for parameter in model.parameters()}
    assert places >= {"cuda"}
    assert set(map(str, model.hf_device_map.values())) & {"cpu"}


def test_too_little_memory_is_told_with_what_would_fit() -> None:
    base = find_base("kanana-1.5-8b")
    need = base.memory_gib(Method.FULL)
    with pytest.raises(CannotTrain) as refusal:
        catalogue.refuse_for_memory(base, Method.FULL, 2048, 10.0)
    assert refusal.value.code is TrainingRefusal.NOT_ENOUGH_MEMORY
    told = str(refusal.value)
    assert f"{need:.1f} GiB" in told
    assert "10.0 GiB are free" in told
    assert "--method qlora" in told
    assert catalogue.refuse_for_memory(base, Method.FULL, 2048, need + 1) is None  # type: ignore[func-returns-value]


def test_less_is_needed_the_smaller_the_weights_are_held() -> None:
    for base in read_bases().values():
        needs = [base.memory_gib(method) for method in Method]
        assert needs == sorted(needs, reverse=True), base.name
        assert base.memory_gib(Method.QLORA, 512) < base.memory_gib(Method.QLORA, 4096)


def changed(base: Base, **fields: Any) -> Base:
    from dataclasses import replace

    return replace(base, **fields)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"architecture": "Qwen3ForCausalLM"}, TrainingRefusal.OTHER_ARCHITECTURE),
        ({"end": "<|nowhere|>"}, TrainingRefusal.OTHER_ARCHITECTURE),
    ],
)
def test_what_is_not_what_the_file_says_is_refused(
    change: dict[str, Any], code: TrainingRefusal, tmp_path: Path
) -> None:
    base = find_base("kanana-1.5-2.1b")
    folder = tiny_hub(tmp_path, base)
    with pytest.raises(CannotTrain) as refusal:
        loading.load_setting(folder, changed(base, **change), Method.FULL)
    assert refusal.value.code is code
    assert "bases.toml" in str(refusal.value)


def test_a_name_that_nobody_knows(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CannotTrain) as refusal:
        loading.load("gpt-9")
    assert refusal.value.code is TrainingRefusal.UNKNOWN_BASE
    assert "kanana-1.5-2.1b" in str(refusal.value)
    catalogue.main()
    listed = capsys.readouterr().out
    assert all(name in listed for name in NAMES)


def test_a_library_that_does_not_load_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise ImportError("no libcudart")

    monkeypatch.setattr(loading, "_quantised", broken)
    with pytest.raises(CannotTrain) as refusal:
        loading.load_model(tmp_path, Method.QLORA)
    assert refusal.value.code is TrainingRefusal.METHOD_UNAVAILABLE


def test_a_whole_training_by_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """From a folder, by a recipe of one's own, to a version that is merged."""
    from llm_server import merge as merging
    from llm_server.training.ship import ship

    tokenizer = own_tokenizer()
    folder: Callable[[str], Path] = tmp_path.joinpath
    tiny_model("LlamaForCausalLM", len(tokenizer)).save_pretrained(folder("base"))
    tokenizer.save_pretrained(folder("base"))
    recipe = (
        '[lora]\nrank = 2\nalpha = 4\ndropout = 0.0\nmodules = "all-linear"\n'
        "[data]\nseed = 3\npairs = 6\nblock = 1024\n"
        "[training]\nepochs = 1\nbatch_size = 2\nlearning_rate = 1e-3\nwarmup_steps = 1\n"
        "weight_decay = 0.0\ncheckpoint_every = 2\n"
        "[sampling]\ntemperature = 0.3\ntop_p = 0.8\nrepetition_penalty = 1.1\nmax_tokens = 99\n"
    ).replace("batch_size = 2\n", "batch_size = 2\naccumulate = 1\n")
    folder("small.toml").write_text(recipe)
    given = ["--recipe", str(folder("small.toml")), "--base", str(folder("base"))]
    monkeypatch.setattr("sys.argv", ["lora", *given, "--run", str(folder("run"))])
    lora.main()
    ship(folder("run"), folder("weights"), "7")
    target = merging.merge(folder("weights"), folder("merged"))
    card = AdvisorCard.read(target)
    assert (card.version, card.prompt, card.rules) == ("7", NEWEST, EDITION)
    assert card.sampling == Sampling(0.3, 0.8, 1.1, 99)
    assert '"max_new_tokens": 99' in (target / "generation_config.json").read_text()
    weights = {path: path.read_bytes() for path in folder("weights").rglob("*.safetensors")}
    for taken in ("7", "rules-7"):
        with pytest.raises(ValueError, match=r"shipped already|cannot be the version"):
            ship(folder("run"), folder("weights"), taken)
    assert weights == {path: path.read_bytes() for path in weights}
