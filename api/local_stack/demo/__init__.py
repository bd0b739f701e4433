"""One person's journey through the public API, shown on the terminal."""
