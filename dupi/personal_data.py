"""What each noun keeps of a person: how it is erased, and how it is handed out. A line a noun."""

from typing import Final

from dupi.accounts.archive import Exporter
from dupi.accounts.exporting import export_account
from dupi.accounts.leaving import Eraser
from dupi.analyses.deleting import erase_person as erase_analyses
from dupi.analyses.exporting import export_analyses
from dupi.community.exporting import export_community
from dupi.community.leaving import erase as erase_community

ERASERS: Final[tuple[Eraser, ...]] = (erase_community, erase_analyses)
"""Who uses others comes first. Accounts come before and after these: see ``accounts.leaving``."""

EXPORTERS: Final[tuple[Exporter, ...]] = (export_account, export_analyses, export_community)
"""In the order in which they stand in the archive."""
