"""How compose.yaml starts vLLM: options that vLLM takes, and those of the one-machine stack."""

import re
import warnings
from pathlib import Path
from typing import Any

import pytest

from llm_server.serve.command import ServeOptions, command
from tests.deployment.composed import option, services

pytestmark = pytest.mark.ml

_ADVISORS = ("advisor-cpu", "advisor-gpu")
_WEIGHTS = Path(__file__).parents[2] / "llm_server" / "weights"


def _arguments(name: str) -> list[str]:
    """What comes after the module, with the type that the entry point adds."""
    service = services()[name]
    module = service["command"].index("vllm.entrypoints.openai.api_server")
    return [*service["command"][module + 1 :], f"--dtype={service['environment']['ADVISOR_DTYPE']}"]


@pytest.fixture(scope="module")
def parser() -> Any:
    """vLLM's own; importing it and what it brings warns of this and that."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from vllm.entrypoints.launchers.cli_args import make_arg_parser
        from vllm.utils.argparse_utils import FlexibleArgumentParser

        return make_arg_parser(FlexibleArgumentParser())


@pytest.mark.parametrize("name", _ADVISORS)
def test_vllm_takes_them(name: str, parser: Any) -> None:
    parsed = parser.parse_args(_arguments(name))
    assert parsed.model == "/model"
    told = ("1", "prompt-1", "rules-1")
    assert parsed.served_model_name == ["dupi-advisor", *(f"dupi-advisor:{one}" for one in told)]
    assert (parsed.host, parsed.port) == ("0.0.0.0", 8100)  # noqa: S104
    assert parsed.dtype in {"auto", "float32"}


def test_on_a_gpu_it_leaves_room_for_triton(parser: Any) -> None:
    service = services()["advisor-gpu"]
    added = re.findall(r'(--[a-z-]+)="\$([A-Z_]+)"', service["entrypoint"][2])
    given = [f"{name}={service['environment'][value]}" for name, value in added]
    parsed = parser.parse_args([*_arguments("advisor-gpu"), *given])
    assert 0 < parsed.gpu_memory_utilization < 0.8


@pytest.mark.parametrize("name", _ADVISORS)
def test_limits_are_those_of_the_one_machine_stack(name: str, parser: Any) -> None:
    options = ServeOptions(model_dir=_WEIGHTS, host="0.0.0.0", port=8100)  # noqa: S104
    local = command(options, dtype=option_dtype(name))
    ours = vars(parser.parse_args(local[3:])) | {"model": "/model"}
    assert vars(parser.parse_args(_arguments(name))) == ours


def option_dtype(name: str) -> str:
    return str(services()[name]["environment"]["ADVISOR_DTYPE"])


@pytest.mark.parametrize("name", _ADVISORS)
def test_the_entry_point_adds_key_and_type(name: str) -> None:
    script = services()[name]["entrypoint"][2]
    assert 'VLLM_API_KEY="$(cat /run/secrets/dupi_advisor_api_key)"' in script
    assert 'exec "$@" --dtype="$ADVISOR_DTYPE"' in script
    set_there = set(re.findall(r"\$([A-Z_]+)", script))
    assert set_there <= set(services()[name]["environment"])
    assert option(services()[name], "--model") == services()[name]["volumes"][0]["target"]
