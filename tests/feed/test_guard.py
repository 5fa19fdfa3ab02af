"""Guard of webhook addresses: only public ones, in any spelling and whatever a name server returns."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address

import pytest

from app.feed.guard import AddressGuard, RefusedAddress, is_public
from app.feed.sender import Sender, SendOutcome, WebhookRequest, new_secret
from tests.feed.receiver import Receiver


@dataclass(slots=True)
class Names:
    """A resolver that returns the given results in turn, and the last one again and again."""

    responses: list[list[str]]
    asked: list[str] = field(default_factory=list)

    async def resolve(self, host: str, port: int) -> Sequence[str]:  # noqa: ARG002 - the port's own signature
        """Return the next result."""
        self.asked.append(host)
        return self.responses.pop(0) if len(self.responses) > 1 else self.responses[0]


async def code(url: str, guard: AddressGuard | None = None) -> str:
    with pytest.raises(RefusedAddress) as refused:
        await (guard or AddressGuard()).check(url)
    return refused.value.code


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.255.255.254", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"),  # noqa: S104
        *("169.254.169.254", "100.64.0.1", "100.100.100.200", "192.0.0.192", "198.18.0.1", "224.0.0.1", "240.0.0.1"),
        *("255.255.255.255", "192.0.2.1", "198.51.100.1", "203.0.113.1"),
        *("::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "fec0::1", "2001:db8::1", "2001::1"),
        *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:a00:1", "::127.0.0.1", "64:ff9b::7f00:1"),
        *("64:ff9b:1::a00:1", "2002:7f00:1::1", "3fff::1", "100::1"),
    ],
)
async def test_an_address_off_the_public_internet_is_closed(address: str) -> None:
    assert not is_public(ip_address(address))
    host = f"[{address}]" if ":" in address else address
    assert await code(f"https://{host}/hook") == "webhook_private_address"


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "172.32.0.1", "100.63.255.255", "2606:4700:4700::1111"])
async def test_a_public_address_is_open(address: str) -> None:
    host = f"[{address}]" if ":" in address else address
    await AddressGuard().check(f"https://{host}/hook")
    await AddressGuard().check(f"https://{host}:8443/hook?key=value")


@pytest.mark.parametrize(
    "url",
    [
        *("https://2130706433/", "https://0x7f000001/", "https://017700000001/", "https://0177.0.0.1/"),
        *("https://0x7f.1/", "https://127.1/", "https://127.0.1/", "https://127.0.0.1./", "https://0/"),
        *("https://user@8.8.8.8/", "https://user:word@8.8.8.8/", "https://8.8.8.8@127.0.0.1/", "https://8.8.8.8/#part"),
        *("ftp://8.8.8.8/", "file:///etc/passwd", "https:///hook", "https://", "//8.8.8.8/", "8.8.8.8", ""),
        *(
            "https://8.8.8.8:0/",
            "https://8.8.8.8:99999/",
            "https://8.8.8.8:x/",
            "https://[::1/",
            "https://１２７.0.0.1/",
        ),
    ],
)
async def test_an_unusual_url_is_rejected(url: str) -> None:
    """Some are spellings of 127.0.0.1 that resolvers accept and readers don't recognise."""
    assert await code(url) == "webhook_url"


async def test_names_of_this_machine_are_closed() -> None:
    assert await code("https://localhost/hook") == "webhook_private_address"


async def test_one_closed_address_among_several_closes_the_name() -> None:
    names = Names([["93.184.215.14", "10.0.0.7"]])
    assert await code("https://hooks.example/", AddressGuard(resolver=names)) == "webhook_private_address"


async def test_a_name_without_an_address_is_refused() -> None:
    assert await code("https://hooks.example/", AddressGuard(resolver=Names([[]]))) == "webhook_unknown_host"


async def test_http_is_rejected_unless_the_installation_allows_it() -> None:
    assert await code("http://8.8.8.8/") == "webhook_https"
    await AddressGuard(allow_http=True).check("http://8.8.8.8/")


@pytest.mark.parametrize("allowed", ["10.0.0.7", "10.0.0.0/24", "hooks.internal", " 192.168.0.0/16 , 10.0.0.7 "])
async def test_only_the_allowed_private_addresses_are_open(allowed: str) -> None:
    await AddressGuard(allowed=allowed, resolver=Names([["10.0.0.7"]])).check("https://hooks.internal/")
    closed = AddressGuard(allowed=allowed, resolver=Names([["10.0.1.7"]]))
    assert await code("https://other.internal/", closed) == "webhook_private_address"


@pytest.mark.parametrize("host", ["app01", "mobile-backend-1", "hooks2", "srv.int4", "0x.example", "1.hooks.example"])
async def test_a_host_name_may_end_in_a_digit(host: str) -> None:
    """Servers of a municipality's network and containers have such names."""
    await AddressGuard(allowed="10.0.0.0/8", resolver=Names([["10.0.0.7"]])).check(f"https://{host}/hook")


async def test_an_allowed_network_includes_its_addresses_mapped_into_ipv6() -> None:
    await AddressGuard(allowed="10.0.0.0/8").check("https://[::ffff:10.0.0.7]/")


def request_to(url: str) -> WebhookRequest:
    return WebhookRequest(url, "msg_1", b"{}", [new_secret()])


@pytest.mark.server
async def test_a_name_that_turns_private_after_the_check_is_not_connected(receiver: Receiver) -> None:
    """DNS rebinding: the name is public at the subscription, and this machine at the send."""
    names = Names([["93.184.215.14"], ["127.0.0.1"]])
    guard = AddressGuard(allow_http=True, resolver=names)
    url = f"http://hooks.example:{receiver.port}/hook"
    await guard.check(url)
    sender = Sender(guard)
    attempt = await sender.send(request_to(url))
    await sender.close()
    assert attempt.outcome is SendOutcome.ADDRESS_CLOSED
    assert receiver.got == []


@pytest.mark.server
async def test_the_connection_goes_to_the_checked_address(receiver: Receiver) -> None:
    """A connection resolves the name once; the second result, which would be refused, is not requested."""
    names = Names([["127.0.0.1"], ["10.0.0.7"]])
    sender = Sender(AddressGuard(allowed="127.0.0.0/8", allow_http=True, resolver=names))
    attempt = await sender.send(request_to(f"http://hooks.example:{receiver.port}/hook"))
    await sender.close()
    assert attempt.delivered
    assert names.asked == ["hooks.example"]
    assert receiver.got[0].headers["host"] == f"hooks.example:{receiver.port}"
