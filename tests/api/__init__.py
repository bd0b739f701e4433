"""HTTP and sockets: what is taken, what is refused, and how."""
