"""Where webhooks may go: nothing off the public internet, however it is spelled and whatever a name server says."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address

import pytest

from app.feed.guard import AddressGuard, RefusedAddress, is_public
from app.feed.sender import Sender, SendOutcome, WebhookRequest, new_secret
from tests.feed.receiver import Receiver


@dataclass(slots=True)
class Names:
    """A name server that answers one thing after another, the last one for ever."""

    answers: list[list[str]]
    asked: list[str] = field(default_factory=list)

    async def resolve(self, host: str, port: int) -> Sequence[str]:  # noqa: ARG002 - the port's own signature
        """The next answer."""
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


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
async def test_what_is_no_plain_address_is_refused(url: str) -> None:
    """Among them the spellings of 127.0.0.1 that resolvers understand and eyes do not."""
    assert await code(url) == "webhook_url"


async def test_names_of_this_machine_are_closed() -> None:
    assert await code("https://localhost/hook") == "webhook_private_address"


async def test_one_closed_address_among_several_closes_the_name() -> None:
    names = Names([["93.184.215.14", "10.0.0.7"]])
    assert await code("https://hooks.example/", AddressGuard(resolver=names)) == "webhook_private_address"


async def test_a_name_without_an_address_is_refused() -> None:
    assert await code("https://hooks.example/", AddressGuard(resolver=Names([[]]))) == "webhook_unknown_host"


async def test_unencrypted_is_refused_unless_the_installation_allows_it() -> None:
    assert await code("http://8.8.8.8/") == "webhook_https"
    await AddressGuard(allow_http=True).check("http://8.8.8.8/")


@pytest.mark.parametrize("allowed", ["10.0.0.7", "10.0.0.0/24", "hooks.internal", " 192.168.0.0/16 , 10.0.0.7 "])
async def test_what_the_installation_allows_is_open_and_nothing_beside_it(allowed: str) -> None:
    await AddressGuard(allowed=allowed, resolver=Names([["10.0.0.7"]])).check("https://hooks.internal/")
    closed = AddressGuard(allowed=allowed, resolver=Names([["10.0.1.7"]]))
    assert await code("https://other.internal/", closed) == "webhook_private_address"


@pytest.mark.parametrize("host", ["app01", "mobile-backend-1", "hooks2", "srv.int4", "0x.example", "1.hooks.example"])
async def test_a_host_whose_name_ends_in_a_digit_is_a_host(host: str) -> None:
    """So servers of a municipality's own network and containers are called."""
    await AddressGuard(allowed="10.0.0.0/8", resolver=Names([["10.0.0.7"]])).check(f"https://{host}/hook")


async def test_an_allowed_network_holds_for_its_addresses_in_ipv6_clothes_too() -> None:
    await AddressGuard(allowed="10.0.0.0/8").check("https://[::ffff:10.0.0.7]/")


def parcel(url: str) -> WebhookRequest:
    return WebhookRequest(url, "msg_1", b"{}", [new_secret()])


@pytest.mark.server
async def test_a_name_that_turns_inward_after_it_was_checked_is_not_followed(receiver: Receiver) -> None:
    """DNS rebinding: public when the subscription is made, this machine when the message is sent."""
    names = Names([["93.184.215.14"], ["127.0.0.1"]])
    guard = AddressGuard(allow_http=True, resolver=names)
    url = f"http://hooks.example:{receiver.port}/hook"
    await guard.check(url)
    sender = Sender(guard)
    attempt = await sender.send(parcel(url))
    await sender.close()
    assert attempt.outcome is SendOutcome.ADDRESS_CLOSED
    assert receiver.got == []


@pytest.mark.server
async def test_the_connection_goes_to_the_address_that_was_judged(receiver: Receiver) -> None:
    """The name is asked once for each connection; the second answer, which would be refused, is never asked for."""
    names = Names([["127.0.0.1"], ["10.0.0.7"]])
    sender = Sender(AddressGuard(allowed="127.0.0.0/8", allow_http=True, resolver=names))
    attempt = await sender.send(parcel(f"http://hooks.example:{receiver.port}/hook"))
    await sender.close()
    assert attempt.delivered
    assert names.asked == ["hooks.example"]
    assert receiver.got[0].headers["host"] == f"hooks.example:{receiver.port}"
