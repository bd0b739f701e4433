"""``python -m tests.run [pytest arguments]``: every test, each in its environment, one summary.

Tests marked ``ml`` need torch and run first, in the ml environment; the others follow, and their
run counts the first one's results into its own summary and exit status. Paths and other arguments
go to both.
"""

import subprocess
import sys
from collections.abc import Sequence

from api.local_stack.paths import ML_PYTHON, ROOT, SERVING_PYTHON, VAR

_NO_TESTS_COLLECTED = 5


def main(arguments: Sequence[str]) -> int:
    report = VAR / "test" / "ml.xml"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    sys.stdout.write("Tests of the ml environment\n")
    sys.stdout.flush()
    ml = _pytest(ML_PYTHON, "-m", "ml", "-qq", f"--junitxml={report}", *arguments)
    sys.stdout.write("\nAll other tests\n")
    sys.stdout.flush()
    others = _pytest(SERVING_PYTHON, "-m", "not ml", f"--count-in={report}", *arguments)
    return others or (0 if ml == _NO_TESTS_COLLECTED else ml)


def _pytest(python: object, *arguments: str) -> int:
    command = [str(python), "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
