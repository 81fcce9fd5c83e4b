//! The steps themselves.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::json;

use super::{Plan, Said, environment};
use crate::build::{self, Program, report};
use crate::process::{self, Line};
use crate::progress::Board;
use crate::project::{Package, Project, closure};
use crate::strangers::{self, Strangers};
use crate::tools::{Browser, Tools};
use crate::wasm::{self, For, TARGET, Toolchain};

/// How long one test program may run.
const PROGRAM_LIMIT: Duration = Duration::from_secs(30 * 60);
/// How much of what a failed step wrote is shown; the log has the rest.
const SHOWN: usize = 120;
/// What Chromium is started with where nobody looks at it.
const CHROMIUM_FLAGS: [&str; 7] = [
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

pub(super) struct Steps<'a> {
    project: &'a Project,
    board: &'a Board,
    tools: Tools<'a>,
    packages: OnceCell<Vec<Package>>,
}

/// What was built natively.
struct Native {
    relay: Option<PathBuf>,
    programs: Vec<Program>,
}

impl<'a> Steps<'a> {
    pub(super) fn new(project: &'a Project, board: &'a Board) -> Self {
        Self {
            project,
            board,
            tools: Tools::new(project, board),
            packages: OnceCell::new(),
        }
    }

    /// For work in progress.
    pub(super) fn quick(&self, plan: &mut Plan<'_>) -> Result<()> {
        plan.step("format", |_| {
            self.cargo("format", &["fmt", "--all", "--", "--check", "-l"], &[])
        })?;
        let native = plan.step("build, native", |said| self.build(said))?;
        let libraries = self.project.root.join("crates");
        let (libraries, _) = apart(native, &libraries);
        plan.step("tests, libraries", |said| {
            self.programs("tests, libraries", &libraries, said, |_| {})
        })?;
        Ok(())
    }

    /// Everything.
    pub(super) fn full(&self, plan: &mut Plan<'_>) -> Result<()> {
        plan.step("format", |_| {
            self.cargo("format", &["fmt", "--all", "--", "--check", "-l"], &[])
        })?;
        let tools = plan.step("tools", |_| self.find_tools())?;

        let lint = ["clippy", "--all-targets", "--keep-going", "--", "-D", "warnings"];
        plan.step("lint, native", |_| self.cargo("lint, native", &lint, &[]))?;
        let native = plan.step("build, native", |said| self.build(said))?;
        let relay = native.as_ref().and_then(|native| native.relay.clone());
        let (whole, single) = apart(native, &self.project.root.join("tests"));
        let (abroad, whole): (Vec<_>, Vec<_>) = whole
            .into_iter()
            .partition(|program| program.folder.starts_with(self.project.root.join("tests/webrtc")));
        plan.step("tests, native", |said| {
            self.programs("tests, native", &single, said, |_| {})
        })?;
        plan.step("tests in docs", |said| self.doc_tests(said))?;
        // Links to private items are for readers of the source, where they lead somewhere.
        let strict = [("RUSTDOCFLAGS", "-D warnings -A rustdoc::private-intra-doc-links")];
        plan.step("documentation", |_| {
            self.cargo("documentation", &["doc", "--no-deps"], &strict)
        })?;

        let mut wallet = None;
        if let Some((toolchain, browser, strangers)) = &tools {
            plan.step("lint, browser", |_| self.lint_browser(*toolchain))?;
            plan.step("tests, browser", |said| {
                self.tests_browser(*toolchain, browser, said)
            })?;
            let page = plan.step("page of strangers", |_| {
                strangers::page(self.project, self.board, &self.tools, *toolchain, strangers)
            })?;
            if page.is_some() {
                plan.step("tests, strangers", |said| {
                    self.programs("tests, strangers", &abroad, said, |command| {
                        environment(command, self.project, &self.tools, None, Some(browser));
                        strangers::environment(command, self.project, strangers);
                        // Each test runs a browser: one at a time.
                        command.env("RUST_TEST_THREADS", "1");
                    })
                })?;
            } else {
                plan.blocked("tests, strangers", "it needs the page");
            }
            wallet = plan.step("wallet", |_| {
                build::wallet(self.project, self.board, &self.tools, *toolchain)
            })?;
        } else {
            for name in [
                "lint, browser",
                "tests, browser",
                "page of strangers",
                "tests, strangers",
                "wallet",
            ] {
                plan.blocked(name, "tools are missing");
            }
        }
        match (&tools, wallet, relay) {
            (Some((_, browser, _)), Some(()), Some(relay)) => {
                plan.step("tests, whole system", |said| {
                    self.programs("tests, whole system", &whole, said, |command| {
                        environment(command, self.project, &self.tools, Some(&relay), Some(browser));
                        // Each test runs a network and a browser: one at a time.
                        command.env("RUST_TEST_THREADS", "1");
                    })
                })?;
            }
            _ => plan.blocked(
                "tests, whole system",
                "it needs the tools, the node and the wallet",
            ),
        }
        plan.step("licences, sources", |_| self.deny())?;
        Ok(())
    }

    fn packages(&self) -> Result<&[Package]> {
        if self.packages.get().is_none() {
            let _ = self.packages.set(self.project.packages()?);
        }
        Ok(self.packages.get().map_or(&[], Vec::as_slice))
    }

    fn find_tools(&self) -> Result<(Toolchain, Browser, Strangers)> {
        self.tools.node()?;
        self.tools.wallet()?;
        self.tools.playwright()?;
        let browser = self.tools.browser()?;
        let strangers = strangers::install(self.project, &self.tools)?;
        let toolchain = wasm::find(self.project, &self.tools)?;
        self.tools.check()?;
        let toolchain = toolchain.context("a compiler for the browser was found or is missing")?;
        self.board.say(&format!("  {TARGET}: {}", toolchain.name()));
        let browser = browser.context("a browser was found or is missing")?;
        let strangers = strangers.context("strangers are installed or missing")?;
        Ok((toolchain, browser, strangers))
    }

    /// Runs a command that only passes or fails.
    fn plain(&self, name: &str, command: &mut Command) -> Result<()> {
        let log = self.project.log(name);
        let mut bar = self.board.bar(name);
        let ended = process::run(command, &log, build::LIMIT, &mut bar, &mut |_| Line::Keep)?;
        bar.done(ended.good, "");
        if !ended.good {
            bail!("{}\nthe whole log: {}", report(&ended, SHOWN), log.display());
        }
        Ok(())
    }

    fn cargo(&self, name: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Result<()> {
        self.plain(
            name,
            self.project.cargo(arguments).envs(environment.iter().copied()),
        )
    }

    /// Builds everything native. What can't be built doesn't keep the rest from being built and tested.
    fn build(&self, said: &mut Said) -> Result<Native> {
        let name = "build, native";
        let mut command = self
            .project
            .cargo(&["build", "--lib", "--bins", "--tests", "--keep-going"]);
        let (ended, programs) = build::programs(&mut command, self.project, self.board, name)?;
        said.failure = (!ended.good).then(|| report(&ended, SHOWN));
        let relay = programs
            .iter()
            .find(|program| program.name == "relay-node" && !program.test);
        let relay = relay.map(|program| program.path.clone());
        Ok(Native {
            relay,
            programs: programs.into_iter().filter(|program| program.test).collect(),
        })
    }

    /// Runs test programs one after the other, each in its package's folder as cargo does.
    fn programs(
        &self,
        name: &str,
        programs: &[Program],
        said: &mut Said,
        prepare: impl Fn(&mut Command),
    ) -> Result<()> {
        if programs.is_empty() {
            bail!("there is no test program to run");
        }
        let mut bar = self.board.bar(name);
        let mut count = Count::default();
        let mut failures = Vec::new();
        for program in programs {
            let mut command = process::command(&program.path);
            command
                .current_dir(&program.folder)
                .env("CARGO_MANIFEST_DIR", &program.folder);
            command.env("RUST_BACKTRACE", "1");
            prepare(&mut command);
            let log = self.project.log(name);
            let mut one = Count::default();
            let ended = process::run(&mut command, &log, PROGRAM_LIMIT, &mut bar, &mut |line| {
                one.line(line)
            })?;
            if !ended.good {
                one.failed = one.failed.max(1);
                failures.push(format!("{}: {}", program.path.display(), report(&ended, SHOWN)));
            }
            count.add(one);
        }
        bar.done(failures.is_empty(), &count.to_string());
        said.tests = Some((count.passed, count.failed));
        said.failure = (!failures.is_empty()).then(|| failures.join("\n\n"));
        Ok(())
    }

    /// Runs `cargo test` in some form, whose test programs report for themselves.
    fn cargo_test(&self, name: &str, command: &mut Command, said: &mut Said) -> Result<()> {
        let mut bar = self.board.bar(name);
        let mut count = Count::default();
        let limit = build::LIMIT;
        let ended = process::run(command, &self.project.log(name), limit, &mut bar, &mut |line| {
            count.line(line)
        })?;
        bar.done(ended.good, &count.to_string());
        said.tests = Some((count.passed, count.failed));
        said.failure = (!ended.good).then(|| report(&ended, SHOWN));
        Ok(())
    }

    fn doc_tests(&self, said: &mut Said) -> Result<()> {
        self.cargo_test(
            "tests in docs",
            &mut self.project.cargo(&["test", "--doc", "--no-fail-fast"]),
            said,
        )
    }

    fn lint_browser(&self, toolchain: Toolchain) -> Result<()> {
        let mut command = toolchain.command(self.project, &self.tools, "cargo", For::Page)?;
        command.args(["clippy", "--keep-going", "--target", TARGET]);
        let mut names = BTreeSet::new();
        for root in ["credo-web", strangers::PAGE] {
            names.extend(
                closure(self.packages()?, root)
                    .into_iter()
                    .map(|package| &package.name),
            );
        }
        for name in names {
            command.args(["--package", name]);
        }
        self.plain("lint, browser", command.args(["--", "-D", "warnings"]))
    }

    /// Runs the tests of every package that has some for the browser.
    fn tests_browser(&self, toolchain: Toolchain, browser: &Browser, said: &mut Said) -> Result<()> {
        let with = self
            .packages()?
            .iter()
            .filter(|package| package.dependencies.contains("wasm-bindgen-test"));
        let names: Vec<_> = with.map(|package| package.name.as_str()).collect();
        if names.is_empty() {
            bail!("no package has tests for the browser");
        }
        let mut command = toolchain.command(self.project, &self.tools, "cargo", For::Tests)?;
        command.args(["test", "--target", TARGET, "--lib", "--tests", "--no-fail-fast"]);
        for name in names {
            command.args(["--package", name]);
        }
        let capabilities = self.project.wasm.join("webdriver.json");
        write_capabilities(&capabilities, browser)?;
        command
            .env(
                "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER",
                "wasm-bindgen-test-runner",
            )
            .env("CHROMEDRIVER", &browser.driver)
            .env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", &capabilities)
            .env("WASM_BINDGEN_TEST_TIMEOUT", "300");
        self.cargo_test("tests, browser", &mut command, said)?;
        if said.failure.is_none() && said.tests == Some((0, 0)) {
            said.failure = Some("no test ran in the browser".to_owned());
        }
        Ok(())
    }

    fn deny(&self) -> Result<()> {
        let deny = self.tools.cargo_deny();
        self.tools.check()?;
        let mut command = process::command(deny?);
        command
            .current_dir(&self.project.root)
            .args(["check", "licenses", "bans", "sources"]);
        self.plain("licences, sources", &mut command)
    }
}

/// Parts the test programs of packages under `folder` from the others.
fn apart(native: Option<Native>, folder: &Path) -> (Vec<Program>, Vec<Program>) {
    let programs = native.map(|native| native.programs).unwrap_or_default();
    programs
        .into_iter()
        .partition(|program| program.folder.starts_with(folder))
}

/// Tells the test runner which browser to start, and how.
fn write_capabilities(path: &Path, browser: &Browser) -> Result<()> {
    let mut flags = CHROMIUM_FLAGS.to_vec();
    if rustix::process::geteuid().is_root() {
        // Chromium's sandbox refuses to run as root, which is who runs tests in a container.
        flags.push("--no-sandbox");
    }
    let capabilities = json!({ "goog:chromeOptions": { "binary": browser.chromium, "args": flags } });
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("{} can't be made", folder.display()))?;
    }
    fs::write(path, capabilities.to_string()).with_context(|| format!("{} can't be written", path.display()))
}

/// Counts tests by the line that each test program ends with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    passed: u64,
    failed: u64,
}

impl Count {
    fn line(&mut self, line: &str) -> Line {
        if let Some(rest) = line.trim_start().strip_prefix("test result: ") {
            let number = |word: &str| {
                let part = rest
                    .split([';', '.'])
                    .find_map(|part| part.trim().strip_suffix(word))?;
                part.trim().parse::<u64>().ok()
            };
            self.passed += number(" passed").unwrap_or(0);
            self.failed += number(" failed").unwrap_or(0);
        }
        Line::Keep
    }

    fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl std::fmt::Display for Count {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} passed", self.passed)?;
        if self.failed > 0 {
            write!(f, ", {} failed", self.failed)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_of_a_test_program_is_counted() {
        let mut count = Count::default();
        count.line("running 3 tests");
        count.line(
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s",
        );
        count.line("test result: FAILED. 2 passed; 3 failed; 0 ignored; 0 filtered out");
        assert_eq!(
            count,
            Count {
                passed: 14,
                failed: 3
            }
        );
        assert_eq!(count.to_string(), "14 passed, 3 failed");
    }

    #[test]
    fn the_browser_is_named_to_the_test_runner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/webdriver.json");
        let browser = Browser {
            chromium: "/opt/chromium".into(),
            driver: "/opt/driver".into(),
        };
        write_capabilities(&path, &browser).unwrap();
        let value: serde_json::Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        assert_eq!(value["goog:chromeOptions"]["binary"], "/opt/chromium");
    }
}
