"""What each noun keeps of a person, in the order in which it is erased: who uses others first."""

from typing import Final

from dupi.accounts.leaving import Eraser
from dupi.analyses.deleting import erase_person as erase_analyses

ERASERS: Final[tuple[Eraser, ...]] = (erase_analyses,)
"""Accounts themselves come before and after these: see ``dupi.accounts.leaving``."""
