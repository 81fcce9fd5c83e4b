//! The `relay-node` program.

use clap::Parser as _;

/// The system's own keeps what many sessions took at once, long after they are gone.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> std::process::ExitCode {
    match relay_node::cli::main(relay_node::cli::Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            use std::io::Write as _;
            let mut sentence = error.to_string();
            for cause in error.chain().skip(1).map(ToString::to_string) {
                // Our own errors name their cause already.
                if !sentence.contains(&cause) {
                    sentence = format!("{sentence}: {cause}");
                }
            }
            // Nothing is left to do if even this can't be said.
            let _ = writeln!(std::io::stderr(), "relay-node: {sentence}");
            std::process::ExitCode::FAILURE
        }
    }
}
