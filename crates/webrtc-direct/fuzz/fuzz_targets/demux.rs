//! See `webrtc_direct::fuzz::demux`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| webrtc_direct::fuzz::demux(data));
