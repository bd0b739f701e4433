"""Starts a program of the ml environment and asks it questions."""

import asyncio
import json
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from api.local_stack.paths import ML_PYTHON, ROOT

_LINE_LIMIT: Final = 16 * 1024 * 1024
_ENDS_WITHIN_S: Final = 10.0


class MlProgram:
    """One program that answers, a question at a time."""

    def __init__(self, process: Process, log: Path) -> None:
        self._process = process
        self._log = log

    async def ask(self, **question: Any) -> Any:
        """Its answer. Raises ``RuntimeError`` with the log's end where the program has ended."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(question).encode() + b"\n")
        line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError(self.last_words())
        return json.loads(line)

    async def status(self) -> int:
        """Wait for its end."""
        return await self._process.wait()

    def last_words(self) -> str:
        return "\n".join(self._log.read_text().splitlines()[-12:])


@asynccontextmanager
async def ml_program(module: str, *arguments: object, log: Path) -> AsyncIterator[MlProgram]:
    """``python -m tests.bench.ml.<module> …`` for as long as the context lasts."""
    command = ["-m", f"tests.bench.ml.{module}", *map(str, arguments)]
    with log.open("ab") as errors:
        process = await asyncio.create_subprocess_exec(
            ML_PYTHON, *command, stdin=PIPE, stdout=PIPE, stderr=errors, cwd=ROOT, limit=_LINE_LIMIT
        )
    try:
        yield MlProgram(process, log)
    finally:
        await _end(process)


async def run_ml(module: str, *arguments: object, log: Path) -> None:
    """Run a program of the ml environment to its end. Raises ``RuntimeError`` where it fails."""
    async with ml_program(module, *arguments, log=log) as program:
        if await program.status():
            raise RuntimeError(program.last_words())


async def _end(process: Process) -> None:
    if process.stdin:
        process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), _ENDS_WITHIN_S)
    except TimeoutError:
        process.kill()
        await process.wait()
