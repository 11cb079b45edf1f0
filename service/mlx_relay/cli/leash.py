"""``python -m mlx_relay.cli.leash MODULE ...``: a module that ends when its starter ends.

The starter keeps our stdin open and never writes. However it dies, the kernel then closes the
pipe, and the module gets SIGTERM: that works on macOS too, which has no parent-death signal.
"""

import os
import runpy
import signal
import sys
import threading
from typing import Final

_STDIN: Final = 0


def main() -> None:
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


def _end_with_stdin() -> None:
    while os.read(_STDIN, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
