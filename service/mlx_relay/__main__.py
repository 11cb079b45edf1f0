"""``python -m mlx_relay`` is ``mlx-relay``."""

from mlx_relay.cli import main

if __name__ == "__main__":
    main()
