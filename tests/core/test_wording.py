"""The sentences of errors: complete in both languages, chosen by the caller's preference."""

import re
import string
from collections.abc import Mapping

import pytest

from app.core.problem import STATUS
from app.core.wording import (
    FIELD_SENTENCES,
    PROBLEM_DETAILS,
    PROBLEM_TITLES,
    Language,
    Sentence,
    preferred_language,
    translate,
)
from tests.tables import failing

_ENDED = [*PROBLEM_DETAILS.items(), *FIELD_SENTENCES.items()]
_ALL = [*PROBLEM_TITLES.items(), *_ENDED]


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_both_languages_use_the_same_facts_in_different_words() -> None:
    def check(row: tuple[str, Sentence]) -> None:
        _, sentence = row
        assert sentence.tr.strip()
        assert sentence.en.strip()
        assert sentence.tr != sentence.en
        assert places(sentence.tr) == places(sentence.en)

    assert failing(_ALL, check) == []


def test_every_sentence_is_filled_with_its_facts() -> None:
    def check(row: tuple[str, Sentence]) -> None:
        _, sentence = row
        facts = {name: ["bir", "iki"] for name in places(sentence.tr)}
        for language in ("tr", "en"):
            filled = translate(sentence, language, facts)
            assert not re.search(r"[{}]", filled)
            assert ("bir, iki" in filled) == bool(facts)

    assert failing(_ALL, check) == []


def test_every_sentence_is_whole() -> None:
    def check(row: tuple[str, Sentence]) -> None:
        for text in row[1]:
            assert text.endswith(".")
            assert text[0].isupper() or text.startswith(("{", "true"))
            assert "  " not in text

    assert failing(_ENDED, check) == []


def test_every_problem_has_a_status_a_title_and_a_detail() -> None:
    assert set(STATUS) == set(PROBLEM_TITLES) == set(PROBLEM_DETAILS)


def test_facts_with_braces_are_unchanged() -> None:
    assert translate(Sentence("{a}", "{a}"), "tr", {"a": "{b} {a}"}) == "{b} {a}"


@pytest.mark.parametrize("facts", [{"allowed": ["self", "guardian"]}, {"allowed": ("self", "guardian")}])
def test_lists_are_joined_with_commas(facts: Mapping[str, object]) -> None:
    assert translate(FIELD_SENTENCES["choice"], "tr", facts) == "Şunlardan biri olmalıdır: self, guardian."


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "tr"),
        ("tr", "tr"),
        ("en", "en"),
        ("EN", "en"),
        ("en-US,en;q=0.9", "en"),
        ("tr-TR,tr;q=0.9,en-US;q=0.8,en;q=0.7", "tr"),
        ("en-US,en;q=0.9,tr;q=0.8", "en"),
        ("tr;q=0.5, en;q=0.6", "en"),
        ("en;q=0.5,tr;q=0.5", "tr"),
        ("de-DE,de;q=0.9", "tr"),
        ("de, en;q=0.3", "en"),
        ("*", "tr"),
        ("en;q=0", "tr"),
        ("tr;q=0,en;q=0.1", "en"),
        ("en ; q=0.8 , tr ; q=0.2", "en"),
        ("en;Q=0.1,tr;q=0.2", "tr"),
        ("tr;q=0.7;level=1,en;q=0.6", "tr"),
        ("english", "tr"),
        ("en;q=much", "tr"),
        ("en;q=nan", "tr"),
        ("en;q=-1", "tr"),
        (",,;;=,", "tr"),
    ],
)
def test_the_caller_s_language_is_spoken_and_turkish_by_default(header: str, language: Language) -> None:
    assert preferred_language(header) == language
