//! See `webrtc_direct::fuzz::names`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| webrtc_direct::fuzz::names(data));
