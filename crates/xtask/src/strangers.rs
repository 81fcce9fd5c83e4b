//! What the interoperability tests of WebRTC-direct need: the page that they drive, built; js-libp2p and py-libp2p,
//! installed in the versions that their lock files name.
//!
//! The strangers are put into the user's cache once for each content of the lock files. Nothing of theirs runs at
//! installation.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::build::{self, report};
use crate::process::{self, Line};
use crate::progress::Board;
use crate::project::Project;
use crate::tools::{FETCH_LIMIT, Tools, on_path};
use crate::wasm::{For, TARGET, Toolchain};

/// The page's package.
pub(crate) const PAGE: &str = "webrtc-interop-page";

/// Where things lie, for the tests.
#[derive(Clone, Debug)]
pub(crate) struct Strangers {
    /// The folder of npm's packages.
    modules: PathBuf,
    /// A Python that has py-libp2p.
    python: PathBuf,
}

fn sources(project: &Project) -> PathBuf {
    project.root.join("tests/webrtc/strangers")
}

/// Where the built page lies: one for tests, another for the benchmark.
fn page_folder(project: &Project, what: For) -> PathBuf {
    project.wasm.join(match what {
        For::Tests => "webrtc-page",
        For::Page => "webrtc-page-optimised",
    })
}

/// Installs the strangers, unless they are there. Nothing: something is missing, and `tools` knows.
pub(crate) fn install(project: &Project, tools: &Tools<'_>) -> Result<Option<Strangers>> {
    let folder = project.tools().join("strangers");
    fs::create_dir_all(&folder).with_context(|| format!("{} can't be made", folder.display()))?;
    let modules = npm(project, tools, &folder)?;
    let python = pip(project, tools, &folder)?;
    Ok(modules
        .zip(python)
        .map(|(modules, python)| Strangers { modules, python }))
}

/// Whether `folder` was filled from the lock file that is wanted now.
fn is_current(mark: &Path, lock: &str) -> bool {
    fs::read_to_string(mark).is_ok_and(|text| text == lock)
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("{} can't be read", path.display()))
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("{} can't be written", path.display()))
}

fn npm(project: &Project, tools: &Tools<'_>, folder: &Path) -> Result<Option<PathBuf>> {
    let lock = read(&sources(project).join("package-lock.json"))?;
    let (modules, mark) = (
        folder.join("node_modules"),
        folder.join("installed-package-lock.json"),
    );
    if is_current(&mark, &lock) && modules.is_dir() {
        return Ok(Some(modules));
    }
    tools.system("npm", &["npm"], "sudo apt-get install npm")?;
    if on_path("npm", None).is_none() {
        return Ok(None);
    }
    let manifest = read(&sources(project).join("package.json"))?;
    write(&folder.join("package.json"), &manifest)?;
    write(&folder.join("package-lock.json"), &lock)?;
    let mut command = process::command("npm");
    command.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
    let ended = tools.install(
        "js-libp2p",
        {
            command.current_dir(folder);
            command
        },
        FETCH_LIMIT,
    )?;
    if !ended.good {
        tools.miss(
            &format!("js-libp2p from npm, whose installation {}", ended.how),
            &format!("npm ci --ignore-scripts --prefix {}", folder.display()),
        );
        return Ok(None);
    }
    write(&mark, &lock)?;
    Ok(Some(modules))
}

fn pip(project: &Project, tools: &Tools<'_>, folder: &Path) -> Result<Option<PathBuf>> {
    let lock = sources(project).join("requirements.txt");
    let wanted = read(&lock)?;
    let (venv, mark) = (folder.join("python"), folder.join("installed-requirements.txt"));
    let python = venv.join("bin/python");
    if is_current(&mark, &wanted) && python.is_file() {
        return Ok(Some(python));
    }
    tools.system(
        "python3",
        &["python3", "python3-venv"],
        "sudo apt-get install python3 python3-venv",
    )?;
    if on_path("python3", None).is_none() {
        return Ok(None);
    }
    let mut make = process::command("python3");
    make.args(["-m", "venv", "--clear"]).arg(&venv);
    let mut fill = process::command(&python);
    fill.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "-r",
    ])
    .arg(&lock);
    for command in [make, fill] {
        let ended = tools.install("py-libp2p", command, FETCH_LIMIT)?;
        if !ended.good {
            tools.miss(
                &format!("py-libp2p from PyPI, whose installation {}", ended.how),
                &format!(
                    "sudo apt-get install python3-venv python3-dev gcc libgmp-dev; python3 -m venv {0} && {0}/bin/pip \
                     install --no-deps -r {1}",
                    venv.display(),
                    lock.display()
                ),
            );
            return Ok(None);
        }
    }
    write(&mark, &wanted)?;
    Ok(Some(python))
}

/// Builds the page that the tests drive, with the strangers that run in it.
pub(crate) fn page(
    project: &Project,
    board: &Board,
    tools: &Tools<'_>,
    toolchain: Toolchain,
    strangers: &Strangers,
) -> Result<()> {
    let name = "page of strangers";
    bare_page(project, board, tools, toolchain, For::Tests, name)?;
    let mut esbuild = process::command(strangers.modules.join(".bin/esbuild"));
    esbuild
        .env("NODE_PATH", &strangers.modules)
        .args([
            "--bundle",
            "--format=esm",
            "--platform=browser",
            "--log-level=warning",
        ])
        .arg(format!(
            "--outfile={}",
            page_folder(project, For::Tests).join("js-libp2p.js").display()
        ))
        .arg(sources(project).join("js-libp2p.mjs"));
    make(project, board, name, esbuild)
}

/// Builds the page without strangers: for tests as other tests in the browser are built, so that nothing is built twice,
/// and otherwise as the wallet is.
pub(crate) fn bare_page(
    project: &Project,
    board: &Board,
    tools: &Tools<'_>,
    toolchain: Toolchain,
    what: For,
    name: &str,
) -> Result<()> {
    let mut cargo = toolchain.command(project, tools, "cargo", what)?;
    cargo.args(["build", "--target", TARGET, "--package", PAGE]);
    let mut built = "debug";
    if what == For::Page {
        cargo.args(["--profile", "wasm"]);
        built = "wasm";
    }
    let module = project
        .wasm
        .join(TARGET)
        .join(built)
        .join("webrtc_interop_page.wasm");
    let mut bindgen = toolchain.command(project, tools, "wasm-bindgen", what)?;
    bindgen
        .args([
            "--target",
            "web",
            "--no-typescript",
            "--out-name",
            "page",
            "--out-dir",
        ])
        .arg(page_folder(project, what))
        .arg(&module);
    make(project, board, name, cargo)?;
    make(project, board, name, bindgen)
}

/// Runs one command that the page comes of.
fn make(project: &Project, board: &Board, name: &str, mut command: Command) -> Result<()> {
    let mut bar = board.bar(name);
    let ended = process::run(
        &mut command,
        &project.log(name),
        build::LIMIT,
        &mut bar,
        &mut |_| Line::Keep,
    )?;
    bar.done(ended.good, if ended.good { "" } else { &ended.how });
    if !ended.good {
        bail!("the page can't be built: {}", report(&ended, 60));
    }
    Ok(())
}

/// Tells a program where the page lies, in `CREDO_WEBRTC_PAGE`.
pub(crate) fn page_environment(command: &mut Command, project: &Project, what: For) {
    command.env("CREDO_WEBRTC_PAGE", page_folder(project, what));
}

/// Tells a test where the page and the strangers lie:
///
/// | variable | what |
/// |---|---|
/// | `CREDO_WEBRTC_PAGE` | the folder of the built page |
/// | `CREDO_PY_LIBP2P` | a Python that has py-libp2p |
pub(crate) fn environment(command: &mut Command, project: &Project, strangers: &Strangers) {
    page_environment(command, project, For::Tests);
    command.env("CREDO_PY_LIBP2P", &strangers.python);
}
