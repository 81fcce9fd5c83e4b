//! See `webrtc_direct::fuzz::address`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| webrtc_direct::fuzz::address(data));
