"""E-mail addresses: one parse for intake, configuration and delivery.

Two parsers that disagree mail a stranger: `ornek(evli)@example.org` is `ornek@example.org` to a mail library that
reads comments. An address is stored in its ASCII form, which every mail server accepts.
"""

from email_validator import EmailNotValidError, validate_email


class InvalidEmail(ValueError):
    """The text is not an address that mail can be sent to; the message never repeats it."""


def parse_email(text: str) -> str:
    """Return the address in ASCII, its domain as IDNA (`ornek@xn--rnek-4qa.com.tr`); raise `InvalidEmail`.

    Refused are what RFC 5322 allows and no office can mail safely: comments, display names, quoted local parts, domain
    literals, domains without a dot, and local parts that need SMTPUTF8. No DNS query is made.
    """
    try:
        parsed = validate_email(text, check_deliverability=False, allow_smtputf8=False, strict=True)
    except EmailNotValidError:
        raise InvalidEmail("not an e-mail address that mail can be sent to") from None
    if parsed.ascii_email is None:
        raise InvalidEmail("not an e-mail address that mail can be sent to")
    return parsed.ascii_email


def readable_email(stored: str) -> str:
    """Return a stored address with its domain in Unicode, as people write it; other texts stay as they are."""
    try:
        return validate_email(stored, check_deliverability=False, allow_smtputf8=False).normalized
    except EmailNotValidError:
        return stored
