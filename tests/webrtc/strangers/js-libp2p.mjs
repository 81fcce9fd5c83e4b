// js-libp2p in the page: dials a node by WebRTC-direct and exchanges bytes with it, as `exchange.rs` describes.

import { webRTCDirect } from "@libp2p/webrtc";
import { multiaddr } from "@multiformats/multiaddr";
import { createLibp2p } from "libp2p";

const PROTOCOL = "/webrtc-interop/exchange/1";

const pattern = (count) => {
  const bytes = new Uint8Array(count);
  for (let i = 0; i < count; i++) bytes[i] = (i * 31 + (i >> 8) * 7) & 0xff;
  return bytes;
};

/** Reads so many bytes of a stream, however they are cut. */
const reader = (stream) => {
  const source = stream[Symbol.asyncIterator]();
  let rest = new Uint8Array(0);
  return async (count) => {
    const taken = new Uint8Array(count);
    let at = 0;
    while (at < count) {
      if (rest.length === 0) {
        const { done, value } = await source.next();
        if (done) throw new Error(`the stream ended after ${at} of ${count} bytes`);
        rest = value.subarray();
      }
      const part = rest.subarray(0, count - at);
      taken.set(part, at);
      rest = rest.subarray(part.length);
      at += part.length;
    }
    return taken;
  };
};

const write = async (stream, bytes) => {
  for (let at = 0; at < bytes.length; at += 65536) {
    if (!stream.send(bytes.subarray(at, at + 65536))) {
      await new Promise((done) => stream.addEventListener("drain", done, { once: true }));
    }
  }
};

/** Dials, exchanges, hangs up; says how long each took. */
export const run = async (address, up, down) => {
  const node = await createLibp2p({
    transports: [webRTCDirect()],
    // By default a page may not dial its own machine.
    connectionGater: { denyDialMultiaddr: () => false },
  });
  try {
    const start = performance.now();
    const connection = await node.dial(multiaddr(address));
    const dialed = performance.now();
    const stream = await connection.newStream(PROTOCOL);
    const read = reader(stream);
    const header = new Uint8Array(12);
    new DataView(header.buffer).setUint32(0, up);
    new DataView(header.buffer).setUint32(4, down);
    await write(stream, header);
    await write(stream, pattern(up));
    const [good] = await read(1);
    if (good !== 1) throw new Error("the bytes didn't arrive as they were sent");
    const got = await read(down);
    if (!got.every((byte, i) => byte === ((i * 31 + (i >> 8) * 7) & 0xff))) {
      throw new Error("the bytes didn't come as they should");
    }
    const exchanged = performance.now();
    await stream.close();
    await connection.close();
    return { peer: connection.remotePeer.toString(), dialed: dialed - start, exchanged: exchanged - dialed };
  } finally {
    await node.stop();
  }
};
