//! Where things are: the workspace, the user's cache folder, the folders that cargo builds into; and what the manifest
//! and the lock file say.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::process;

/// The paths of this checkout and of the cache.
#[derive(Debug)]
pub(crate) struct Project {
    /// The workspace's root.
    pub(crate) root: PathBuf,
    /// What is kept between runs and checkouts: `credo` in the user's cache folder.
    pub(crate) cache: PathBuf,
    /// Where native builds go.
    pub(crate) native: PathBuf,
    /// Where builds for the browser go: two toolchains in one folder would throw each other's work away.
    pub(crate) wasm: PathBuf,
    /// Whether nobody is watching (`CI` is set).
    pub(crate) ci: bool,
}

/// A package of the workspace, as `cargo metadata` tells.
#[derive(Debug)]
pub(crate) struct Package {
    /// Its name.
    pub(crate) name: String,
    /// The names of what it depends on, for building and for tests.
    pub(crate) dependencies: BTreeSet<String>,
    /// The names of what it depends on for tests only.
    pub(crate) test_dependencies: BTreeSet<String>,
}

impl Project {
    /// Finds the workspace that this program was built from, and the folders that go with it.
    pub(crate) fn find() -> Result<Self> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = here
            .ancestors()
            .nth(2)
            .context("xtask lies two folders below the workspace's root")?;
        if !root.join("Cargo.lock").is_file() {
            bail!(
                "{} holds no Cargo.lock: was the checkout moved? Build xtask again there",
                root.display()
            );
        }
        let cache = cache_folder()?.join("credo");
        let ci = set("CI");
        let (native, wasm) = if ci || set("CREDO_CACHE_TARGETS") {
            (cache.join("target/native"), cache.join("target/wasm"))
        } else {
            let native =
                std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
            (native.clone(), native.join("wasm"))
        };
        Ok(Self {
            root: root.to_owned(),
            cache,
            native,
            wasm,
            ci,
        })
    }

    /// Where the tools are kept that are built or fetched once.
    pub(crate) fn tools(&self) -> PathBuf {
        self.cache.join("tools")
    }

    /// Where logs of the steps go.
    pub(crate) fn log(&self, step: &str) -> PathBuf {
        let name: String = step
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .collect();
        self.native.join("xtask").join(format!("{name}.log"))
    }

    /// The built wallet.
    pub(crate) fn dist(&self) -> PathBuf {
        self.root.join("web/dist")
    }

    /// The version that the lock file has of a package (the first, should there be several).
    pub(crate) fn locked_version(&self, package: &str) -> Result<String> {
        let lock = fs::read_to_string(self.root.join("Cargo.lock")).context("Cargo.lock can't be read")?;
        locked_version(&lock, package).with_context(|| format!("Cargo.lock has no package {package}"))
    }

    /// The oldest compiler that the workspace builds with, from its manifest.
    pub(crate) fn rust_version(&self) -> Result<(u32, u32)> {
        let manifest =
            fs::read_to_string(self.root.join("Cargo.toml")).context("Cargo.toml can't be read")?;
        let line = manifest
            .lines()
            .find_map(|line| line.strip_prefix("rust-version = "));
        line.and_then(|text| version_pair(text.trim_matches('"')))
            .context("Cargo.toml names no rust-version")
    }

    /// A command of the native toolchain that works on this workspace.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = process::command("cargo");
        command
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", &self.native)
            .args(arguments);
        if self.ci {
            command.env("CARGO_INCREMENTAL", "0");
        }
        command
    }

    /// The workspace's packages.
    pub(crate) fn packages(&self) -> Result<Vec<Package>> {
        let output = self
            .cargo(&["metadata", "--no-deps", "--format-version", "1"])
            .output()
            .context("cargo can't be started")?;
        if !output.status.success() {
            bail!(
                "cargo metadata failed: {}",
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata isn't JSON")?;
        let packages = metadata["packages"]
            .as_array()
            .context("cargo metadata names no packages")?;
        packages.iter().map(package).collect()
    }
}

/// What the browser runs: the package `root` and the packages of the workspace below it.
pub(crate) fn closure<'a>(packages: &'a [Package], root: &str) -> Vec<&'a Package> {
    let mut names = BTreeSet::from([root]);
    loop {
        let more: BTreeSet<&str> = packages
            .iter()
            .filter(|package| names.contains(package.name.as_str()))
            .flat_map(|package| {
                package
                    .dependencies
                    .difference(&package.test_dependencies)
                    .map(String::as_str)
            })
            .collect();
        let before = names.len();
        names.extend(more);
        if names.len() == before {
            break;
        }
    }
    packages
        .iter()
        .filter(|package| names.contains(package.name.as_str()))
        .collect()
}

fn package(value: &Value) -> Result<Package> {
    let name = value["name"]
        .as_str()
        .context("a package without a name")?
        .to_owned();
    let (mut dependencies, mut test_dependencies) = (BTreeSet::new(), BTreeSet::new());
    let mut other = BTreeSet::new();
    for dependency in value["dependencies"].as_array().into_iter().flatten() {
        let Some(name) = dependency["name"].as_str() else {
            continue;
        };
        dependencies.insert(name.to_owned());
        if dependency["kind"] == "dev" {
            test_dependencies.insert(name.to_owned());
        } else {
            other.insert(name.to_owned());
        }
    }
    test_dependencies.retain(|name| !other.contains(name));
    Ok(Package {
        name,
        dependencies,
        test_dependencies,
    })
}

fn cache_folder() -> Result<PathBuf> {
    let named = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute());
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    named
        .or_else(home)
        .context("neither XDG_CACHE_HOME nor HOME says where tools can be kept")
}

fn set(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| !value.is_empty() && value != "0" && value != "false")
}

fn locked_version(lock: &str, package: &str) -> Option<String> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    lines.next()?;
    Some(
        lines
            .next()?
            .strip_prefix("version = \"")?
            .strip_suffix('"')?
            .to_owned(),
    )
}

/// Major and minor of a version such as `1.96.0`.
pub(crate) fn version_pair(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.trim().split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = "[[package]]\nname = \"wasm-bindgen-futures\"\nversion = \"0.4.58\"\n\n[[package]]\n\
                        name = \"wasm-bindgen\"\nversion = \"0.2.108\"\n";

    #[test]
    fn the_lock_file_names_the_version_of_the_very_package() {
        assert_eq!(locked_version(LOCK, "wasm-bindgen").as_deref(), Some("0.2.108"));
        assert_eq!(locked_version(LOCK, "wasm"), None);
    }

    #[test]
    fn versions_compare_by_number() {
        assert_eq!(version_pair("1.96.0"), Some((1, 96)));
        assert!(version_pair("1.100").unwrap() > version_pair("1.96.0").unwrap());
        assert_eq!(version_pair("nightly"), None);
    }

    #[test]
    fn what_the_browser_runs_leaves_out_what_only_tests_need() {
        let package = |name: &str, normal: &[&str], test: &[&str]| Package {
            name: name.into(),
            dependencies: normal.iter().chain(test).map(|name| (*name).to_owned()).collect(),
            test_dependencies: test.iter().map(|name| (*name).to_owned()).collect(),
        };
        let packages = [
            package("web", &["light", "yew"], &[]),
            package("light", &["core"], &["node"]),
            package("core", &[], &[]),
            package("node", &[], &[]),
        ];
        let names: Vec<_> = closure(&packages, "web")
            .iter()
            .map(|package| package.name.as_str())
            .collect();
        assert_eq!(names, ["web", "light", "core"]);
    }
}
