"""Fixtures of the tests of texts."""

import pytest

from app.notices.texts.render import Renderer
from tests.notices.samples import TEMPLATES


@pytest.fixture(scope="module")
def texts() -> Renderer:
    return Renderer(TEMPLATES)
