// A Chromium that does what it is told: one JSON object a line in, one answer a line out.
//
//   launch {flags, unwatched} starts the browser; everything else needs it. Of unwatched pages the browser tells nothing by itself, as it
//                             otherwise does of each WebSocket message: that would be measured, too. They can't "goto" nor "console".
//   open {page, url}          a new page under that name
//   eval {page, code}         what the expression, or the promise that it makes, comes to
//   goto {page, url}          leaves for another address
//   close {page}              closes the tab as a user does
//   console {page}            what its console has shown as warning or error, and uncaught exceptions
//
// An answer is {id, value} or {id, error}. It ends with its input.

import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const require = createRequire(join(process.env.CREDO_NODE_MODULES, "x.js"));
const { chromium } = require("playwright-core");

const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];

let context;
let profile;
let browser;
const pages = new Map();

const operations = {
  async launch({ flags, unwatched }) {
    const options = {
      executablePath: process.env.CREDO_CHROMIUM ?? "/usr/bin/chromium",
      headless: true,
      args: [...FLAGS, ...flags],
    };
    if (unwatched) {
      browser = await chromium.launch(options);
      return browser.version();
    }
    profile = mkdtempSync(join(tmpdir(), "webrtc-interop-"));
    context = await chromium.launchPersistentContext(profile, options);
    return context.browser()?.version() ?? "";
  },
  async open({ page: name, url }) {
    if (browser) {
      pages.set(name, { page: await openUnwatched(url) });
      return;
    }
    const page = await context.newPage();
    const said = [];
    page.on("console", (m) => ["error", "warning"].includes(m.type()) && said.push(`${m.type()}: ${m.text()}`));
    page.on("pageerror", (e) => said.push(`uncaught: ${e.message}`));
    pages.set(name, { page, said });
    await page.goto(url);
  },
  async eval({ page: name, code }) {
    return (await pages.get(name).page.evaluate(code)) ?? null;
  },
  async goto({ page: name, url }) {
    await pages.get(name).page.goto(url);
  },
  async close({ page: name }) {
    await pages.get(name).page.close({ runBeforeUnload: false });
    pages.delete(name);
  },
  async console({ page: name }) {
    return pages.get(name).said;
  },
};

// A page outside of Playwright's contexts, to which Playwright doesn't attach.
async function openUnwatched(url) {
  const session = await browser.newBrowserCDPSession();
  const { targetId } = await session.send("Target.createTarget", { url });
  const { sessionId } = await session.send("Target.attachToTarget", { targetId, flatten: false });
  const waiting = new Map();
  session.on("Target.receivedMessageFromTarget", ({ message }) => {
    const { id, result, error } = JSON.parse(message);
    waiting.get(id)?.(error ? { exceptionDetails: { text: error.message } } : result);
    waiting.delete(id);
  });
  let last = 0;
  const evaluate = async (expression) => {
    const id = ++last;
    const answered = new Promise((resolve) => waiting.set(id, resolve));
    const params = { expression, awaitPromise: true, returnByValue: true };
    const message = JSON.stringify({ id, method: "Runtime.evaluate", params });
    await session.send("Target.sendMessageToTarget", { sessionId, message });
    const { result, exceptionDetails: thrown } = await answered;
    if (thrown) throw new Error(thrown.exception?.description ?? thrown.text);
    return result.value;
  };
  // What is asked before has its answer from the empty page.
  while (!(await evaluate(`location.href === ${JSON.stringify(url)} && document.readyState === "complete"`))) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return {
    evaluate,
    close: async () => {
      await session.send("Target.closeTarget", { targetId });
      await session.detach().catch(() => {});
    },
  };
}

// Who asked may be gone; then the input ends, too.
process.stdout.on("error", () => {});
const answer = (message) => process.stdout.write(JSON.stringify(message) + "\n");

const lines = createInterface({ input: process.stdin });
lines.on("line", async (line) => {
  const { id, op, ...rest } = JSON.parse(line);
  try {
    answer({ id, value: (await operations[op](rest)) ?? null });
  } catch (error) {
    answer({ id, error: String(error?.message ?? error) });
  }
});
lines.on("close", async () => {
  await (context ?? browser)?.close().catch(() => {});
  if (profile) rmSync(profile, { recursive: true, force: true });
  process.exit(0);
});
