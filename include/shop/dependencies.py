"""Calls to other components, in the interface version that this component's version speaks."""

from __future__ import annotations

from typing import Any

from shop.client import Unreachable, send
from shop.contracts import spoken
from shop.identity import Identity
from shop.message import HttpError

NO_ROUTE = "no-such-route"
TIMEOUT = 4.0


class DependencyFailed(HttpError):
    """Another component gave no usable answer: 502. ``dependency`` is where it began, ``path`` the way there."""

    def __init__(self, path: list[str], message: str) -> None:
        super().__init__(502, "dependency-failed", message, dependency=path[-1], path=path)


class Dependencies:
    """The components that this one may call."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity

    def speaks(self, provider: str) -> int:
        """The interface version for a provider."""
        return spoken(self._identity.component, self._identity.version, provider)

    async def call(self, provider: str, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """Call ``/v<n><path>`` of a provider. Raises DependencyFailed, and HttpError where the provider says that the
        request itself is wrong (4xx): that is the visitor's mistake, and is handed on as it is."""
        address = self._identity.addresses.get(provider)
        if address is None:
            raise DependencyFailed([provider], f"{provider}: no address; CONVOY_ADDRESS_* does not name it")
        try:
            answer = await send(address, method, f"/v{self.speaks(provider)}{path}", body, timeout=TIMEOUT)
        except Unreachable as error:
            raise DependencyFailed([provider], f"{provider}: {error}") from error
        if answer.status < 300:
            return answer.json()
        said = answer.json()
        message = f"{provider}: {said.get('error') or f'status {answer.status}'}"
        if answer.status >= 500 or said.get("code") == NO_ROUTE:
            raise DependencyFailed([provider, *said.get("path", [])], message)
        raise HttpError(answer.status, str(said.get("code", "rejected")), message)
