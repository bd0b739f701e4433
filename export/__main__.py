"""``python -m export <command>``: the classifiers from photos to a published version.

Every command is a module of its own, with its own ``--help``:

    train      train a recipe                        export.train
    search     look for better settings of a recipe  export.search
    evaluate   judge published versions              export.evaluate
    release    a training run to weights files       export.release
    publish    weights files to served versions      export.publish
    tune       measure ways to run what is served    export.tune
"""

import importlib
import sys
from collections.abc import Sequence

_COMMANDS = ("train", "search", "evaluate", "release", "publish", "tune")


def main(arguments: Sequence[str]) -> None:
    """Run the command as ``python -m export.<command>`` would; ends the process."""
    if not arguments or arguments[0] not in _COMMANDS:
        asked_for_help = arguments[:1] in (["-h"], ["--help"])
        (sys.stdout if asked_for_help else sys.stderr).write(__doc__ or "")
        raise SystemExit(0 if asked_for_help else 2)
    command, *rest = arguments
    sys.argv = [f"python -m export {command}", *rest]
    raise SystemExit(importlib.import_module(f"export.{command}").main())


if __name__ == "__main__":
    main(sys.argv[1:])
