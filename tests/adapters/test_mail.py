"""Mail by a real SMTP server, and into the developers' folder."""

import asyncio
import email
import email.policy
import socket
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from dupi.adapters import mail as mail_module
from dupi.adapters.mail import FolderMailer, Mail, MailRefused, SmtpMailer, open_mailer
from dupi.errors import Unavailable
from tests.support.patience import HANGS_AFTER_S
from tests.support.smtp import (
    PASSWORD,
    USER,
    a_certificate,
    authenticator,
    running_mail_server,
)

SENDER = "두피 <no-reply@dupi.example>"
LETTER = Mail(
    "id-1", "mina@example.com", "[두피] 비밀번호", "새 비밀번호를 정해 주세요.\n\n안녕.\n"
)
TOKEN_LENGTH_LINE = "가" * 400


def mailer(url: str, *, timeout_seconds: float = HANGS_AFTER_S) -> SmtpMailer:
    return SmtpMailer(url, sender=SENDER, timeout_seconds=timeout_seconds)


def text_of(message: EmailMessage) -> str:
    return str(message.get_content()).replace("\r\n", "\n")


def with_password(port: int, scheme: str = "smtp") -> str:
    return f"{scheme}://{USER}:{quote(PASSWORD)}@127.0.0.1:{port}"


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return a_certificate(tmp_path)


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    return certificate


async def test_it_arrives_as_it_was_written() -> None:
    async with running_mail_server() as server:
        await mailer(server.url).send(LETTER)
    [got] = server.mails
    assert (got.sender, got.recipients) == ("no-reply@dupi.example", ["mina@example.com"])
    assert got.message["Subject"] == LETTER.subject
    assert got.message["From"].addresses[0].display_name == "두피"
    assert got.message["Message-ID"] == "<id-1@dupi.example>"
    assert got.message["Auto-Submitted"] == "auto-generated"
    assert text_of(got.message) == LETTER.body


async def test_long_lines_and_dots_survive() -> None:
    body = f".\n..\n{TOKEN_LENGTH_LINE}\n{'x' * 2000}\n"
    async with running_mail_server() as server:
        await mailer(server.url).send(Mail("id-2", "mina@example.com", "s", body))
    assert text_of(server.mails[0].message) == body


async def test_starttls_is_used_where_it_is_offered(trusted: Path) -> None:
    async with running_mail_server(trusted) as server:
        await mailer(server.url).send(LETTER)
    assert server.mails[0].is_encrypted


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
async def test_the_password_goes_by_tls(trusted: Path, scheme: str) -> None:
    at_once = scheme == "smtps"
    async with running_mail_server(
        trusted,
        from_the_first_byte=at_once,
        authenticator=authenticator,
        auth_require_tls=not at_once,  # it sees only STARTTLS
    ) as server:
        await mailer(with_password(server.port, scheme)).send(LETTER)
    assert server.mails[0].is_authenticated


async def test_without_tls_no_password_is_sent() -> None:
    tried: list[str] = []

    def remember(*_: Any) -> object:
        tried.append("password")
        return authenticator(*_)

    async with running_mail_server(authenticator=remember, auth_require_tls=False) as server:
        with pytest.raises(Unavailable):
            await mailer(with_password(server.port)).send(LETTER)
    assert tried == []
    assert server.mails == []


async def test_a_server_that_nobody_vouches_for_gets_no_mail(certificate: Path) -> None:
    async with running_mail_server(certificate) as server:
        with pytest.raises(Unavailable):
            await mailer(server.url).send(LETTER)
    assert server.mails == []


async def test_a_wrong_password_may_be_mended_and_is_not_told(trusted: Path) -> None:
    async with running_mail_server(trusted, authenticator=authenticator) as server:
        url = f"smtp://{USER}:wrong-secret@127.0.0.1:{server.port}"
        with pytest.raises(Unavailable) as refused:
            await mailer(url).send(LETTER)
    assert "wrong-secret" not in str(refused.value)


async def test_a_mailbox_that_does_not_exist_is_final() -> None:
    async with running_mail_server() as server:
        server.refusals[LETTER.recipient] = "550 no such user"
        with pytest.raises(MailRefused):
            await mailer(server.url).send(LETTER)


@pytest.mark.parametrize("reply", ["450 mailbox busy", "452 too many recipients"])
async def test_one_that_is_busy_is_asked_again(reply: str) -> None:
    async with running_mail_server() as server:
        server.refusals[LETTER.recipient] = reply
        with pytest.raises(Unavailable):
            await mailer(server.url).send(LETTER)


async def test_a_server_that_refuses_the_mail_itself_may_be_mended() -> None:
    async with running_mail_server() as server:
        server.data_reply = "554 you are on a list"
        with pytest.raises(Unavailable):
            await mailer(server.url).send(LETTER)


async def test_a_server_that_hangs_is_given_up() -> None:
    async with running_mail_server() as server:
        server.silent = True
        with pytest.raises(Unavailable):
            await mailer(server.url, timeout_seconds=0.3).send(LETTER)


async def test_a_server_that_drips_is_given_up() -> None:
    """Each answer in time, and never an end: the deadline is of the whole mail."""

    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not writer.is_closing():
            writer.write(b"220-hello\r\n")
            await asyncio.sleep(0.05)

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    url = f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    with pytest.raises(Unavailable):
        await mailer(url, timeout_seconds=0.5).send(LETTER)
    server.close()


async def test_no_server_is_unavailable() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(Unavailable):
        await mailer(f"smtp://127.0.0.1:{port}").send(LETTER)


@pytest.mark.parametrize(
    "recipient",
    [
        "mina@example.com\r\nBcc: all@example.com",
        "mina@example.com\nRCPT TO:<all@example.com>",
        "mina@example.com> SIZE=1",
        "mina@example.com, all@example.com",
        "mina",
        "",
        "x" * 5000 + "@example.com",
    ],
)
async def test_no_address_leads_to_anybody_else(recipient: str, tmp_path: Path) -> None:
    letter = Mail("id-3", recipient, "s", "b")
    async with running_mail_server() as server:
        with pytest.raises(MailRefused):
            await mailer(server.url).send(letter)
    assert server.mails == []


@pytest.mark.parametrize("subject", ["a\r\nBcc: all@example.com", "a\nb"])
async def test_no_subject_makes_a_header(subject: str, tmp_path: Path) -> None:
    letter = Mail("id-4", "mina@example.com", subject, "b")
    for one in (mailer("smtp://127.0.0.1:9"), FolderMailer(tmp_path / "box", sender=SENDER)):
        with pytest.raises(MailRefused):
            await one.send(letter)


async def test_a_foreign_domain_is_written_as_every_server_reads_it() -> None:
    async with running_mail_server() as server:
        await mailer(server.url).send(Mail("id-5", "mina@두피.example", "s", "b"))
    assert server.mails[0].recipients == ["mina@xn--hu1b973d.example"]


async def test_an_address_that_the_server_cannot_write_is_final() -> None:
    async with running_mail_server() as server:
        with pytest.raises(MailRefused):
            await mailer(server.url).send(Mail("id-6", "미나@example.com", "s", "b"))


async def test_an_address_beyond_ascii_arrives_where_it_can() -> None:
    async with running_mail_server(enable_SMTPUTF8=True) as server:
        await mailer(server.url).send(Mail("id-7", "미나@example.com", "s", "b"))
    assert server.mails[0].recipients == ["미나@example.com"]


async def test_the_folder_can_be_read(tmp_path: Path) -> None:
    box = tmp_path / "deep" / "box"
    mailer_ = open_mailer(f"file:{quote(str(box))}", sender=SENDER, timeout_seconds=1)
    for _ in range(2):
        await mailer_.send(LETTER)
    [file] = box.iterdir()
    assert file.name == "id-1.eml"
    message: Any = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    assert text_of(message) == LETTER.body
    assert message["To"] == LETTER.recipient


async def test_the_folder_keeps_the_newest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_module, "_KEPT", 3)
    folder = FolderMailer(tmp_path / "box", sender=SENDER)
    for number in range(5):
        await folder.send(Mail(f"id-{number}", "mina@example.com", "s", "b"))
    assert sorted(file.stem for file in (tmp_path / "box").iterdir()) == ["id-2", "id-3", "id-4"]


async def test_a_folder_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Unavailable):
        await FolderMailer(tmp_path / "file" / "box", sender=SENDER).send(LETTER)


@pytest.mark.parametrize("name", ["../x", "a/b", "x" * 200])
async def test_no_id_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(Unavailable):
        await FolderMailer(tmp_path / "box", sender=SENDER).send(Mail(name, "a@b.co", "s", "b"))
    assert not (tmp_path / "box").exists()
