//! The compiler for the browser.
//!
//! In this order: the active toolchain if it has the target; rustup's `target add`; Debian's packages, which come with
//! the standard library's source instead of the target, so that cargo builds it (a compiler of a distribution's takes
//! that on stable only when it is told to: `RUSTC_BOOTSTRAP`). `CREDO_WASM_TOOLCHAIN=debian` goes straight to the last.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::process;
use crate::project::{Project, version_pair};
use crate::tools::{Tools, on_path, says};

/// The browser's target.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";
/// Debian's compiler, its linker, the standard library's source and a C compiler.
const DEBIAN: [&str; 7] = [
    "rustc-web",
    "cargo-web",
    "rust-web-src",
    "rust-web-llvm",
    "rust-web-clippy",
    "lld-22",
    "clang",
];
/// How long `rustup target add` may take.
const ADD_LIMIT: Duration = Duration::from_secs(300);

/// A compiler that builds for the browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Toolchain {
    /// The active one.
    Active,
    /// Debian's in `/usr/bin`, which builds the standard library, too.
    Debian,
}

/// What is built: tests take another part of the standard library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum For {
    /// The wallet.
    Page,
    /// Tests.
    Tests,
}

/// Finds a compiler for the browser, or installs one. Nothing: it is missing, and `tools` knows.
pub(crate) fn find(project: &Project, tools: &Tools<'_>) -> Result<Option<Toolchain>> {
    let debian_only = std::env::var_os("CREDO_WASM_TOOLCHAIN").is_some_and(|name| name == "debian");
    if !debian_only {
        if active() {
            return Ok(Some(Toolchain::Active));
        }
        if on_path("rustup", None).is_some() {
            let mut command = process::command("rustup");
            command.args(["target", "add", TARGET]).current_dir(&project.root);
            if tools
                .install(&format!("{TARGET} by rustup"), command, ADD_LIMIT)?
                .good
                && active()
            {
                return Ok(Some(Toolchain::Active));
            }
        }
    }
    if tools.apt(&DEBIAN)? && debian(project.rust_version()?) {
        return Ok(Some(Toolchain::Debian));
    }
    let (major, minor) = project.rust_version()?;
    tools.miss(
        &format!("a compiler for {TARGET}, {major}.{minor} or newer"),
        &format!(
            "rustup target add {TARGET}      (or, on Debian: sudo apt-get install {})",
            DEBIAN.join(" ")
        ),
    );
    Ok(None)
}

/// Whether the active compiler has the target's standard library.
fn active() -> bool {
    let library = says(
        Path::new("rustc"),
        &["--print", "target-libdir", "--target", TARGET],
    );
    !library.is_empty() && Path::new(&library).is_dir()
}

/// Whether Debian's compiler is new enough.
fn debian(wanted: (u32, u32)) -> bool {
    let says = says(Path::new("/usr/bin/rustc"), &["--version"]);
    says.split(' ')
        .nth(1)
        .and_then(version_pair)
        .is_some_and(|version| version >= wanted)
}

impl Toolchain {
    /// Its name for people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Active => "the active toolchain",
            Self::Debian => "Debian's toolchain, building the standard library",
        }
    }

    /// A command that finds this compiler and the tools, and builds into the folder for the browser.
    pub(crate) fn command(
        self,
        project: &Project,
        tools: &Tools<'_>,
        program: &str,
        what: For,
    ) -> Result<Command> {
        let mut command = process::command(program);
        command
            .current_dir(&project.root)
            .env("CARGO_TARGET_DIR", &project.wasm);
        if project.ci {
            command.env("CARGO_INCREMENTAL", "0");
        }
        // These would replace the flags of `.cargo/config.toml`.
        command
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS");
        let mut folders = vec![tools.bin(), tools.node_modules().join(".bin")];
        if self == Self::Debian {
            folders.push(PathBuf::from("/usr/bin"));
            for (name, _) in std::env::vars_os() {
                let text = name.to_string_lossy();
                if text == "RUSTC" || text == "LD_LIBRARY_PATH" || text.starts_with("RUSTUP_") {
                    command.env_remove(&name);
                }
            }
            let parts = if what == For::Tests {
                "std,panic_abort,test"
            } else {
                "std,panic_abort"
            };
            command
                .env("RUSTC_BOOTSTRAP", "1")
                .env("CARGO_UNSTABLE_BUILD_STD", parts);
        }
        folders.extend(std::env::split_paths(
            &std::env::var_os("PATH").unwrap_or_default(),
        ));
        let path = std::env::join_paths(folders).context("a folder's name can't stand on PATH")?;
        command.env("PATH", path);
        Ok(command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Board;

    #[test]
    fn debians_compiler_comes_first_and_builds_the_standard_library() {
        let project = Project::find().unwrap();
        let board = Board::new();
        let tools = Tools::new(&project, &board);
        let command = Toolchain::Debian
            .command(&project, &tools, "cargo", For::Tests)
            .unwrap();
        let value = |name: &str| {
            command
                .get_envs()
                .find(|(n, _)| *n == name)
                .and_then(|(_, v)| v)
                .map(|v| v.to_string_lossy().into_owned())
        };
        assert_eq!(
            value("CARGO_UNSTABLE_BUILD_STD").as_deref(),
            Some("std,panic_abort,test")
        );
        let path = value("PATH").unwrap();
        let folders: Vec<_> = std::env::split_paths(&path).collect();
        assert_eq!(folders[2], Path::new("/usr/bin"));
        assert_eq!(value("CARGO_TARGET_DIR").as_deref(), project.wasm.to_str());
    }
}
