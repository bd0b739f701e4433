"""Answers questions, one line of JSON each, until there are no more.

Standard output carries nothing but answers: what libraries print goes to standard error.
"""

import json
import os
import sys
from collections.abc import Callable
from typing import Any


def answer_questions(answer: Callable[..., Any]) -> None:
    """Call ``answer`` with each question's fields; an error ends the program."""
    with os.fdopen(os.dup(1), "w") as answers:
        os.dup2(2, 1)
        for question in sys.stdin:
            answers.write(json.dumps(answer(**json.loads(question))) + "\n")
            answers.flush()
