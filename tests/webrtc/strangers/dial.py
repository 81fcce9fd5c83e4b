"""py-libp2p: dials a node by WebRTC-direct, version 2, and exchanges bytes with it, as `exchange.rs` describes.

Arguments: the address, bytes up, bytes down, pace, seconds that it may take. Prints one line of JSON: who answered, and how long it took.
"""

import json
import struct
import sys
import time

import trio
from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.protocol_muxer.multiselect_client import MultiselectClient
from libp2p.protocol_muxer.multiselect_communicator import MultiselectCommunicator
from libp2p.transport.webrtc.config import WebRTCTransportConfig
from libp2p.transport.webrtc.transport import WebRTCDirectTransport
from multiaddr import Multiaddr

PROTOCOL = "/webrtc-interop/exchange/1"


def pattern(count):
    return bytes((i * 31 + (i >> 8) * 7) & 0xFF for i in range(count))


async def read(stream, count):
    taken = bytearray()
    while len(taken) < count:
        taken += await stream.read(count - len(taken))
    return bytes(taken)


async def send(stream, data, pace):
    step = pace or len(data) or 1
    for at in range(0, len(data), step):
        await stream.write(data[at : at + step])
        if pace:
            await read(stream, 1)


async def receive(stream, count, pace):
    taken = bytearray()
    step = pace or count or 1
    while len(taken) < count:
        taken += await read(stream, min(step, count - len(taken)))
        if pace:
            await stream.write(b"\0")
    return bytes(taken)


async def main(address, up, down, pace):
    config = WebRTCTransportConfig(webrtc_direct_dial_version=2)
    transport = WebRTCDirectTransport(create_new_key_pair().private_key, config)
    try:
        start = time.monotonic()
        connection = await transport.dial(Multiaddr(address))
        dialed = time.monotonic()
        stream = await connection.open_stream()
        await MultiselectClient().select_one_of([PROTOCOL], MultiselectCommunicator(stream))
        await stream.write(struct.pack(">III", up, down, pace))
        await send(stream, pattern(up), pace)
        if await read(stream, 1) != b"\1":
            raise ValueError("the bytes didn't arrive as they were sent")
        if await receive(stream, down, pace) != pattern(down):
            raise ValueError("the bytes didn't come as they should")
        exchanged = time.monotonic()
        await connection.close()
        print(
            json.dumps(
                {
                    "peer": str(connection.peer_id),
                    "dialed": round((dialed - start) * 1000),
                    "exchanged": round((exchanged - dialed) * 1000),
                }
            ),
            flush=True,
        )
    finally:
        await transport.close()


address, *numbers, limit = sys.argv[1:]


async def limited():
    with trio.fail_after(float(limit)):
        await main(address, *map(int, numbers))


trio.run(limited)
