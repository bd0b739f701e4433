"""Mail that was sent in a test: kept as it was handed over, or refused in turn."""

import re
from collections import deque
from dataclasses import dataclass, field

from dupi.accounts.service import relay_next
from dupi.adapters.mail import Mail
from dupi.resources import Resources

_TOKEN = re.compile(r"[0-9a-f-]{36}\.[\w-]{43}")


@dataclass
class LetterBox:
    """A mailer that plays outcomes in turn (None: taken), then takes everything."""

    sent: list[Mail] = field(default_factory=list)
    outcomes: deque[BaseException | None] = field(default_factory=deque)
    tries: int = 0

    async def send(self, mail: Mail) -> None:
        self.tries += 1
        outcome = self.outcomes.popleft() if self.outcomes else None
        if outcome is not None:
            raise outcome
        self.sent.append(mail)

    def token(self, recipient: str | None = None) -> str:
        """Of the newest mail (to this person) that holds one."""
        for mail in reversed(self.sent):
            found = _TOKEN.search(mail.body)
            if found and recipient in {None, mail.recipient}:
                return found[0]
        raise AssertionError("no mail holds a token")


async def deliver(resources: Resources) -> None:
    """Send all that is due."""
    while await relay_next(resources):
        pass
