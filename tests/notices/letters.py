"""Values of letters, and the text of a PDF, for the tests of letters and of their delivery."""

import io
from datetime import UTC, datetime

from pypdf import PdfReader

AT = datetime(2026, 6, 2, 6, 0, tzinfo=UTC)
VALUES = {
    "applicant.name": "Örnek VATANDAŞ",
    "applicant.address": "Menderes Mahallesi, Örnek Sokak No: 5\nEsenler/İSTANBUL",
    "ticket.description": "Kaldırımda çukur var.",
    "ticket.reply": "Şimdiki cevap.",
    "ticket.reply:7": "Talep edilen alan özel mülkiyettedir.\nİşlem yapılamamıştır.",
}


def pages_of(pdf: bytes) -> list[str]:
    """Return the text of each page, without line breaks."""
    return [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(pdf)).pages]


def pdf_text(pdf: bytes) -> str:
    """Return the text of all pages, without line breaks."""
    return " ".join(pages_of(pdf))
