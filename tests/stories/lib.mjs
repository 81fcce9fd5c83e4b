// What the stories share: a Chromium, its console, and the steps that every user takes.

import { createRequire } from "node:module";
import { mkdtempSync, rmSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const require = createRequire(join(process.env.CREDO_NODE_MODULES, "x.js"));
const { chromium } = require("playwright-core");

export const PASSWORD = "correct horse battery staple";
const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];

/** Opens the wallet in a fresh browser profile; `console` gathers what a user would see as an error there. */
export async function open(path = "", { viewport = { width: 1200, height: 830 }, theme = "light" } = {}) {
  const profile = mkdtempSync(join(tmpdir(), "credo-story-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CREDO_CHROMIUM ?? "/usr/bin/chromium",
    headless: true,
    args: [...FLAGS, ...(process.env.CREDO_FLAGS ?? "").split(" ").filter(Boolean)],
    viewport,
    colorScheme: theme,
  });
  const page = context.pages()[0] ?? (await context.newPage());
  const errors = [];
  page.on("console", (m) => ["error", "warning"].includes(m.type()) && errors.push(`${m.type()}: ${m.text()}`));
  page.on("pageerror", (e) => errors.push(`uncaught: ${e.message}`));
  page.setDefaultTimeout(30_000);
  await page.goto(process.env.CREDO_URL + path);
  const close = async () => {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  };
  return { page, context, errors, close };
}

/** Takes a picture if somebody wants to look. */
export async function picture(page, name) {
  const folder = process.env.CREDO_SCREENSHOTS;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}

/** Waits until the page says that it is synced: a verified, fresh head. */
export async function synced(page, timeout = 30_000) {
  await page.locator(".status b", { hasText: "Synced" }).waitFor({ timeout });
}

/** Welcome: 24 words, two asked back, a password. */
export async function createKey(page) {
  await page.getByRole("button", { name: "Create a key" }).click();
  await page.getByRole("button", { name: "I have them on paper" }).waitFor();
  const words = await page.locator(".words li").allInnerTexts();
  const plain = words.map((w) => w.trim().split(/\s+/).pop());
  if (plain.length !== 24) throw new Error(`24 words were expected, ${plain.length} are shown`);
  await page.getByRole("button", { name: "I have them on paper" }).click();
  for (const label of await page.locator("form label").allInnerTexts()) {
    const n = Number(label.replace(/\D/g, ""));
    await page.getByLabel(label, { exact: true }).fill(plain[n - 1]);
  }
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByLabel("Password, again").fill(PASSWORD);
  await page.getByRole("button", { name: "Create", exact: true }).click();
  return plain;
}

/** An account from the devnet's faucet; returns once its balance is proved on screen. */
export async function faucetAccount(page, name) {
  await page.getByLabel("Your account's name").fill(name);
  await page.locator("form").getByText("free", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Give me an account" }).click();
  await balance(page, (b) => b === 10_000);
}

/** Waits until the balance on Home is proved and satisfies `wanted`; returns it. */
export async function balance(page, wanted, timeout = 30_000) {
  await go(page, "home");
  const end = Date.now() + timeout;
  let last = "none";
  while (Date.now() < end) {
    const big = page.locator(".big[data-amount]").first();
    if (await big.count()) {
      last = await big.getAttribute("data-amount");
      const proved = await page.locator(".face.proved").first().count();
      if (proved && wanted(Number(last))) return Number(last);
    }
    await page.waitForTimeout(25);
  }
  throw new Error(`the balance didn't come to what was expected; last shown: ${last}`);
}

/** A number's card on Home or Vote, by its label. */
export function stat(page, label) {
  return page.getByRole("region", { name: label, exact: true });
}

export async function go(page, place) {
  await page.evaluate((p) => { location.hash = p; }, place);
}

/** Presses through review and signature; returns once the transaction is proved. */
export async function signAndProve(page) {
  await page.getByRole("button", { name: "Sign and send" }).click();
  await page.getByText("Proved: it stands in block").waitFor();
}

/** A step, with the time that it took. */
export async function step(name, work) {
  const start = Date.now();
  const result = await work();
  console.log(`${name} (${Date.now() - start} ms)`);
  return result;
}

/** Runs a story: prints its failure and what the page showed, and ends with the right exit code. */
export async function story(body) {
  let browser;
  try {
    await body((b) => { browser = b; return b; });
    await browser?.close();
    console.log("the story is told");
    process.exit(0);
  } catch (error) {
    console.error(error.stack ?? String(error));
    if (browser) {
      await picture(browser.page, "failure").catch(() => {});
      console.error("the page showed:\n" + (await browser.page.locator("body").innerText().catch(() => "nothing")));
      console.error("its console:\n" + browser.errors.join("\n"));
      await browser.close().catch(() => {});
    }
    process.exit(1);
  }
}
