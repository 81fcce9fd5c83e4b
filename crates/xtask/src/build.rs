//! Building the node and the wallet, with progress on the screen and what the compilers said in a log.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::process::{self, Ended, Line};
use crate::progress::Board;
use crate::project::Project;
use crate::tools::Tools;
use crate::wasm::{For, Toolchain};

/// How long one build may take on a slow machine.
pub(crate) const LIMIT: Duration = Duration::from_secs(60 * 60);

/// A program that cargo built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Program {
    /// Its package's folder, in which tests run.
    pub(crate) folder: PathBuf,
    /// The target's name.
    pub(crate) name: String,
    /// Whether it is a test program.
    pub(crate) test: bool,
    /// Where it lies.
    pub(crate) path: PathBuf,
}

/// Runs cargo and gathers the programs that it built; `arguments` ask for JSON.
pub(crate) fn programs(
    command: &mut Command,
    project: &Project,
    board: &Board,
    step: &str,
) -> Result<(Ended, Vec<Program>)> {
    let mut found = Vec::new();
    let mut bar = board.bar(step);
    command.arg("--message-format=json-render-diagnostics");
    let ended = process::run(command, &project.log(step), LIMIT, &mut bar, &mut |line| {
        if !line.starts_with('{') {
            return Line::Keep;
        }
        found.extend(program(line));
        Line::Drop
    })?;
    bar.done(ended.good, if ended.good { "" } else { &ended.how });
    Ok((ended, found))
}

fn program(line: &str) -> Option<Program> {
    let message: Value = serde_json::from_str(line).ok()?;
    if message["reason"] != "compiler-artifact" {
        return None;
    }
    Some(Program {
        folder: PathBuf::from(message["manifest_path"].as_str()?)
            .parent()?
            .to_owned(),
        name: message["target"]["name"].as_str()?.to_owned(),
        test: message["profile"]["test"].as_bool()?,
        path: PathBuf::from(message["executable"].as_str()?),
    })
}

/// Builds packages' programs in release, in one selection of features; yields their paths in the order asked for.
pub(crate) fn release(
    project: &Project,
    board: &Board,
    step: &str,
    packages: &[&str],
    programs: &[&str],
) -> Result<Vec<PathBuf>> {
    let mut command = project.cargo(&["build", "--release"]);
    for package in packages {
        command.args(["--package", package]);
    }
    for program in programs {
        command.args(["--bin", program]);
    }
    let (ended, found) = self::programs(&mut command, project, board, step)?;
    if !ended.good {
        bail!("{step} can't be built: {}", report(&ended, 60));
    }
    let path = |name: &&str| {
        let built = found.iter().find(|built| built.name == *name && !built.test);
        built
            .map(|built| built.path.clone())
            .with_context(|| format!("cargo built no program named {name}"))
    };
    programs.iter().map(path).collect()
}

/// Builds the wallet into `web/dist`.
pub(crate) fn wallet(
    project: &Project,
    board: &Board,
    tools: &Tools<'_>,
    toolchain: Toolchain,
) -> Result<()> {
    let mut command = toolchain.command(project, tools, "trunk", For::Page)?;
    // Trunk takes NO_COLOR's usual value for an error. It finds its helpers on the path and fetches nothing.
    command
        .env_remove("NO_COLOR")
        .args(["build", "--release", "--offline"]);
    let mut bar = board.bar("wallet");
    let ended = process::run(&mut command, &project.log("wallet"), LIMIT, &mut bar, &mut |_| {
        Line::Keep
    })?;
    let good = ended.good && project.dist().join("index.html").is_file();
    bar.done(good, if good { "" } else { &ended.how });
    if !good {
        bail!("the wallet can't be built: {}", report(&ended, 60));
    }
    Ok(())
}

/// The end of what a program said, under how it ended.
pub(crate) fn report(ended: &Ended, lines: usize) -> String {
    let tail = ended.tail.iter().skip(ended.tail.len().saturating_sub(lines));
    std::iter::once(ended.how.as_str())
        .chain(tail.map(String::as_str))
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_read_from_cargos_message() {
        let line = r#"{"reason":"compiler-artifact","manifest_path":"/w/tests/Cargo.toml","target":{"name":"story"},
            "profile":{"test":true},"executable":"/t/story-1f"}"#;
        let expected = Program {
            folder: "/w/tests".into(),
            name: "story".into(),
            test: true,
            path: "/t/story-1f".into(),
        };
        assert_eq!(program(line), Some(expected));
        assert_eq!(program(&line.replace("\"/t/story-1f\"", "null")), None);
        assert_eq!(program(r#"{"reason":"build-finished","success":true}"#), None);
    }
}
