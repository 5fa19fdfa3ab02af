"""Console adapter: one `.eml` file per notice, readable by any mail program."""

from dataclasses import replace
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from pathlib import Path

import pytest

from app.notices.delivery.adapters.base import (
    OutgoingMessage,
    PermanentFailure,
    SentMessage,
    TemporaryFailure,
)
from app.notices.delivery.adapters.console import ConsoleAdapter
from app.notices.kinds import Medium
from tests.notices.delivery.messages import MAIL, read_back

SENDER = "Esenler Belediyesi – Halkla İlişkiler Müdürlüğü"
MESSAGE = replace(MAIL, dedupe_key="01890a5d:1:escalation_1:1:0:office-1:email")


async def laid_out(outbox: Path, message: OutgoingMessage = MESSAGE) -> EmailMessage:
    await ConsoleAdapter(outbox, sender_name=SENDER).send(message)
    return read_back(outbox / f"{message.number}.eml")


def files(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def content(email: EmailMessage) -> str:
    """Return the text with the line ends of the notice."""
    return str(email.get_content()).replace("\r\n", "\n")


async def test_turkish_letters_survive_in_headers_and_body(tmp_path: Path) -> None:
    email = await laid_out(tmp_path)

    assert email["Subject"] == MESSAGE.subject
    assert email["To"].addresses[0].display_name == MESSAGE.recipient_name
    assert email["To"].addresses[0].addr_spec == MESSAGE.recipient_address
    assert content(email) == MESSAGE.body


@pytest.mark.parametrize("header", ["Subject", "From", "To"])
@pytest.mark.parametrize("medium", [Medium.EMAIL, Medium.SMS])
async def test_long_headers_keep_every_space(tmp_path: Path, header: str, medium: Medium) -> None:
    """The stock policy loses spaces between encoded and plain words; read back by an independent decoder."""
    words = "Örnek 2600012349 – İklim Değişikliği ve Sıfır Atık Müdürlüğü – 12 ad soyad ığdır birimi"
    message = replace(MESSAGE, subject=words, recipient_name=words, medium=medium)

    await ConsoleAdapter(tmp_path, sender_name=words).send(message)

    raw = (tmp_path / "26-000123.eml").read_bytes()
    assert str(make_header(decode_header(message_from_bytes(raw)[header]))).startswith(words)
    assert max(len(line) for line in raw.split(b"\r\n\r\n")[0].split(b"\r\n")) <= 78


async def test_the_body_can_be_read_in_the_file_itself(tmp_path: Path) -> None:
    await laid_out(tmp_path)

    assert "ĞÜŞİÖÇ ğüşıöç – ₺ süre dolmuştur." in (tmp_path / "26-000123.eml").read_text(encoding="utf-8")


async def test_headers_identify_the_notice(tmp_path: Path) -> None:
    email = await laid_out(tmp_path)

    assert email["Message-ID"] == "<01890a5d-ac96-774b-bcce-b302099a8057@estim.invalid>"
    assert email["X-Estim-Notice"] == "26-000123"
    assert email["X-Estim-Dedupe-Key"] == MESSAGE.dedupe_key
    assert email["X-Estim-Medium"] == "email"
    assert email["Date"].datetime == MESSAGE.at
    assert str(email["Date"]).startswith("Tue, 02 Jun 2026 00:00:05")


async def test_delivering_twice_leaves_one_file_with_the_same_bytes(tmp_path: Path) -> None:
    """B65: a repeated attempt must not become a second mail."""
    adapter = ConsoleAdapter(tmp_path / "outbox", sender_name=SENDER)

    first = await adapter.send(MESSAGE)
    before = (tmp_path / "outbox" / "26-000123.eml").read_bytes()
    second = await adapter.send(MESSAGE)

    assert first == second == SentMessage(Medium.EMAIL, "<01890a5d-ac96-774b-bcce-b302099a8057@estim.invalid>")
    assert files(tmp_path / "outbox") == ["26-000123.eml"]
    assert (tmp_path / "outbox" / "26-000123.eml").read_bytes() == before


@pytest.mark.parametrize(
    ("medium", "address"), [(Medium.EMAIL, None), (Medium.SMS, "+905320000000"), (Medium.SMS, None)]
)
async def test_no_address_is_invented_for_a_recipient_without_e_mail(
    tmp_path: Path, medium: Medium, address: str | None
) -> None:
    email = await laid_out(tmp_path, replace(MESSAGE, medium=medium, recipient_address=address))

    assert email["To"].groups[0].display_name == MESSAGE.recipient_name
    assert email["To"].addresses == ()


async def test_a_phone_number_does_not_enter_the_file(tmp_path: Path) -> None:
    """C12: files outlive erasure, so they contain no number that the text itself does not show."""
    await laid_out(tmp_path, replace(MESSAGE, medium=Medium.SMS, recipient_address="+905320000000"))

    assert b"5320000000" not in (tmp_path / "26-000123.eml").read_bytes()


async def test_line_breaks_can_not_add_headers(tmp_path: Path) -> None:
    email = await laid_out(
        tmp_path, replace(MESSAGE, subject="Konu\r\nBcc: x@example.org", recipient_name="Örnek\nX-Evil: 1")
    )

    assert email["Bcc"] is None
    assert email["X-Evil"] is None
    assert email["Subject"] == "Konu Bcc: x@example.org"


async def test_a_paragraph_longer_than_a_mail_line_arrives_whole(tmp_path: Path) -> None:
    body = f"Açıklama: {'çukur ' * 600}\n"

    email = await laid_out(tmp_path, replace(MESSAGE, body=body))

    assert content(email) == body
    assert max(len(line) for line in (tmp_path / "26-000123.eml").read_bytes().splitlines()) <= 998


@pytest.mark.parametrize("number", ["../26-000123", "26/000123", "", ".", "26-000123\n"])
async def test_a_number_that_is_no_file_name_is_refused_for_good(tmp_path: Path, number: str) -> None:
    with pytest.raises(PermanentFailure, match="bad_number"):
        await ConsoleAdapter(tmp_path, sender_name=SENDER).send(replace(MESSAGE, number=number))

    assert files(tmp_path) == []


@pytest.mark.parametrize(
    "address", ["no at sign", "a@b@c", "", "a b@example.org", "ğ@example.org", "a@example.org\r\nBcc: y"]
)
async def test_what_is_no_address_is_refused_for_good(tmp_path: Path, address: str) -> None:
    with pytest.raises(PermanentFailure) as refused:
        await ConsoleAdapter(tmp_path, sender_name=SENDER).send(replace(MESSAGE, recipient_address=address))

    assert refused.value.code == "bad_address"
    assert not address or address not in str(refused.value)


async def test_an_unwritable_outbox_may_be_tried_again(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file where the folder should be")

    with pytest.raises(TemporaryFailure, match="outbox_unwritable"):
        await ConsoleAdapter(tmp_path / "outbox", sender_name=SENDER).send(MESSAGE)


async def test_a_failed_write_leaves_nothing_half_done(tmp_path: Path) -> None:
    (tmp_path / "26-000123.eml").mkdir()

    with pytest.raises(TemporaryFailure):
        await ConsoleAdapter(tmp_path, sender_name=SENDER).send(MESSAGE)

    assert files(tmp_path) == ["26-000123.eml"]
