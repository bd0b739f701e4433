import socket

import pytest

from api.local_stack.ports import LOOPBACK, PortTaken, free_ports, require_free
from api.local_stack.up import chosen_port


def test_free_ports_are_different_and_free() -> None:
    ports = free_ports(6)
    assert len(set(ports)) == 6
    for port in ports:
        require_free(port)


def test_a_taken_port_is_told_in_one_line_that_says_what_to_do() -> None:
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken) as refused:
            require_free(port)
    message = str(refused.value)
    assert str(port) in message
    assert "DUPI_PORT=" in message
    assert "\n" not in message


def test_the_port_is_8000_unless_chosen() -> None:
    assert chosen_port("") == 8000
    assert chosen_port("8123") == 8123


@pytest.mark.parametrize("text", ["web", "0", "65536", "-1"])
def test_nonsense_is_no_port(text: str) -> None:
    with pytest.raises(PortTaken, match="DUPI_PORT"):
        chosen_port(text)
