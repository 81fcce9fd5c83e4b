// Staking and voting: pledge for gas and take it back with its date, vote, see rewards counted and claim them, unvote with its date.

import { balance, createKey, faucetAccount, go, open, picture, signAndProve, stat, step, story, synced } from "./lib.mjs";

const transport = process.env.CREDO_TRANSPORT ?? "webrtc";
const name = process.env.CREDO_NAME ?? "staker_1";

await story(async (keep) => {
  const browser = keep(await open(`/?transport=${transport}`));
  const { page, errors } = browser;
  await synced(page);
  await createKey(page);
  await step("an account from the faucet", () => faucetAccount(page, name));

  const number = (text) => Number(text.replace(/[^\d.]/g, ""));
  const gas = async () => number(await stat(page, "Gas").locator("b").first().innerText());
  const before = await step("gas, proved", async () => {
    await stat(page, "Gas").locator(".face.proved").waitFor();
    return gas();
  });

  await step("100 IOST staked for gas, which fills up at once", async () => {
    await page.getByRole("button", { name: "Stake for gas" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("exists", { exact: true }).waitFor();
    await dialog.getByLabel("Amount", { exact: true }).fill("100");
    await dialog.getByText(/Brings 10,000,000 gas at once/).waitFor();
    await picture(page, `${transport}-stake-1-form`);
    await dialog.getByRole("button", { name: "Review" }).click();
    await page.getByText(`Pledge 100 IOST for the gas of ${name}`).waitFor();
    await page.getByText(/^at most .* of your /).waitFor();
    await picture(page, `${transport}-stake-2-review`);
    await signAndProve(page);
    await page.getByRole("button", { name: "Done" }).click();
    await balance(page, (b) => b === 9_900);
    await stat(page, "Staked").getByText("100 pledged for gas").waitFor();
    const after = await gas();
    if (after < before + 9_000_000) throw new Error(`the pledge brought ${after - before} gas`);
    await picture(page, `${transport}-stake-3-home`);
  });

  await step("30 of it taken back, with the date of their return", async () => {
    await page.getByRole("button", { name: "Stake for gas" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("radio", { name: "Take back" }).check();
    await dialog.getByLabel("Amount", { exact: true }).fill("30");
    await dialog.getByText(/The tokens return 1 minute later/).waitFor();
    await dialog.getByRole("button", { name: "Review" }).click();
    await signAndProve(page);
    await page.getByRole("button", { name: "Done" }).click();
    await stat(page, "Staked").getByText("70 pledged for gas").waitFor();
    const unlocking = stat(page, "Unlocking");
    await unlocking.getByText("30", { exact: true }).waitFor();
    await unlocking.getByText(/^in \d+ s$|^in 1 min/).waitFor();
  });

  await step("voted", async () => {
    await go(page, "vote");
    await page.getByText("ranking proved").waitFor();
    await page.getByRole("button", { name: /^Vote for / }).first().click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Amount", { exact: true }).fill("2500");
    await dialog.getByRole("button", { name: "Review" }).click();
    await signAndProve(page);
    await page.getByRole("button", { name: "Done" }).click();
    await page.getByRole("list", { name: "Your votes" }).getByText("2,500").waitFor();
  });

  await step("a node's page, straight by its link", async () => {
    const node = await page.getByRole("list", { name: "Your votes" }).getByRole("link").first().innerText();
    await go(page, `vote/${node}`);
    const dialog = page.getByRole("dialog");
    await dialog.getByText("50 % of its rewards other than for blocks").waitFor();
    await dialog.getByText(/ago; out after 6$/).waitFor();
    await picture(page, `${transport}-stake-4-node`);
    await dialog.getByRole("button", { name: "Close" }).click();
  });

  await step("rewards counted at an epoch's end, and claimed", async () => {
    const claim = page.getByRole("button", { name: "Claim all rewards" });
    // The vote counts from the next round on: the epoch after that brings its first rewards.
    await claim.waitFor({ timeout: 120_000 });
    await picture(page, `${transport}-stake-5-vote`);
    await claim.click();
    await page.getByText(/^Claim [\d.]+ IOST of rewards$/).waitFor();
    await signAndProve(page);
    await page.getByRole("button", { name: "Done" }).click();
    // The 30 come back by themselves when their minute is over, and what was claimed comes on top.
    await balance(page, (b) => b > 7_430, 90_000);
  });

  await step("1,000 votes taken back, with the date of their return", async () => {
    await go(page, "vote");
    await page.getByRole("button", { name: /^Change your votes for / }).first().click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("radio", { name: "Unvote" }).check();
    await dialog.getByLabel("Amount", { exact: true }).fill("1000");
    await dialog.getByText(/The tokens return 2 minutes later: on /).waitFor();
    await dialog.getByRole("button", { name: "Review" }).click();
    await signAndProve(page);
    await page.getByRole("button", { name: "Done" }).click();
    await page.getByRole("list", { name: "Your votes" }).getByText("1,500").waitFor();
    await go(page, "home");
    await stat(page, "Unlocking").getByText(/in (1 min|2 min|\d+ s)/).first().waitFor();
    await picture(page, `${transport}-stake-6-home`);
  });
  await page.setViewportSize({ width: 360, height: 740 });
  for (const place of ["home", "vote", "account"]) {
    await go(page, place);
    await page.waitForTimeout(300);
    const wide = await page.evaluate(() => document.scrollingElement.scrollWidth);
    await picture(page, `${transport}-stake-7-phone-${place}`);
    if (wide > 360) throw new Error(`${place} is ${wide} pixels wide on a phone of 360`);
  }
  if (errors.length) throw new Error(`the console isn't clean:\n${errors.join("\n")}`);
});
