"""``make bench``: what the platform does in a second, and what that costs, in one table."""
