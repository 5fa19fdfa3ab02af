"""Guard of webhook addresses: public ones over HTTPS, and private ones that the installation allows.

A client chooses the address, which must not open the municipality's own network (SSRF). The guard resolves names itself
and checks every address. The connection goes to a checked address, never to the name again, so a name server that
changes its response in between has no effect.
"""

import asyncio
import re
import socket
import ssl
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, Protocol
from urllib.parse import urlsplit

import httpcore
import httpx

Address = IPv4Address | IPv6Address

RESOLVE_SECONDS = 5.0
"""Timeout of resolving a name in real seconds."""

_CLOSED_V4: Final = tuple(
    ip_network(one)
    for one in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24"),
        *("203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
    )
)
"""Special-purpose networks of RFC 6890 and its followers; loopback, private, link-local and metadata among them."""

_OPEN_V6: Final = IPv6Network("2000::/3")
_CLOSED_V6: Final = tuple(IPv6Network(one) for one in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))
"""Within the global range: protocol assignments (Teredo), documentation, and 6to4, which hides an IPv4 address."""

_NUMERIC: Final = re.compile(r"(?:^|\.)(?:0[xX][0-9a-fA-F]*|[0-9]+)\.?$")
"""A host whose last label is a number; resolvers interpret it as an address, unlike `app01`."""


class RefusedAddress(Exception):
    """The address is not allowed for webhooks; `code` is one of `wording.FIELD_SENTENCES`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Resolver(Protocol):
    """A resolver of host names."""

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        """Return the addresses of `host`; raise `OSError` if there is none."""
        ...


class SystemResolver:
    """The resolver of the operating system."""

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        """Return the addresses of `host`, without duplicates, in the system's order."""
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class AddressGuard:
    """Check of webhook addresses; `allowed` are the private hosts and networks that the installation permits."""

    def __init__(self, *, allowed: str = "", allow_http: bool = False, resolver: Resolver | None = None) -> None:
        entries = [entry.strip().lower() for entry in allowed.split(",") if entry.strip()]
        self._networks = [network for entry in entries if (network := _network(entry)) is not None]
        self._hosts = {entry for entry in entries if _network(entry) is None}
        self._allow_http = allow_http
        self._resolver: Resolver = resolver or SystemResolver()

    async def check(self, url: str) -> None:
        """Raise `RefusedAddress` if webhooks to `url` are not allowed."""
        host, port = self._parse(url)
        await self.addresses(host, port)

    async def addresses(self, host: str, port: int) -> list[str]:
        """Return the addresses of `host` for a connection; raise `RefusedAddress` if one of them is closed."""
        literal = _literal(host)
        if literal is None and _NUMERIC.search(host):  # 2130706433, 0177.0.0.1, 0x7f.1: no real name
            raise RefusedAddress("webhook_url")
        if literal is None:
            try:
                async with asyncio.timeout(RESOLVE_SECONDS):
                    names = await self._resolver.resolve(host, port)
            except (OSError, TimeoutError, UnicodeError):
                raise RefusedAddress("webhook_unknown_host") from None
            found = [ip_address(name.partition("%")[0]) for name in names]
        else:
            found = [literal]
        if not found:
            raise RefusedAddress("webhook_unknown_host")
        if host.lower() not in self._hosts and not all(self._is_open(address) for address in found):
            raise RefusedAddress("webhook_private_address")
        return [str(address) for address in found]

    def _parse(self, url: str) -> tuple[str, int]:
        try:
            split = urlsplit(url)
            parsed = httpx.URL(url)
            host, port = parsed.raw_host.decode("ascii"), split.port
        except (ValueError, httpx.InvalidURL):
            raise RefusedAddress("webhook_url") from None
        if split.scheme not in {"http", "https"} or not host or port == 0 or parsed.userinfo or parsed.fragment:
            raise RefusedAddress("webhook_url")
        if split.scheme == "http" and not self._allow_http:
            raise RefusedAddress("webhook_https")
        return host, port or {"http": 80, "https": 443}[split.scheme]

    def _is_open(self, address: Address) -> bool:
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return is_public(address) or any(address in network for network in self._networks)


def is_public(address: Address) -> bool:
    """Return whether the address is a host of the public internet; IPv4 mapped into IPv6 counts as IPv4."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        return address in _OPEN_V6 and not any(address in network for network in _CLOSED_V6)
    return not any(address in network for network in _CLOSED_V4)


class GuardedTransport(httpx.AsyncHTTPTransport):
    """A transport that connects only to addresses that the guard allows, without proxies of the environment."""

    def __init__(self, guard: AddressGuard, *, trust: ssl.SSLContext | None = None) -> None:
        context = trust or httpx.create_ssl_context(trust_env=False)
        super().__init__(verify=context, trust_env=False)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=64,
            max_keepalive_connections=16,
            keepalive_expiry=5.0,
            network_backend=_GuardedBackend(guard),
        )


class _GuardedBackend(httpcore.AsyncNetworkBackend):
    """A backend that connects to checked addresses; the pool still uses the name in the URL for certificate and SNI."""

    def __init__(self, guard: AddressGuard) -> None:
        self._guard = guard
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's own signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first allowed address that accepts."""
        addresses = await self._guard.addresses(host, port)
        for address in addresses[:-1]:
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._inner.connect_tcp(addresses[-1], port, timeout, local_address, socket_options)


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None


def _network(entry: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(entry, strict=False)
    except ValueError:
        return None
