"""``python -m tests.bench [--seed N] [--only SECTION]… [--quick] [--to FOLDER]``

Measures section by section, shows a table as each is done, and writes all of it, with the machine,
to ``var/bench/<UTC time>.json``. A section that fails is told, and the others go on: exit status 1.
"""

import argparse
import asyncio
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from api.local_stack.paths import VAR
from dupi.logs import set_up_logs
from dupi.settings import LogSettings
from tests.bench.run import SECTIONS, run_bench
from tests.bench.scale import FULL, QUICK


def main() -> int:
    given = _arguments()
    started = datetime.now(UTC)
    folder = given.to / started.strftime("%Y%m%dT%H%M%SZ")
    set_up_logs(LogSettings(level="WARNING", file=folder / "bench.log"))
    wanted = [section for section in SECTIONS if not given.only or section.name in given.only]
    width = None if sys.stdout.isatty() else 100
    with asyncio.Runner() as runner:
        outcomes = runner.run(
            run_bench(
                wanted,
                folder=folder,
                seed=given.seed,
                scale=QUICK if given.quick else FULL,
                given=os.environ,
                console=Console(width=width, highlight=False),
            )
        )
    return int(any(outcome.problem for outcome in outcomes))


def _arguments() -> argparse.Namespace:
    names = [section.name for section in SECTIONS]
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="append", choices=names, help="may be repeated")
    parser.add_argument("--to", type=Path, default=VAR / "bench", help="folder of what is written")
    parser.add_argument("--quick", action="store_true", help="few and short repeats: a trial")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
