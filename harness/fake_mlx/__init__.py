"""fake-mlx: a fake MLX server that replays recorded streams byte for byte and on time.

A *cassette* is one recorded exchange in one file; the *server* replays cassettes over a
real socket; the *journal* says what it received, what it sent, and when each client left.
"""

__version__ = "0.1.0"
