"""The Dockerfile, instruction by instruction."""

import json
import subprocess
from dataclasses import dataclass
from functools import cache

from api.local_stack.paths import ROOT


@dataclass(frozen=True)
class Instruction:
    """``stage`` counts from 0."""

    stage: int
    name: str
    value: str

    @property
    def words(self) -> list[str]:
        """Of an exec form or of a line."""
        exec_form = self.value.partition("CMD ")[2] if self.name == "HEALTHCHECK" else self.value
        words: list[str] = json.loads(exec_form) if exec_form.startswith("[") else exec_form.split()
        return words


@cache
def instructions() -> tuple[Instruction, ...]:
    text = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines()]
    found, stage = [], -1
    for line in lines:
        if line and not line.startswith("#"):
            name, _, value = line.partition(" ")
            stage += name == "FROM"
            found.append(Instruction(stage, name, value.strip()))
    return tuple(found)


def last_stage() -> list[Instruction]:
    return [one for one in instructions() if one.stage == instructions()[-1].stage]


def only(name: str) -> Instruction:
    """The last stage's one instruction of this name."""
    [found] = [one for one in last_stage() if one.name == name]
    return found


def copied() -> list[str]:
    """What is copied out of the checkout: folders end with ``/``."""
    copies = [one for one in instructions() if one.name == "COPY"]
    return [source for one in copies if "--from=" not in one.value for source in one.words[:-1]]


def ignored() -> list[str]:
    """Rules of .dockerignore, in order."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def tracked(*paths: str) -> list[str]:
    """Files below ``paths`` that a checkout holds."""
    listed = subprocess.check_output(["git", "ls-files", "--", *paths], cwd=ROOT, text=True)  # noqa: S607
    return listed.splitlines()


def in_the_image() -> list[str]:
    """Files of the checkout that end up below the image's working directory."""
    left_out = tuple(f"{rule}/" for rule in ignored() if rule[0] not in "*!")
    below = [source for source in copied() if source.endswith("/")]
    return [path for path in tracked(*below) if not path.startswith(left_out)]
