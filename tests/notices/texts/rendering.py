"""Rendered e-mails and changed facts, for the tests of texts."""

from dataclasses import replace
from typing import Any

from app.notices.kinds import Medium, NoticeKind
from app.notices.payloads import CasePayload, Payload
from app.notices.texts.render import RenderedNotice, Renderer


def email(texts: Renderer, kind: NoticeKind, payload: Payload) -> RenderedNotice:
    rendered = texts.render(kind, Medium.EMAIL, payload)
    assert rendered.problem is None
    return rendered


def replace_case(payload: Payload, **changes: Any) -> CasePayload:
    assert isinstance(payload, CasePayload)
    return replace(payload, **changes)
