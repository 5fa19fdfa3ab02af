"""A municipality's folder that a test may change."""

import shutil
from pathlib import Path

import pytest

from app.standards.catalogue import CatalogueCheck, check_folder_or_file
from tests.standards.samples import ESENLER, Edit


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of Esenler's folder that a test may change."""
    return Path(shutil.copytree(ESENLER, tmp_path / "municipality"))


@pytest.fixture
def edit(folder: Path) -> Edit:
    """Replace words in one file of the copy and check the folder again."""

    def change(name: str, old: str, new: str) -> CatalogueCheck:
        path = folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return check_folder_or_file(folder)

    return change
