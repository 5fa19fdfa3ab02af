"""The check of names and English finds what it promises, and leaves alone what it quotes."""

import pytest

from scripts import check_names

PATH = "app/example.py"


def words_in_python(source: str) -> list[str]:
    return [found.word for found in check_names.check_python(PATH, source, long=True)]


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ('"""Nobody is told."""', "told"),
        ("# somebody has it", "somebody"),
        ('LIMIT = 3\n"""Rows held at once."""', "held"),
        ('def shown() -> int:\n    """What is shown."""\n    return 1', "What is shown. …"),
        ('"""Return it. When it fails, return None."""', "When it fails, return …"),
        ("def tell() -> None: ...", "name tell"),
        ("def send(told_at: int) -> None: ...", "name told_at"),
        ("class Postroom: ...", "name Postroom"),
        ("class TicketAnswer: ...", "TicketAnswer"),
        ('field = Field(description="How many there are")', "How many there are …"),
        (f'"""{" ".join(["word"] * 26)}."""', "sentence of 26 words"),
    ],
)
def test_a_word_or_a_sentence_is_found(source: str, word: str) -> None:
    assert word in words_in_python(source)


@pytest.mark.parametrize(
    "source",
    [
        '"""The column `kept_at`, and the sentence “nobody was told”."""',
        "class Row(Base):\n    kept: Mapped[bool] = column()",
        "class ReceiptOut(ResponseModel):\n    door: str",
        'TEXT = "nobody is told"',
        "x = 1  # noqa: S101 - asserts are what tests are made of",
    ],
)
def test_what_is_quoted_or_published_is_left_alone(source: str) -> None:
    assert words_in_python(source) == []


def test_a_class_is_defined_once_in_a_root() -> None:
    sources = {
        "app/a.py": "class Box:\n    pass\n",
        "app/b.py": "\nclass Box:\n    pass\n",
        "demo/c.py": "class Box: ...",
    }

    assert [(found.path, found.line) for found in check_names.duplicate_classes(sources)] == [("app/b.py", 2)]


def test_modules_do_not_differ_by_a_plural_alone() -> None:
    found = list(check_names.plural_modules(["app/x/rule.py", "app/x/rules.py", "app/y/rules.py", "app/texts/a.py"]))

    assert [each.path for each in found] == ["app/x/rules"]
