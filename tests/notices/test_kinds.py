"""The kinds: what is stored of a notice's facts comes back as it was, and what no notice can be is refused."""

from typing import Any

import pytest
from pydantic import ValidationError

from app.notices.kinds import NoticeKind, language_of, restore, snapshot
from app.notices.payloads import MAX_DIGEST_LINES, MAX_REMINDERS, CitizenPayload, DigestPayload, Payload
from tests.notices.samples import BARE, DIGEST_LINES, FIRST, FULL, NOW, SHORT_LIMIT, digest_line, in_language
from tests.tables import failing

K = NoticeKind


def test_every_kind_has_facts_to_be_tested_with() -> None:
    assert set(FULL) == set(BARE) == set(NoticeKind)


def test_a_payload_survives_its_snapshot() -> None:
    def check(row: tuple[NoticeKind, Payload]) -> None:
        kind, payload = row
        assert restore(kind, snapshot(payload)) == payload

    assert failing([*FULL.items(), *BARE.items(), *SHORT_LIMIT.items()], check) == []


@pytest.mark.parametrize("kind", [kind for kind in NoticeKind if issubclass(kind.spec.payload, CitizenPayload)])
def test_a_snapshot_from_before_there_were_languages_is_turkish(kind: NoticeKind) -> None:
    facts = snapshot(in_language(FULL[kind], "en"))
    del facts["language"]

    assert language_of(restore(kind, facts)) == "tr"


def test_a_snapshot_from_before_replies_were_numbered_still_reads() -> None:
    facts = snapshot(FULL[K.RESOLUTION])
    del facts["event_seq"], facts["signatory"]

    restored = restore(K.RESOLUTION, facts)

    assert (restored.event_seq, restored.signatory) == (None, None)  # type: ignore[attr-defined]


def test_a_snapshot_has_iso_instants_and_dates() -> None:
    facts = snapshot(FULL[K.WARNING])

    assert facts["promise_due"] == "2026-06-01T20:59:59.999999Z"
    assert facts["internal_target"] == "2026-05-29"


@pytest.mark.parametrize(
    "change",
    [{"number": None}, {"promise_due": "2026-06-01T12:00:00"}, {"phone": "0532"}, {"outcome": "lost"}],
)
def test_a_snapshot_that_does_not_fit_its_kind_is_refused(change: dict[str, Any]) -> None:
    kind = K.RESOLUTION if "outcome" in change else K.WARNING

    with pytest.raises(ValidationError):
        restore(kind, snapshot(FULL[kind]) | change)


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        (K.REMINDER, {"reminder": 0}),
        (K.REMINDER, {"reminder": MAX_REMINDERS + 1}),
        (K.DIGEST, {"more": -1}),
        (K.DIGEST, {"lines": []}),
        (K.RECEIPT, {"language": "de"}),
        (K.EXTENSION, {"ground": "no_time"}),
        (K.FEE_NOTICE, {"amount": "much"}),
    ],
)
def test_facts_that_no_notice_can_have_are_refused(kind: NoticeKind, change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        restore(kind, snapshot(FULL[kind]) | change)


def test_one_application_is_no_digest() -> None:
    with pytest.raises(ValueError, match="2 to 200"):
        DigestPayload.of(DIGEST_LINES[:1], as_of=NOW, office=FIRST)


def test_a_digest_begins_with_the_most_delayed_and_counts_what_finds_no_room() -> None:
    lines = [digest_line(f"{index:010d}", index - 100) for index in range(MAX_DIGEST_LINES + 7)]

    digest = DigestPayload.of(lines, as_of=NOW, office=FIRST)

    assert len(digest.lines) == MAX_DIGEST_LINES
    assert digest.more == 7
    assert [line.days_late for line in digest.lines] == sorted((line.days_late for line in lines), reverse=True)[:200]
