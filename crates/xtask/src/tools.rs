//! The tools that builds and tests need: found, or else installed.
//!
//! - What cargo or npm can build or fetch is put into the user's cache folder once, in the very version that is wanted.
//! - What the system's package manager has is installed where that is allowed: by root, with apt.
//! - What can't be installed is named, all of it at once, each with the command that installs it.

use std::cell::{Cell, RefCell};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::process::{self, Ended, Line};
use crate::progress::Board;
use crate::project::Project;

/// Newer ones want a newer compiler than [`Project::rust_version`].
const TRUNK: &str = "0.21.14";
/// The first of npm's that reads what the compiler writes; Debian's 108 doesn't.
const BINARYEN: &str = "132.0.0";
const PLAYWRIGHT: &str = "1.65.1";
const CARGO_DENY: &str = "0.20.2";
/// How long the building of one tool may take.
const BUILD_LIMIT: Duration = Duration::from_secs(40 * 60);
/// How long fetching packages may take.
pub(crate) const FETCH_LIMIT: Duration = Duration::from_secs(15 * 60);

/// Something that isn't there and couldn't be installed.
#[derive(Debug)]
struct Missing {
    what: String,
    command: String,
}

/// Finds and installs; remembers what is missing.
#[derive(Debug)]
pub(crate) struct Tools<'a> {
    project: &'a Project,
    board: &'a Board,
    updated: Cell<bool>,
    missing: RefCell<Vec<Missing>>,
}

/// A browser and its driver.
#[derive(Clone, Debug)]
pub(crate) struct Browser {
    /// The browser's program.
    pub(crate) chromium: PathBuf,
    /// The program that drives it.
    pub(crate) driver: PathBuf,
}

impl<'a> Tools<'a> {
    pub(crate) fn new(project: &'a Project, board: &'a Board) -> Self {
        Self {
            project,
            board,
            updated: Cell::new(false),
            missing: RefCell::default(),
        }
    }

    /// Fails with everything that is missing, if anything is.
    pub(crate) fn check(&self) -> Result<()> {
        let missing = self.missing.take();
        if missing.is_empty() {
            return Ok(());
        }
        let lines: Vec<_> = missing
            .iter()
            .map(|Missing { what, command }| format!("  {what}\n      {command}"))
            .collect();
        bail!(
            "something is missing that can't be installed from here:\n{}",
            lines.join("\n")
        )
    }

    /// Notes that something is missing.
    pub(crate) fn miss(&self, what: &str, command: &str) {
        self.missing.borrow_mut().push(Missing {
            what: what.into(),
            command: command.into(),
        });
    }

    /// Where cargo's installed tools lie.
    pub(crate) fn bin(&self) -> PathBuf {
        self.project.tools().join("bin")
    }

    /// Where npm's packages lie.
    pub(crate) fn node_modules(&self) -> PathBuf {
        self.project.tools().join("npm/node_modules")
    }

    /// What the node's build needs beside the compilers: its allocator is made by `make`.
    pub(crate) fn node(&self) -> Result<()> {
        self.system("make", &["make"], "sudo apt-get install make")
    }

    /// Trunk, wasm-bindgen in the lock file's version, wasm-opt, and a C compiler for the browser.
    pub(crate) fn wallet(&self) -> Result<()> {
        self.system("clang", &["clang"], "sudo apt-get install clang")?;
        self.cargo_tool("trunk", "trunk", TRUNK, &["--no-default-features"])?;
        let bindgen = self.project.locked_version("wasm-bindgen")?;
        self.cargo_tool("wasm-bindgen", "wasm-bindgen-cli", &bindgen, &[])?;
        self.npm("binaryen", BINARYEN)
    }

    /// What drives a browser in the whole-system tests.
    pub(crate) fn playwright(&self) -> Result<()> {
        self.npm("playwright-core", PLAYWRIGHT)
    }

    /// The checker of licences and sources, if it is here or can be built.
    pub(crate) fn cargo_deny(&self) -> Result<PathBuf> {
        self.cargo_tool("cargo-deny", "cargo-deny", CARGO_DENY, &["--no-default-features"])?;
        on_path("cargo-deny", Some(&self.bin())).context("cargo-deny isn't where it was installed")
    }

    /// Chromium and its driver.
    pub(crate) fn browser(&self) -> Result<Option<Browser>> {
        let named = |variable: &str| {
            std::env::var_os(variable)
                .map(PathBuf::from)
                .filter(|path| path.is_file())
        };
        let find = || {
            let chromium = named("CREDO_CHROMIUM").or_else(|| {
                ["chromium", "chromium-browser", "google-chrome"]
                    .iter()
                    .find_map(|name| on_path(name, None))
            });
            let driver = named("CREDO_CHROMEDRIVER").or_else(|| on_path("chromedriver", None));
            chromium
                .zip(driver)
                .map(|(chromium, driver)| Browser { chromium, driver })
        };
        if let Some(found) = find() {
            return Ok(Some(found));
        }
        if self.apt(&["chromium", "chromium-driver"])?
            && let Some(found) = find()
        {
            return Ok(Some(found));
        }
        self.miss(
            "Chromium and its driver",
            "sudo apt-get install chromium chromium-driver",
        );
        Ok(None)
    }

    /// A program of the system's.
    pub(crate) fn system(&self, program: &str, packages: &[&str], command: &str) -> Result<()> {
        let found = || on_path(program, None).is_some();
        if found() || self.apt(packages)? && found() {
            return Ok(());
        }
        self.miss(program, command);
        Ok(())
    }

    /// A program that cargo builds, kept in the cache. `version` is the one wanted, no other.
    fn cargo_tool(&self, program: &str, package: &str, version: &str, flags: &[&str]) -> Result<()> {
        let bin = self.bin();
        if on_path(program, Some(&bin)).is_some_and(|path| says(&path, &["--version"]).contains(version)) {
            return Ok(());
        }
        let root = self.project.tools();
        let mut command = process::command("cargo");
        command
            .args([
                "install",
                package,
                "--version",
                version,
                "--locked",
                "--force",
                "--root",
            ])
            .arg(&root);
        command
            .args(flags)
            .env("CARGO_TARGET_DIR", root.join("build"))
            .current_dir(&root);
        fs::create_dir_all(&root).with_context(|| format!("{} can't be made", root.display()))?;
        let ended = self.install(&format!("{package} {version}"), command, BUILD_LIMIT)?;
        // The lock file can't name the tool's own build; its leavings are of no further use.
        let _ = fs::remove_dir_all(root.join("build"));
        if !ended.good {
            let tail: Vec<_> = ended
                .tail
                .iter()
                .rev()
                .take(12)
                .rev()
                .map(String::as_str)
                .collect();
            self.board.say(&tail.join("\n"));
            let flags = flags.join(" ");
            self.miss(
                &format!("{package} {version}, whose installation {}", ended.how),
                &format!(
                    "cargo install {package} --version {version} --locked {flags} --root {}",
                    root.display()
                ),
            );
        }
        Ok(())
    }

    /// A package of npm's, kept in the cache.
    fn npm(&self, package: &str, version: &str) -> Result<()> {
        self.system("node", &["nodejs"], "sudo apt-get install nodejs")?;
        let manifest = self.node_modules().join(package).join("package.json");
        let wanted = format!("\"version\": \"{version}\"");
        if fs::read_to_string(manifest).is_ok_and(|text| text.contains(&wanted)) {
            return Ok(());
        }
        self.system("npm", &["npm"], "sudo apt-get install npm")?;
        if on_path("npm", None).is_none() {
            return Ok(());
        }
        let folder = self.project.tools().join("npm");
        fs::create_dir_all(&folder).with_context(|| format!("{} can't be made", folder.display()))?;
        let name = format!("{package}@{version}");
        let mut command = process::command("npm");
        command
            .args(["install", "--no-audit", "--no-fund", "--prefix"])
            .arg(&folder)
            .arg(&name);
        command
            .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")
            .current_dir(&folder);
        let ended = self.install(&name, command, FETCH_LIMIT)?;
        if !ended.good {
            let command = format!("npm install --prefix {} {name}", folder.display());
            self.miss(
                &format!("{name} from npm, whose installation {}", ended.how),
                &command,
            );
        }
        Ok(())
    }

    /// Whether all of Debian's `packages` are here.
    pub(crate) fn has_packages(&self, packages: &[&str]) -> bool {
        on_path("dpkg-query", None).is_some_and(|dpkg| {
            let output = Command::new(dpkg)
                .args(["-W", "-f", "${Status}\\n"])
                .args(packages)
                .output();
            output.is_ok_and(|output| {
                let text = String::from_utf8_lossy(&output.stdout);
                text.lines()
                    .filter(|line| *line == "install ok installed")
                    .count()
                    == packages.len()
            })
        })
    }

    /// Installs Debian packages where that is allowed; says whether it did.
    pub(crate) fn apt(&self, packages: &[&str]) -> Result<bool> {
        if self.has_packages(packages) {
            return Ok(true);
        }
        if !rustix::process::geteuid().is_root() || on_path("apt-get", None).is_none() {
            return Ok(false);
        }
        let apt = |arguments: &[&str]| {
            let mut command = process::command("apt-get");
            command.env("DEBIAN_FRONTEND", "noninteractive").args(arguments);
            command
        };
        if !self.updated.replace(true) {
            // An update that fails may leave lists that are good enough; installing will tell.
            self.install("apt-get update", apt(&["update", "-q"]), FETCH_LIMIT)?;
        }
        let mut command = apt(&["install", "-y", "-q", "--no-install-recommends"]);
        command.args(packages);
        Ok(self.install(&packages.join(" "), command, FETCH_LIMIT)?.good)
    }

    /// Runs an installer, visibly.
    pub(crate) fn install(&self, what: &str, mut command: Command, limit: Duration) -> Result<Ended> {
        let short: String = what.chars().take(40).collect();
        let mut bar = self.board.bar("install");
        bar.note(&short);
        let log = self.project.log("install");
        let ended = process::run(&mut command, &log, limit, &mut bar, &mut |_| Line::Keep)?;
        bar.done(
            ended.good,
            &format!("{short}{}", if ended.good { "" } else { " failed" }),
        );
        Ok(ended)
    }
}

/// Finds a program in `first`, then on the path.
pub(crate) fn on_path(program: &str, first: Option<&Path>) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = first
        .map(Path::to_owned)
        .into_iter()
        .chain(std::env::split_paths(&path));
    folders
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
}

/// What a program says, or nothing.
pub(crate) fn says(program: &Path, arguments: &[&str]) -> String {
    let output = process::command(program).args(arguments).output();
    output
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_missing_is_named_at_once_with_its_command() {
        let project = Project::find().unwrap();
        let board = Board::new();
        let tools = Tools::new(&project, &board);
        assert!(tools.check().is_ok());
        tools.miss("Chromium", "sudo apt-get install chromium");
        tools.miss("clang", "sudo apt-get install clang");
        let text = tools.check().unwrap_err().to_string();
        assert!(
            text.contains("apt-get install chromium") && text.contains("apt-get install clang"),
            "{text}"
        );
    }

    #[test]
    fn a_program_is_found_in_the_first_folder() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("sh"), "").unwrap();
        assert_eq!(on_path("sh", Some(folder.path())), Some(folder.path().join("sh")));
        assert!(on_path("sh", None).is_some());
        assert_eq!(on_path("no-such-program-anywhere", None), None);
    }
}
