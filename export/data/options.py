"""The options by which commands name the photos that they train on, the same for all of them."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from export.data.dataset import Sources, packed_splits
from export.data.extra import DEFAULT_LICENCES
from export.data.items import Packed, Split
from export.data.splits import SplitBy


def add_data_options(parser: ArgumentParser) -> None:
    folders = parser.add_argument_group("photos")
    folders.add_argument(
        "--data", type=Path, nargs="+", required=True, help="folders in the AI-Hub format"
    )
    folders.add_argument(
        "--extra", type=Path, nargs="+", default=[], help="folders of images gathered elsewhere"
    )
    folders.add_argument(
        "--consented",
        type=Path,
        nargs="+",
        default=[],
        help="folders that api.consented_photos wrote and an operator graded",
    )
    folders.add_argument(
        "--allow-licence",
        nargs="+",
        default=[],
        help=f"for extra images, beside {', '.join(sorted(DEFAULT_LICENCES))}",
    )
    folders.add_argument(
        "--split-by",
        type=SplitBy,
        choices=list(SplitBy),
        default=SplitBy.SESSION,
        help="what stays on one side of the split; folders: the data set's own",
    )


def sources_of(given: Namespace) -> Sources:
    return Sources(
        aihub=tuple(given.data),
        extra=tuple(given.extra),
        consented=tuple(given.consented),
        licences=DEFAULT_LICENCES | {licence.casefold() for licence in given.allow_licence},
    )


def read_packed(
    given: Namespace, cache: Path, size: int, *, with_extents: bool = False
) -> dict[Split, Packed]:
    """Raises as ``packed_splits`` does."""
    sources = sources_of(given)
    return packed_splits(sources, cache, size, given.split_by, with_extents=with_extents)
