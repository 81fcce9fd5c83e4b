//! The `relay-node` program.

use clap::Parser as _;

fn main() -> std::process::ExitCode {
    match relay_node::cli::main(relay_node::cli::Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            use std::io::Write as _;
            // Nothing is left to do if even this can't be said.
            let _ = writeln!(std::io::stderr(), "relay-node: {error:#}");
            std::process::ExitCode::FAILURE
        }
    }
}
