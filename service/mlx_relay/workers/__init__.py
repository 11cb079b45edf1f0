"""Several processes that serve as one: ``mlx-relay serve --workers N``.

The parent (``parent``) listens, accepts and hands each connection to the next worker in turn
(``door``); it keeps the books that all share (``desk``), and replaces a worker that ends
(``keeper``). A worker (``worker``) is the ordinary service without a listening socket.

Why no shared listening socket: the kernel gives connections to whichever process wakes first, so
two long streams may well share a worker while another idles, and macOS does not balance at all.
Why not fork: macOS' libraries do not survive it, and prometheus-client decides at its import
whether there are several processes.
"""
