"""``python -m llm_server.serve --model-dir var/models/advisor/1 --port 8100``

Becomes vLLM: one foreground process, whose SIGTERM drains what is being written and stops all.
"""

import argparse
import os
import sys
from pathlib import Path

from llm_server.card import CARD_FILE
from llm_server.serve.command import (
    ServeOptions,
    best_dtype,
    command,
    environment,
    has_gpu,
    read_cpu_flags,
)


def parse_options(arguments: list[str]) -> ServeOptions:
    parser = argparse.ArgumentParser(prog="python -m llm_server.serve", description=__doc__)
    parser.add_argument("--model-dir", type=Path, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8100)
    parser.add_argument("--max-streams", type=int, default=ServeOptions.max_streams)
    parser.add_argument("--max-waiting", type=int, default=ServeOptions.max_waiting)
    parser.add_argument("--drain-seconds", type=int, default=ServeOptions.drain_seconds)
    return ServeOptions(**vars(parser.parse_args(arguments)))


def main() -> None:
    options = parse_options(sys.argv[1:])
    if not (options.model_dir / CARD_FILE).exists():
        sys.exit(
            f"No merged advisor in {options.model_dir}: run `python -m llm_server.merge` first."
        )
    gpu = has_gpu()
    dtype = best_dtype(has_gpu=gpu, cpu_flags=read_cpu_flags())
    os.execve(  # noqa: S606 - this process becomes the server
        sys.executable,
        command(options, dtype=dtype),
        environment(os.environ, has_gpu=gpu),
    )


if __name__ == "__main__":
    main()
