"""How long a test waits for what must come: far longer than it takes, on a busy machine too."""

from typing import Final

HANGS_AFTER_S: Final = 60.0
"""What is not there by then hangs."""
