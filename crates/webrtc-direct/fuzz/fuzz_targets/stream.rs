//! See `webrtc_direct::fuzz::stream`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| webrtc_direct::fuzz::stream(data));
