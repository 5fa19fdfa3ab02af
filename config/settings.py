"""The typed settings of an installation, read once at program start from `ESTIM_…` variables.

No module reads settings at import; `create_app`, the worker and the command line get a `Settings` value.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AwareDatetime, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

SECRETS_FILE = "secrets.env"
STACK_FILE = "stack.env"

_ADDRESS = r"^[!-?A-~]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$"
_HOURS = r"^([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"

_NEEDED: Mapping[str, tuple[str, ...]] = {
    "email=smtp": ("smtp_host", "smtp_from"),
    "smtp_user": ("smtp_password",),
    "sms=netgsm": ("sms_user", "sms_password", "sms_sender"),
    "sms=verimor": ("sms_user", "sms_password", "sms_sender"),
    "sms=kannel": ("sms_url", "sms_user", "sms_password", "sms_sender"),
    "sms=twilio": ("sms_user", "sms_password", "sms_sender"),
    "mobile_webhook_url": ("mobile_webhook_secret",),
}
"""The settings that a choice requires; a missing one is an error at program start, not at the first notice."""

_NETGSM_STATUS: dict[str, Literal["delivered", "failed"]] = {
    "1": "delivered",
    **dict.fromkeys(("3", "11", "12", "14", "15", "16", "17", "22"), "failed"),
}
"""The status codes on which NetGSM's own clients agree; they differ on 0, 2 and 4.

13 is a suppressed duplicate. It has no verdict: the message that it duplicates was sent.
"""


class Settings(BaseSettings):
    """Settings of one installation; each field is the variable `ESTIM_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="ESTIM_", env_ignore_empty=True, extra="ignore")

    municipality: Path = Field(Path("config/esenler"), description="Folder of the municipality")
    data_dir: Path = Field(Path(".estim"), description="Embedded servers' data, outbox, development secrets")
    host: str = Field("127.0.0.1", description="Address on which the API listens")
    port: Annotated[int, Field(ge=1, le=65535, description="Port on which the API listens")] = 8000
    public_url: str | None = Field(None, description="Address under which clients see the API")

    database_url: SecretStr | None = Field(None, description="postgresql+asyncpg://…; empty: embedded server")
    redis_url: SecretStr | None = Field(None, description="redis://…; empty: embedded server")
    database_pool: Annotated[int, Field(ge=1, le=200, description="Maximum number of connections of a process")] = 10

    vault_keys: SecretStr = Field(SecretStr(""), description="`id:base64,id:base64`; the first one seals")
    index_key: SecretStr = Field(SecretStr(""), description="base64; key of the blind indexes")
    key_pepper: SecretStr = Field(SecretStr(""), description="base64; key under which API keys are hashed")

    clock_speed: Annotated[float, Field(gt=0, le=1_000_000, description="Virtual seconds a real second")] = 1.0
    clock_start: AwareDatetime | None = Field(None, description="Virtual instant that belongs to clock_origin")
    clock_origin: AwareDatetime | None = Field(None, description="Real instant at which the virtual clock began")

    max_body_bytes: Annotated[int, Field(ge=1024, description="Largest request body")] = 1024 * 1024
    body_timeout_seconds: Annotated[float, Field(gt=0, description="Time a client has to send its body")] = 20.0
    intake_batch: Annotated[int, Field(ge=1, le=500, description="Maximum number of intakes in a transaction")] = 64
    intake_queue: Annotated[int, Field(ge=1, description="Pending intakes from which on the response is 503")] = 2000
    tracking_attempts: Annotated[int, Field(ge=1, description="Wrong tracking attempts an hour and number")] = 10
    sweep_batch: Annotated[int, Field(ge=1, le=5000, description="Checkpoints fired in one transaction")] = 1000
    sweep_idle_seconds: Annotated[float, Field(gt=0, le=1, description="Longest pause between sweeps")] = 0.25

    email: Literal["console", "smtp"] = Field("console", description="E-mail adapter: files in the outbox, or SMTP")
    smtp_host: str | None = Field(None, description="The municipality's mail server")
    smtp_port: Annotated[int, Field(ge=1, le=65535, description="587 for STARTTLS, 465 for TLS")] = 587
    smtp_security: Literal["starttls", "tls", "none"] = Field("starttls", description="Encryption of the connection")
    smtp_ca_file: Path | None = Field(None, description="PEM of the authority that signed the server's certificate")
    smtp_user: str | None = Field(None, description="Account at the mail server")
    smtp_password: SecretStr | None = Field(None, description="Its password")
    smtp_from: Annotated[str | None, Field(pattern=_ADDRESS, description="Sender's address; also in the outbox")] = None

    sms: Literal["console", "netgsm", "verimor", "kannel", "twilio"] = Field("console", description="SMS adapter")
    sms_url: str | None = Field(None, description="Address of the provider's API, where not its public one")
    sms_user: str | None = Field(None, description="User code; for Twilio the account's SID")
    sms_password: SecretStr | None = Field(None, description="API password; for Twilio the auth token")
    sms_sender: str | None = Field(None, description="Sender's name (başlık) or number")
    netgsm_status: Annotated[
        dict[str, Literal["delivered", "failed"]],
        NoDecode,
        Field(description="Verdicts of the codes in NetGSM's reports; other codes have none"),
    ] = _NETGSM_STATUS

    mobile_webhook_url: str | None = Field(None, description="Address of the mobile backend for notices")
    mobile_webhook_secret: SecretStr | None = Field(None, description="`whsec_…`, the key that signs them")
    receipts_secret: Annotated[
        SecretStr | None, Field(description="Part of the address for delivery receipts: 16 or more of A-Z a-z 0-9 _ -")
    ] = None

    quiet_hours: bool = Field(True, description="false: send notices at night, on weekends and holidays too")
    sms_hours: Annotated[str, Field(pattern=_HOURS, description="Local hours for unsolicited SMS to citizens")] = (
        "08:00-21:00"
    )
    digest_from: Annotated[int, Field(ge=0, description="Number of pending notices that become one mail; 0: never")] = 3
    recipient_per_hour: Annotated[int, Field(ge=1, description="Maximum messages an hour to one recipient")] = 30
    delivery_concurrency: Annotated[int, Field(ge=1, le=100, description="Messages sent by an adapter at once")] = 8
    delivery_seconds: Annotated[float, Field(gt=0, le=15, description="Timeout of sending one message")] = 8.0

    webhook_allow_private: str = Field("", description="Private hosts and networks allowed for webhooks, by commas")
    webhook_allow_http: bool = Field(False, description="true: allow unencrypted webhooks")

    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Lowest level that is logged")
    log_format: Literal["console", "json"] = Field("console", description="`json` for log collectors")

    @field_validator("database_url")
    @classmethod
    def _over_asyncpg(cls, url: SecretStr | None) -> SecretStr | None:
        return _check_address(url, "postgresql+asyncpg")

    @field_validator("redis_url")
    @classmethod
    def _over_redis(cls, url: SecretStr | None) -> SecretStr | None:
        return _check_address(url, "redis", "rediss", "unix")

    @field_validator("sms_hours")
    @classmethod
    def _begins_before_its_end(cls, hours: str) -> str:
        """Refuse hours across midnight: an SMS would never be sent, and citizens should sleep at night."""
        start, _, end = hours.partition("-")
        if start >= end:
            raise ValueError("expected a start before the end, such as 08:00-21:00")
        return hours

    @field_validator("receipts_secret")
    @classmethod
    def _fits_into_an_address(cls, secret: SecretStr | None) -> SecretStr | None:
        """Refuse characters that break the address: `/` ends the path segment, and Kannel reads `%` as an escape."""
        if secret is not None and not re.fullmatch(r"[A-Za-z0-9_-]{16,}", secret.get_secret_value()):
            raise ValueError("expected at least 16 of A-Z a-z 0-9 _ -")
        return secret

    @field_validator("netgsm_status", mode="before")
    @classmethod
    def _pairs(cls, given: object) -> object:
        """Parse `1=delivered,3=failed`, the form of an environment variable."""
        return dict(pair.strip().split("=", 1) for pair in given.split(",")) if isinstance(given, str) else given

    @field_validator("sms_url", "mobile_webhook_url")
    @classmethod
    def _over_http(cls, url: str | None) -> str | None:
        address = urlsplit(url or "http://-")
        if address.scheme not in {"http", "https"} or not address.hostname:
            raise ValueError("expected https://host/…")
        return url

    @model_validator(mode="after")
    def _adapters_are_complete(self) -> "Settings":
        for chosen, needed in _NEEDED.items():
            name, equals, value = chosen.partition("=")
            if getattr(self, name) == value or (not value and getattr(self, name) is not None):
                for each in needed:
                    if getattr(self, each) is None:
                        raise ValueError(f"ESTIM_{each.upper()} has to be set with ESTIM_{name.upper()}{equals}{value}")
        return self

    @model_validator(mode="after")
    def _clock_is_complete(self) -> "Settings":
        if (self.clock_start is None) != (self.clock_origin is None):
            raise ValueError("ESTIM_CLOCK_START and ESTIM_CLOCK_ORIGIN belong together")
        return self

    @property
    def outbox(self) -> Path:
        """Return the folder of the console adapter's `.eml` files."""
        return self.data_dir / "outbox"

    @property
    def base_url(self) -> str:
        """Return the address that people see: the public one, else the listening one."""
        return self.public_url or f"http://{self.host}:{self.port}"

    @property
    def virtual_clock(self) -> tuple[datetime, datetime, float] | None:
        """Return (virtual start, real origin, speed); None for the real clock."""
        if self.clock_start is None or self.clock_origin is None:
            return None
        return self.clock_start, self.clock_origin, self.clock_speed


def _check_address(url: SecretStr | None, *schemes: str) -> SecretStr | None:
    """Refuse an address on which the drivers would fail later, with a less clear message."""
    if url is None:
        return None
    try:
        address = urlsplit(url.get_secret_value())
        whole = address.scheme in schemes and address.port != 0
    except ValueError:
        whole = False
    if not whole:
        raise ValueError(f"expected {schemes[0]}://user:password@host:port/name")
    return url


def running_stack_settings(data_dir: Path | None = None) -> Settings:
    """Return the settings for a command beside a running `estim up`: the variables, then the files of that stack.

    With them `estim keys create` or `estim doctor` finds the embedded servers and the development secrets.
    """
    folder = data_dir or Settings().data_dir
    files = (folder / SECRETS_FILE, folder / STACK_FILE)
    return Settings(_env_file=files)
