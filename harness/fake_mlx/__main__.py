"""``python -m fake_mlx`` is ``fake-mlx``."""

from fake_mlx.cli import main

if __name__ == "__main__":
    main()
