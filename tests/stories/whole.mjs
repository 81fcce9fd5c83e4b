// The whole story: create, faucet, see the balance proved, send, vote, and watch the next committee being elected.

import { balance, createKey, faucetAccount, go, open, picture, signAndProve, step, story, synced } from "./lib.mjs";

const transport = process.env.CREDO_TRANSPORT ?? "webrtc";

await story(async (keep) => {
  const browser = keep(await open(`/?transport=${transport}`));
  const { page, errors } = browser;
  await step("a verified head", () => synced(page));
  await picture(page, `${transport}-1-welcome`);
  await step("a key of 24 words", () => createKey(page));
  await step("an account from the faucet, its balance proved", () => faucetAccount(page, process.env.CREDO_NAME ?? process.env.CREDO_NAME ?? "marlow"));
  await picture(page, `${transport}-2-home`);

  await step("sent and proved", async () => {
    await go(page, "send");
    await page.getByLabel("To", { exact: true }).fill("admin");
    await page.locator("form").getByText("exists", { exact: true }).waitFor();
    await page.getByLabel("Amount", { exact: true }).fill("12.5");
    await page.getByLabel("Memo").fill("two flat whites");
    await page.getByRole("button", { name: "Review" }).click();
    await page.getByText("Send 12.5 IOST to admin").waitFor();
    await picture(page, `${transport}-3-review`);
    await signAndProve(page);
    await picture(page, `${transport}-4-proved`);
    await page.getByRole("button", { name: "Done" }).click();
    await balance(page, (b) => b === 9_987.5);
  });

  const votesBefore = await step("the whole ranking, proved", async () => {
    await go(page, "vote");
    await page.getByText("ranking proved").waitFor();
    await picture(page, `${transport}-5-vote`);
    return page.locator("tr.node").first().innerText();
  });
  if (!votesBefore) throw new Error("the ranking is empty");

  await step("voted and proved", async () => {
    await page.getByRole("button", { name: /^Vote for / }).first().click();
    await page.getByRole("dialog").getByLabel("Amount", { exact: true }).fill("2500");
    await page.getByRole("dialog").getByRole("button", { name: "Review" }).click();
    await signAndProve(page);
    await page.getByRole("button", { name: "Done" }).click();
    await page.getByText("yours 2,500").or(page.getByText("yours 2.5 K")).first().waitFor();
    await balance(page, (b) => b === 7_487.5);
  });

  await step("the next committee, elected and proved", async () => {
    await go(page, "chain");
    const elected = page.getByText(/elected by /).first();
    await elected.waitFor();
    const before = await elected.innerText();
    await picture(page, `${transport}-6-chain`);
    const start = Date.now();
    while ((await elected.innerText()) === before) {
      if (Date.now() - start > 90_000) throw new Error(`no new committee within 90 s of "${before}"`);
      await page.waitForTimeout(100);
    }
    const seats = await page.locator("svg.ring g.seat").count();
    if (seats !== 4) throw new Error(`four seats were expected in the ring, ${seats} are drawn`);
  });

  await step("the way in", async () => {
    await go(page, "network");
    const wanted = transport === "ws" ? "WebSocket" : "WebRTC";
    await page.locator("main").getByText(wanted, { exact: true }).first().waitFor();
    await picture(page, `${transport}-7-network`);
  });

  await step("reload, unlock, the same balance proved again", async () => {
    await page.reload();
    // Chain and network are open to a locked wallet; its home asks for the password.
    await go(page, "home");
    await page.getByLabel("Password", { exact: true }).fill("not the password");
    await page.getByRole("button", { name: "Unlock" }).click();
    await page.getByText(/password/i).and(page.locator(".objection, .wrong, [role=alert]")).first().waitFor();
    await page.getByLabel("Password", { exact: true }).fill("correct horse battery staple");
    await page.getByRole("button", { name: "Unlock" }).click();
    await balance(page, (b) => b === 7_487.5);
    await picture(page, `${transport}-8-home`);
  });
  if (errors.length) throw new Error(`the console isn't clean:\n${errors.join("\n")}`);
});
