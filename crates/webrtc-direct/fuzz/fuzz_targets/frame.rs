//! See `webrtc_direct::fuzz::frame`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| webrtc_direct::fuzz::frame(data));
