"""Mail goes out here: by SMTP, or into a folder that developers read.

SMTP is encrypted: ``smtps`` from the first byte; ``smtp`` by STARTTLS, which is insisted on
wherever a password is sent, and otherwise used where the server offers it.
"""

import asyncio
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, parseaddr
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import unquote, urlsplit

import aiosmtplib
from email_validator import EmailNotValidError, validate_email

from dupi.errors import Unavailable

MAIL: Final = "mail"
_KEPT: Final = 1000
"""Mails in the developers' folder: the oldest go."""
_NAME: Final = re.compile(r"[A-Za-z0-9-]{1,100}")
_REFUSED_FOR_GOOD: Final = 500


class MailRefused(Exception):
    """It will never be taken: there is no such mailbox, or its address cannot be written to."""


@dataclass(frozen=True, slots=True)
class Mail:
    """``id``: the same however often it is sent. ``recipient``: one bare address."""

    id: str
    recipient: str
    subject: str
    body: str


class Mailer(Protocol):
    async def send(self, mail: Mail) -> None:
        """Hand it over. Raises MailRefused, and Unavailable where another try may help."""


class SmtpMailer:
    """One connection a mail, under one deadline."""

    def __init__(self, url: str, *, sender: str, timeout_seconds: float) -> None:
        parts = urlsplit(url)
        self._sender = sender
        self._timeout_seconds = timeout_seconds
        self._host, self._port = parts.hostname, parts.port
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password or "") if parts.username else None
        self._use_tls = parts.scheme == "smtps"
        self._start_tls = False if self._use_tls else (True if self._user else None)

    async def send(self, mail: Mail) -> None:
        sender, recipient = parseaddr(self._sender)[1], _plain_ascii(mail.recipient)
        message = message_of(mail, self._sender, recipient)
        with _translated():
            async with asyncio.timeout(self._timeout_seconds):
                await aiosmtplib.send(
                    message,
                    sender=sender,
                    recipients=[recipient],
                    hostname=self._host,
                    port=self._port,
                    username=self._user,
                    password=self._password,
                    use_tls=self._use_tls,
                    start_tls=self._start_tls,
                    timeout=self._timeout_seconds,
                    local_hostname=sender.rpartition("@")[2],  # else it asks the name service
                )


class FolderMailer:
    """Each mail as ``<id>.eml``, whole or not at all; the newest thousand."""

    def __init__(self, folder: Path, *, sender: str) -> None:
        self._folder = folder
        self._sender = sender

    async def send(self, mail: Mail) -> None:
        message = message_of(mail, self._sender, mail.recipient)
        try:
            await asyncio.to_thread(_write, self._folder, mail.id, message.as_bytes())
        except OSError as failure:
            raise Unavailable(f"the outbox fails: {failure}", reason=MAIL) from failure


def open_mailer(url: str, *, sender: str, timeout_seconds: float) -> Mailer:
    """``url``: ``smtp://``, ``smtps://`` or ``file:`` (checked by the settings). Connects with the
    first mail."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        return FolderMailer(Path(unquote(parts.path)).absolute(), sender=sender)
    return SmtpMailer(url, sender=sender, timeout_seconds=timeout_seconds)


def message_of(mail: Mail, sender: str, recipient: str) -> EmailMessage:
    """Raises MailRefused where the address cannot stand in a header."""
    name, address = parseaddr(sender)
    message = EmailMessage(policy=SMTP)
    local, _, domain = recipient.rpartition("@")
    if not (local and domain):
        raise MailRefused("this is no address")
    try:
        message["From"] = Address(name, addr_spec=address)
        message["To"] = Address(username=local, domain=domain)  # in any script
        message["Subject"] = mail.subject
    except (ValueError, UnicodeError, IndexError) as wrong:
        raise MailRefused(f"no header holds this: {wrong!r}") from wrong
    message["Date"] = formatdate()
    message["Message-ID"] = f"<{mail.id}@{address.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.body)
    return message


@contextmanager
def _translated() -> Iterator[None]:
    """What concerns this mail alone is final; a server that is away, full or set up wrongly, and a
    password that it does not take, may be mended before the mail is too old."""
    try:
        yield
    except aiosmtplib.SMTPRecipientsRefused as refused:
        if all(one.code >= _REFUSED_FOR_GOOD for one in refused.recipients):
            raise MailRefused("the server refuses the recipient") from refused
        raise Unavailable("the recipient is refused for now", reason=MAIL) from refused
    except aiosmtplib.SMTPNotSupported as impossible:
        raise MailRefused("the server cannot write to the address") from impossible
    except (aiosmtplib.SMTPException, OSError, TimeoutError) as failure:
        raise Unavailable(f"mail: {failure!r}"[:200], reason=MAIL) from failure
    except ValueError as impossible:
        raise MailRefused("the address cannot be written to") from impossible


def _plain_ascii(address: str) -> str:
    """The address in the form that every server takes, where it has one."""
    try:
        return validate_email(address, check_deliverability=False).ascii_email or address
    except EmailNotValidError as invalid:
        raise MailRefused("this is no address") from invalid


def _write(folder: Path, name: str, data: bytes) -> None:
    if not _NAME.fullmatch(name):
        raise OSError("no name for a file")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = folder / f".{name}.{os.getpid()}"
    unfinished.write_bytes(data)
    unfinished.replace(folder / f"{name}.eml")
    for old in sorted(folder.glob("*.eml"))[:-_KEPT]:  # ids begin with their time
        old.unlink(missing_ok=True)
