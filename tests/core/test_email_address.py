"""E-mail addresses: what intake accepts is what delivery mails, and to the same mailbox."""

from dataclasses import replace
from email.headerregistry import Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.email_address import InvalidEmail, parse_email, readable_email
from app.notices.delivery.adapters.mail import compose
from tests.notices.delivery.messages import MAIL

ACCEPTED = {
    "ornek@example.org": "ornek@example.org",
    "ORNEK@Example.ORG": "ORNEK@example.org",
    "o'rnek+istek@example.org": "o'rnek+istek@example.org",
    "ornek@örnek.com.tr": "ornek@xn--rnek-4qa.com.tr",
    "ornek@ISPARTA.bel.tr": "ornek@isparta.bel.tr",
    "ornek@ısparta.bel.tr": "ornek@xn--sparta-o9a.bel.tr",
}
REFUSED = (
    "ornek(evli)@example.org",
    "(evli)ornek@example.org",
    "ornek@example.org(ev)",
    "ayşe@example.org",
    "a..b@example.org",
    ".a@example.org",
    "a.@example.org",
    '"ornek vatandas"@example.org',
    "Örnek Vatandaş <ornek@example.org>",
    "<ornek@example.org>",
    "ornek@example.org, diger@example.org",
    "ornek@example.org;diger@example.org",
    "ornek@[127.0.0.1]",
    "ornek@localhost",
    "ornek@example",
    "ornek@example.org.",
    "ornek@@example.org",
    "ornek@-example.org",
    "ornek@exa_mple.org",
    "ornek@exa mple.org",
    "ornek@\u200bexample.org",
    "or\u00adnek@example.org",
    f"{'a' * 65}@example.org",
    f"a@{'b.' * 130}org",
    "ornek",
    "",
)


def test_an_accepted_address_has_one_ascii_form() -> None:
    assert {given: parse_email(given) for given in ACCEPTED} == ACCEPTED


@pytest.mark.parametrize("given_", REFUSED)
def test_what_can_not_be_mailed_is_refused(given_: str) -> None:
    with pytest.raises(InvalidEmail) as refused:
        parse_email(given_)

    assert not given_ or given_ not in str(refused.value)


def test_an_address_is_shown_as_people_write_it() -> None:
    assert readable_email("ornek@xn--rnek-4qa.com.tr") == "ornek@örnek.com.tr"


@given(st.text(alphabet="aAşİ.()<>\"'@,;:\\ +-_%\u200b", max_size=24), st.sampled_from(["example.org", "örnek.com.tr"]))
def test_mail_goes_to_the_mailbox_that_was_accepted(local: str, domain: str) -> None:
    """A local part is refused, or delivery addresses exactly the mailbox that intake stored."""
    try:
        stored = parse_email(f"{local}@{domain}")
    except InvalidEmail:
        return

    [mailbox] = compose(replace(MAIL, recipient_address=stored), Address("ESTİM", addr_spec="estim@example.org"))[
        "To"
    ].addresses
    assert mailbox.addr_spec == stored
    assert mailbox.username == local
