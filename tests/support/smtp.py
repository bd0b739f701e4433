"""A real SMTP server on loopback, with TLS and passwords where a test wants them."""

import asyncio
import email
import email.policy
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "dupi", "p@ss word"


@dataclass(frozen=True)
class Received:
    sender: str
    recipients: list[str]
    message: EmailMessage
    is_encrypted: bool
    is_authenticated: bool


@dataclass
class MailServer:
    """``refusals``: the reply to a recipient, by address; ``silent``: DATA is never answered."""

    port: int = 0
    mails: list[Received] = field(default_factory=list)
    refusals: dict[str, str] = field(default_factory=dict)
    data_reply: str = "250 OK"
    silent: bool = False

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    async def handle_RCPT(  # noqa: N802  (aiosmtpd's name and arguments)
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802  (aiosmtpd's name)
        self, server: Any, session: Session, envelope: Envelope
    ) -> str:
        if self.silent:
            await asyncio.Event().wait()
        if not self.data_reply.startswith("250"):
            return self.data_reply
        data = cast(bytes, envelope.content)
        message: Any = email.message_from_bytes(data, policy=email.policy.default)
        self.mails.append(
            Received(
                sender=str(envelope.mail_from),
                recipients=list(envelope.rcpt_tos),
                message=message,
                is_encrypted=session.ssl is not None,
                is_authenticated=bool(session.authenticated),
            )
        )
        return "250 OK"


@asynccontextmanager
async def running_mail_server(
    certificate: Path | None = None, *, from_the_first_byte: bool = False, **options: Any
) -> AsyncIterator[MailServer]:
    """``certificate``: STARTTLS is offered with it, or spoken at once."""
    handler, loop = MailServer(), asyncio.get_running_loop()
    tls = _context(certificate) if certificate else None
    starttls = None if from_the_first_byte else tls

    def connected() -> SMTP:
        return SMTP(handler, hostname="localhost", loop=loop, tls_context=starttls, **options)

    server = await loop.create_server(
        connected, "127.0.0.1", 0, ssl=tls if from_the_first_byte else None
    )
    handler.port = server.sockets[0].getsockname()[1]
    try:
        yield handler
    finally:
        server.close()


def authenticator(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> Any:
    right = LoginPassword(login=USER.encode(), password=PASSWORD.encode())
    return AuthResult(success=data == right)


def a_certificate(folder: Path) -> Path:
    """A file with a key and a certificate of its own making for 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail of tests")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    file.write_bytes(private + certificate.public_bytes(pem))
    return file


def _context(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context
