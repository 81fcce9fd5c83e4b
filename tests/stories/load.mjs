// How long from navigation to a verified head and to the first proved balance: cold (nothing stored but the key) and
// warm (a second visit). Prints JSON for the benchmark.

import { balance, createKey, faucetAccount, open, PASSWORD, story, synced } from "./lib.mjs";

await story(async (keep) => {
  const path = `/?transport=${process.env.CREDO_TRANSPORT ?? "webrtc"}`;
  const browser = keep(await open(path));
  const { page } = browser;
  await synced(page);
  await createKey(page);
  await faucetAccount(page, process.env.CREDO_NAME ?? "timer_1");
  const times = { warm: [], cold: [], head: [], handOver: [] };
  for (let i = 0; i < 3; i++) {
    const start = Date.now();
    await page.goto(process.env.CREDO_URL + path);
    await page.reload();
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await page.getByRole("button", { name: "Unlock" }).click();
    await balance(page, (b) => b === 10_000);
    times.warm.push(Date.now() - start);
  }
  await browser.close();
  for (let i = 0; i < 3; i++) {
    // A profile that has never been here: everything is verified from genesis on.
    const cold = keep(await open("/health"));
    const start = Date.now();
    await cold.page.goto(`${process.env.CREDO_URL}${path}#chain/admin`);
    await synced(cold.page);
    times.head.push(Date.now() - start);
    await cold.page.locator("section.found .face.proved").waitFor();
    times.cold.push(Date.now() - start);
    // What the page itself says of the hand-overs that it has verified.
    const said = await cold.page.locator("body").innerText();
    const [, count, time, unit] = said.match(/verified ([\d,]+) hand-?\s*overs itself, in ([\d.,]+) (ms|s)\b/) ?? [];
    if (count) times.handOver.push((Number(time.replace(/,/g, "")) * (unit === "s" ? 1_000 : 1)) / Number(count.replace(/,/g, "")));
    await cold.close();
  }
  console.log(`RESULT ${JSON.stringify(times)}`);
});
