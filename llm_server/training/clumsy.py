"""Sentences that are correct, and clumsy: they are drawn anew."""

import re
from typing import Final

LONGEST: Final = 105
"""Characters; longer sentences are hard to read on a phone."""
CLUMSY: Final = {
    "보다 ": 1,
    "면 ": 1,
    ",": 1,
    "두피": 2,
    "위해": 1,
    "니 ": 1,
    "니까 ": 1,
    "는데 ": 1,
}
"""How often a sentence may hold what grows clumsy."""
TWICE: Final = re.compile(
    r"(?:때|에|안|지|지금|당분간)(?:는|도|은),? (?:\S+ ){0,2}"
    r"(?:제품|스케일링제|세럼|커버|샴푸|점|머리카락|머리|드라이어|트리트먼트|케어|양"
    r"|일|전에|번|방법)[은는] "
    r"|(?:나가|걸으)실 때.*(?:밖에서|나갈 때)"
    r"|(?:고르|사)실 때는.*로 (?:\S+ )?감"
)
"""Two topics in a row (감고 난 뒤에는 드라이어는), or a time that the deed does not fit."""


def is_clumsy(sentence: str) -> bool:
    """Long, with a word said twice, or with two conditions, comparisons or topics in a row."""
    words = [word.strip(".,") for word in sentence.split()]
    return (
        len(sentence) > LONGEST
        or len(set(words)) < len(words)
        or any(sentence.count(word) > most for word, most in CLUMSY.items())
        or TWICE.search(sentence) is not None
    )
