//! The browser's end.
