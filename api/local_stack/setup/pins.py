"""``python -m api.local_stack.setup.pins``: pin every environment from pyproject.toml's groups.

The files name versions only: no machine path and no registry, so that they serve everywhere.
"""

import sys
from typing import Final

from api.local_stack.paths import REQUIREMENTS
from api.local_stack.setup.commands import run
from api.local_stack.setup.environments import torch_source, uv_environment
from api.local_stack.setup.uv import bring_uv

_COMMON: Final = (
    *("--python-version", "3.11", "--quiet", "--no-header"),
    *("--no-emit-index-url", "--no-emit-find-links"),
)
_AS_TESTED: Final = ("--constraints", str(REQUIREMENTS / "serving.txt"))
"""What is deployed has the versions that the tests ran with."""
_OVERRIDES: Final = ("--overrides", str(REQUIREMENTS / "overrides.txt"))


def main() -> None:
    """Write requirements/*.txt anew; a pin stays where it still fits."""
    _pin("serving", "pyproject.toml", "--group", "dev")
    _pin("runtime", "pyproject.toml", *_AS_TESTED)
    _pin("ml", "--group", "ml", *_OVERRIDES, *torch_source())
    _pin("triton", "--group", "triton", *torch_source())
    _pin("ml-gpu", "--group", "ml-gpu", with_find_links=False)


def _pin(name: str, *what: str, with_find_links: bool = True) -> None:
    target = REQUIREMENTS / f"{name}.txt"
    sys.stdout.write(f"  … {target.name}\n")
    environment = uv_environment() | ({} if with_find_links else {"UV_FIND_LINKS": ""})
    uv = str(bring_uv())
    command = (uv, "pip", "compile", *what, *_COMMON, "--output-file", str(target))
    run(f"pins of {name}", command, environment)


if __name__ == "__main__":
    main()
