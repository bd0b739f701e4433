"""Ports on loopback."""

import socket
from contextlib import ExitStack
from typing import Final

LOOPBACK: Final = "127.0.0.1"


class PortTaken(Exception):
    """Someone else listens there; one clear line."""


def free_ports(count: int) -> list[int]:
    """That many different ports that are free now."""
    with ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind((LOOPBACK, 0))
        return [probe.getsockname()[1] for probe in probes]


def require_free(port: int) -> None:
    """Raises :class:`PortTaken` where ``port`` cannot be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as uvicorn does
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            raise PortTaken(
                f"Port {port} is taken: stop what listens there (make down, if it is Dupi), "
                "or choose another, e.g. DUPI_PORT=8080 make up."
            ) from None
