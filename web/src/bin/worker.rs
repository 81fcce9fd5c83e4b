//! The worker's entry: verification, keys and storage, off the page's thread.

fn main() {
    credo_web::worker::run();
}
