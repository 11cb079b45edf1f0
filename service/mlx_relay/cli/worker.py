"""``python -m mlx_relay.cli.worker DOOR``: an inherited socket in; a worker of the service out.

Ctrl-C goes to all processes of a terminal: a worker leaves it to its parent.
"""

import signal
import socket
import sys

import uvloop

from mlx_relay.cli.failures import report
from mlx_relay.errors import RelayError
from mlx_relay.process_log import configure_process_log
from mlx_relay.workers.orders import read_orders
from mlx_relay.workers.worker import work


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    configure_process_log()
    try:
        with socket.socket(fileno=int(sys.argv[1])) as door:
            uvloop.run(work(read_orders(door), door))
    except RelayError as error:
        sys.exit(report(error))


if __name__ == "__main__":
    main()
