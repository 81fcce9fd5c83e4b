// The network is killed and comes back: the open page says so within six seconds, keeps showing what was proved, and
// recovers by itself. Lines that start with @ ask the test to act; it answers by a file.

import { existsSync } from "node:fs";
import { balance, createKey, faucetAccount, open, picture, step, story, synced } from "./lib.mjs";

async function ask(what) {
  console.log(`@${what}`);
  while (!existsSync(`${process.env.CREDO_SIGNALS}/${what}`)) await new Promise((r) => setTimeout(r, 10));
}

await story(async (keep) => {
  const browser = keep(await open(`/?transport=${process.env.CREDO_TRANSPORT ?? "webrtc"}`));
  const { page } = browser;
  await synced(page);
  await createKey(page);
  await step("an account", () => faucetAccount(page, "storm_1"));
  await ask("kill");
  const killed = Date.now();
  await page.locator(".status b", { hasText: /Stale|No relay/ }).waitFor();
  const said = Date.now() - killed;
  console.log(`the page said so after ${said} ms`);
  // The page's own timers say so within six seconds; a loaded machine may be late to run them.
  if (said > 15_000) throw new Error(`the page took ${said} ms to say that it is stale`);
  await picture(page, "outage-stale");
  const shown = await page.locator(".big[data-amount]").first().getAttribute("data-amount");
  if (shown !== "10000") throw new Error(`the last proved balance is gone: ${shown}`);
  await ask("restart");
  const back = Date.now();
  await synced(page);
  console.log(`recovered ${Date.now() - back} ms after the network's return`);
  await balance(page, (b) => b === 10_000);
});
