"""Texts that an edit has broken: every notice still goes out, and the file that failed is named."""

import shutil
from pathlib import Path

import pytest

from app.notices.kinds import Medium, NoticeKind
from app.notices.payloads import Payload
from app.notices.texts.render import RenderedNotice, Renderer
from app.notices.texts.sms_length import SmsEncoding, segments
from tests.notices.samples import FULL, TEMPLATES, UNIT, in_language

K = NoticeKind


@pytest.fixture(scope="module")
def texts() -> Renderer:
    return Renderer(TEMPLATES)


def email(texts: Renderer, kind: NoticeKind, payload: Payload) -> RenderedNotice:
    rendered = texts.render(kind, Medium.EMAIL, payload)
    assert rendered.problem is None
    return rendered


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(TEMPLATES, tmp_path / "templates"))


BROKEN = {
    "a syntax error": "Konu: {{ number }\nx",
    "an unknown fact": "Konu: {{ number }}\n{{ colour }}",
    "a fact that does not exist": "Konu: {{ number }}\n{{ none }}",
    "an unknown reference": 'Konu: {{ number }}\n{{ ref("applicant.salary") }}',
    "an unknown literal reference": "Konu: {{ number }}\n⟦applicant.salary⟧",
    "no subject": "{{ number }}\nx",
    "a division by zero": "Konu: {{ number }}\n{{ 1 // 0 }}",
    "a way out of the sandbox": "Konu: {{ number }}\n{{ number.__class__.__mro__ }}",
    "an endless list": "Konu: {{ number }}\n{% for i in range(999999999) %}x{% endfor %}",
}


@pytest.mark.parametrize("source", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_text_falls_back_to_the_plain_facts(folder: Path, source: str) -> None:
    (folder / "escalation_1.email.txt").write_text(source, encoding="utf-8")

    rendered = Renderer(folder).render(K.ESCALATION_1, Medium.EMAIL, FULL[K.ESCALATION_1])

    assert rendered.fallback
    assert rendered.problem
    assert rendered.subject == "Süre aşımı bildirimi (1. kademe): 2600012349"
    assert f"Sorumlu birim: {UNIT}\n" in rendered.body
    assert "Süre sonu: 01.06.2026 23:59\n" in rendered.body
    assert "Kanun: 3071 sayılı Kanun\n" in rendered.body
    assert "Müracaat yeri: Halkla İlişkiler Müdürlüğü, Ercan ZENGİN" in rendered.body


@pytest.mark.parametrize("content", [None, b"Konu: \xff\xfe\n"])
def test_a_text_that_can_not_be_read_is_reported_and_spoils_no_other(folder: Path, content: bytes | None) -> None:
    path = folder / "receipt.sms.txt"
    path.unlink() if content is None else path.write_bytes(content)

    texts = Renderer(folder)

    assert list(texts.problems) == ["receipt.sms.txt"]
    rendered = texts.render(K.RECEIPT, Medium.SMS, FULL[K.RECEIPT])
    assert rendered.fallback
    assert segments(rendered.body).encoding is not SmsEncoding.UCS2
    assert not texts.render(K.RECEIPT, Medium.EMAIL, FULL[K.RECEIPT]).fallback


def test_a_medium_without_a_text_falls_back_too(texts: Renderer) -> None:
    assert texts.render(K.WARNING, Medium.SMS, FULL[K.WARNING]).fallback


def test_the_version_follows_the_content_of_the_file(folder: Path) -> None:
    before = email(Renderer(folder), K.RECEIPT, FULL[K.RECEIPT]).version
    path = folder / "receipt.email.txt"
    path.write_text(path.read_text(encoding="utf-8") + "\nEk satır\n", encoding="utf-8")

    after = email(Renderer(folder), K.RECEIPT, FULL[K.RECEIPT])

    assert after.version != before
    assert after.body.endswith("\nEk satır\n")


def test_rendering_reads_no_file(folder: Path) -> None:
    texts = Renderer(folder)
    shutil.rmtree(folder)

    assert not texts.render(K.RECEIPT, Medium.EMAIL, FULL[K.RECEIPT]).fallback


@pytest.mark.parametrize("content", [None, "Subject: x {{ number }}\n{{ colour }}", "Konu: x\nx"])
def test_a_broken_english_text_gives_way_to_the_turkish_one(folder: Path, content: str | None) -> None:
    path = folder / "receipt.email.en.txt"
    path.unlink() if content is None else path.write_text(content, encoding="utf-8")
    texts = Renderer(folder)

    rendered = texts.render(K.RECEIPT, Medium.EMAIL, in_language(FULL[K.RECEIPT], "en"))

    assert rendered.fallback
    assert rendered.problem
    assert rendered.template == "receipt.email.en.txt"
    assert (rendered.subject, rendered.body) == (
        (turkish := email(texts, K.RECEIPT, FULL[K.RECEIPT])).subject,
        turkish.body,
    )


@pytest.mark.parametrize("kind", list(NoticeKind))
def test_every_kind_can_be_listed_plainly(folder: Path, kind: NoticeKind) -> None:
    for path in folder.glob("*.txt"):
        path.unlink()
    plain = Renderer(folder)
    for medium in kind.spec.media:
        rendered = plain.render(kind, medium, FULL[kind])
        assert rendered.fallback
        assert kind.label_tr in rendered.body
        assert "2600012349" in rendered.body


def test_missing_files_are_found_at_the_start(tmp_path: Path) -> None:
    problems = Renderer(tmp_path).problems

    assert {"digest.email.txt", "receipt.sms.en.txt", "letters/official.typ", "letters/extension.typ"} <= set(problems)
    assert set(Renderer(TEMPLATES).problems) == set()
