"""What a command is told reaches the readers."""

from argparse import ArgumentParser
from pathlib import Path

import pytest

from dupi.knowledge.grade_sheet import GradeRow, write_sheet
from dupi.knowledge.vocabulary import ScalpSite
from export.data.extra import Unlicensed
from export.data.items import Split
from export.data.options import add_data_options, read_packed
from tests.export.data.making import photo, stem, whole, write


def test_photos_of_all_sources_are_packed_together(tmp_path: Path) -> None:
    write(tmp_path / "a", whole(stem(1), 1))
    write(tmp_path / "b", whole(stem(2), 2))
    images = b"file,source,licence,label\n1.jpg,walls,CC-BY-SA-4.0,stranger\n"
    write(tmp_path / "extra", {"1.jpg": photo(3), "images.csv": images})
    row = GradeRow("aa", "bb", ScalpSite.BACK, None, None, graded=("1",) * 6, graded_by="me")
    write(tmp_path / "graded", {"photos/aa.jpg": photo(4), "grades.csv": write_sheet([row])})
    parser = ArgumentParser()
    add_data_options(parser)
    folders = {name: str(tmp_path / name) for name in ("a", "b", "extra", "graded")}
    given = ["--data", folders["a"], folders["b"], "--split-by", "device"]
    given += ["--extra", folders["extra"], "--consented", folders["graded"]]
    with pytest.raises(Unlicensed):
        read_packed(parser.parse_args(given), tmp_path / "packed", 16)
    allowed = parser.parse_args([*given, "--allow-licence", "CC-BY-SA-4.0"])
    packed = read_packed(allowed, tmp_path / "packed", 16)
    assert set(packed) == set(Split)
    devices = {device for part in packed.values() for device in part.devices}
    assert devices == {"A2LEBJJDE00000O", "walls", "consented/bb"}
