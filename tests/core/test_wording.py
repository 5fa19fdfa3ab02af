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

_ALL = [
    pytest.param(sentence, id=f"{room}-{code}")
    for room, sentences in (("title", PROBLEM_TITLES), ("detail", PROBLEM_DETAILS), ("field", FIELD_SENTENCES))
    for code, sentence in sentences.items()
]
_ENDED = [
    pytest.param(sentence, id=f"{room}-{code}")
    for room, sentences in (("detail", PROBLEM_DETAILS), ("field", FIELD_SENTENCES))
    for code, sentence in sentences.items()
]


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("sentence", _ALL)
def test_both_languages_say_something_with_the_same_facts(sentence: Sentence) -> None:
    assert sentence.tr.strip()
    assert sentence.en.strip()
    assert sentence.tr != sentence.en
    assert places(sentence.tr) == places(sentence.en)


@pytest.mark.parametrize("sentence", _ALL)
def test_all_sentences_can_be_filled_with_their_facts(sentence: Sentence) -> None:
    facts = {name: ["bir", "iki"] for name in places(sentence.tr)}

    for language in ("tr", "en"):
        said = translate(sentence, language, facts)
        assert not re.search(r"[{}]", said)
        assert (", ".join(["bir", "iki"]) in said) == bool(facts)


@pytest.mark.parametrize("sentence", _ENDED)
def test_sentences_are_whole(sentence: Sentence) -> None:
    for text in sentence:
        assert text.endswith(".")
        assert text[0].isupper() or text.startswith(("{", "true"))
        assert "  " not in text


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
