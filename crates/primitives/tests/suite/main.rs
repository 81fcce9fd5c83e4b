//! Formats and signatures, against IOST's vectors, against the engine, and against random and hostile bytes.
#![allow(clippy::unwrap_used)]

mod bounds;
mod certificates;
mod codecs;
mod evidence;
mod fixtures;
mod genesis;
mod vectors;
