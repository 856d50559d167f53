"""How often somebody may ask: a fixed window, counted atomically in Django's cache.

DRF's own throttles read, then write: of many requests at once, most get through. Here each request
counts itself first and then looks. Over the end of a window twice the rate may pass within a short
time; it is never more.
"""

import ipaddress
import math
import time

from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from lobby.rates import count

_PERIODS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_BY_ADDRESS = {"guest", "login"}
"""Counted by address even for somebody known: each new account would bring a new allowance."""


class Throttle(BaseThrottle):
    """Lets through as many requests as the rate of the view's scope says.

    The scope is the view's ``throttle_scope``, else ``read`` or ``write`` by method.
    """

    clock = staticmethod(time.time)
    wait_s: float | None = None

    def allow_request(self, request: Request, view: APIView) -> bool:
        scope = getattr(view, "throttle_scope", None) or (
            "read" if request.method in SAFE_METHODS else "write"
        )
        rate = api_settings.DEFAULT_THROTTLE_RATES.get(scope)
        if rate is None:
            return True
        allowed, period_s = rate_read(str(rate))
        now = self.clock()
        window = int(now // period_s)
        self.wait_s = (window + 1) * period_s - now
        key = f"throttle:{scope}:{self._who(request, scope)}:{window}"
        return count(key, ttl_s=2 * period_s) <= allowed

    def wait(self) -> float | None:
        """Seconds until the next window."""
        return None if self.wait_s is None else math.ceil(self.wait_s)

    def _who(self, request: Request, scope: str) -> str:
        if request.user.is_authenticated and scope not in _BY_ADDRESS:
            return f"user-{request.user.pk}"
        return network_of(self.get_ident(request))

    def get_ident(self, request: Request) -> str:
        """The peer's address; as trusted proxies saw it, where ``NUM_PROXIES`` says there are some.

        Unlike DRF's, which believes any ``X-Forwarded-For`` where nothing is said of proxies.
        """
        if not api_settings.NUM_PROXIES:
            return request.META.get("REMOTE_ADDR") or ""
        return super().get_ident(request)


def rate_read(rate: str) -> tuple[int, int]:
    """How many in how many seconds: ``"20/min"`` is ``(20, 60)``."""
    count, period = rate.split("/")
    return int(count), _PERIODS_S[period[0]]


def network_of(address: str) -> str:
    """Who is counted as one: an IPv4 address, or the /64 that one IPv6 customer has."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if ip.version == 4:
        return str(ip)
    if ip.ipv4_mapped:
        return str(ip.ipv4_mapped)
    prefix = ipaddress.ip_network((int(ip) >> 64 << 64, 64))
    return str(prefix.network_address).replace(":", "-")
