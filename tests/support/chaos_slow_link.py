"""A slow and lossy cable between two TAP devices; run as a script: NEAR FAR.

Each frame arrives 50 ms later, and one in 20 never does, both ways.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import random
import struct
import sys
from functools import partial

DELAY_S = 0.05
LOSS = 0.05
_FRAME = 65536
_TUNSETIFF = 0x400454CA
_TAP_NO_INFO = 0x0002 | 0x1000


def _tap(name: str) -> int:
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _TAP_NO_INFO))
    return device


def _pass_on(device: int, other: int) -> None:
    frame = os.read(device, _FRAME)
    if random.random() >= LOSS:  # noqa: S311
        asyncio.get_running_loop().call_later(DELAY_S, _deliver, other, frame)


def _deliver(device: int, frame: bytes) -> None:
    try:
        os.write(device, frame)
    except OSError:
        return  # the other end is down: lost, as on any cable


async def _main(near: str, far: str) -> None:
    devices = _tap(near), _tap(far)
    loop = asyncio.get_running_loop()
    for device, other in (devices, devices[::-1]):
        loop.add_reader(device, partial(_pass_on, device, other))
    print("ready", flush=True)  # noqa: T201  # whoever started this waits for it
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], sys.argv[2]))
