"""A number of clients in; how late a loop of nothing but ``send`` is for them, as JSON on stdout.

What a machine's kernel needs for sends alone: no server that paces streams can be more punctual.
It accepts the clients on a port that it prints first, and sends each *tokens* pieces at one pace.
"""

import argparse
import json
import socket
import sys
import time
from typing import Final

PIECE: Final = b"x" * 230
"""About what one token of a stream is."""


def accept(streams: int) -> list[socket.socket]:
    """Return the connections of *streams* clients."""
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as listener:
        sys.stdout.write(f"listening on 127.0.0.1:{listener.getsockname()[1]}\n")
        sys.stdout.flush()
        clients = [listener.accept()[0] for _ in range(streams)]
    for client in clients:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # A request that nobody read would turn the end into a reset.
        client.recv(1 << 16)
    return clients


def send_all(clients: list[socket.socket], tokens: int, seconds: float) -> list[float]:
    """Send each client a piece every *seconds*, one client after the other; return the lateness."""
    late = []
    started, gap = time.monotonic(), seconds / len(clients)
    for turn in range(tokens):
        for number, client in enumerate(clients):
            due = started + turn * seconds + number * gap
            if (early := due - time.monotonic()) > 0:
                time.sleep(early)
            client.send(PIECE)
            late.append(time.monotonic() - due)
    return late


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, required=True)
    parser.add_argument("--tokens", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    arguments = parser.parse_args()
    clients = accept(arguments.streams)
    late = sorted(send_all(clients, arguments.tokens, arguments.seconds))
    for client in clients:
        client.close()
    shown = [late[min(len(late) - 1, int(len(late) * share))] * 1000 for share in (0.5, 0.99, 1)]
    sys.stdout.write(json.dumps(shown) + "\n")


if __name__ == "__main__":
    main()
