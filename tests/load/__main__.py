"""``python -m tests.load [--seconds 600]``: one overload on a stack of its own, as a table."""

import argparse
import asyncio
import json
import sys

from rich.console import Console

from api.local_stack.paths import VAR
from tests.load.overload import run


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__)
    options.add_argument("--seconds", type=float, default=600)
    options.add_argument("--measure-seconds", type=float, default=60)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    console = Console()
    report = asyncio.run(run(**vars(given), say=console.log))
    path = VAR / "soak" / "overload.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report.as_json(), indent=1, ensure_ascii=False))
    report.show(console)
    return 1 if report.problems else 0


if __name__ == "__main__":
    sys.exit(main())
