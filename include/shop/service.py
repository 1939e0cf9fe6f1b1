"""``python -m shop.service``: one replica of one component.

The environment says which: ``CONVOY_COMPONENT``, ``CONVOY_VERSION``, ``CONVOY_REPLICA``, ``HOST``, ``PORT``,
``CONVOY_ADDRESS_<NAME>`` for each dependency, and ``SHOP_FAULT`` for faults on purpose. Ends with 0 after SIGTERM, once
every request that had arrived is answered, and with 2 where a setting makes no sense.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping

from shop.application import Application
from shop.faults import Faults, read_faults
from shop.identity import BadSetting, Identity, read_identity
from shop.server import Server

DRAIN_SECONDS = 8.0


async def serve(identity: Identity, faults: Faults) -> int:
    """Serve until SIGTERM or SIGINT; the exit code."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    application = Application(identity, faults)
    title = f"{identity.component} {identity.version} replica {identity.replica}"
    if faults.slow_start:
        _say(f"{title}: starts slowly on purpose, {faults.slow_start:g} s")
        try:
            await asyncio.wait_for(stop.wait(), faults.slow_start)
            return 0
        except asyncio.TimeoutError:
            pass
    server = Server(application.answer)
    try:
        port = server.listen(identity.host, identity.port)
    except OSError as error:
        _say(f"{title}: cannot listen on {identity.host}:{identity.port}: {error}")
        return 1
    _say(f"{title}: listening on {identity.host}:{port}")
    await stop.wait()
    application.draining = True
    cut_off = await server.drain(DRAIN_SECONDS)
    _say(f"{title}: stopped" + (f"; {cut_off} requests were cut off after {DRAIN_SECONDS:g} s" if cut_off else ""))
    return 0


def main(environ: Mapping[str, str] = os.environ) -> int:
    """Read the environment and serve; the exit code."""
    try:
        identity, faults = read_identity(environ), read_faults(environ.get("SHOP_FAULT"))
        if faults.crash_at_start:
            _say(f"{identity.component} {identity.version}: crashes at start on purpose")
            return 1
        return asyncio.run(serve(identity, faults))
    except BadSetting as error:
        _say(f"cannot start: {error}")
        return 2


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
