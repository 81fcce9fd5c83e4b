// Ten thousand candidates: the whole list comes over the chosen way in, is proved, and scrolls.

import { go, open, picture, step, story, synced } from "./lib.mjs";

await story(async (keep) => {
  const transport = process.env.CREDO_TRANSPORT ?? "webrtc";
  const browser = keep(await open(`/?transport=${transport}`));
  const { page, errors } = browser;
  await synced(page, 60_000);
  await step(`the list over ${transport}`, async () => {
    await page.getByText("look at the chain").count();
    await go(page, "vote");
    await page.getByText("whole ranking proved").waitFor({ timeout: 60_000 });
    await page.getByText(/10,00\d nodes/).waitFor();
  });
  await step("scrolled to the end", async () => {
    const table = page.locator("tr.node").first();
    await table.waitFor();
    await page.evaluate(async () => {
      const row = document.querySelector("tr.node");
      let box = row.parentElement;
      while (box && box.scrollHeight <= box.clientHeight + 1) box = box.parentElement;
      const scroller = box ?? document.scrollingElement;
      for (let y = 0; y <= scroller.scrollHeight; y += scroller.scrollHeight / 40) {
        scroller.scrollTop = y;
        await new Promise((r) => requestAnimationFrame(r));
      }
      scroller.scrollTop = scroller.scrollHeight;
    });
    await page.getByText(/^10,?00\d$/).first().waitFor();
  });
  await picture(page, `candidates-${transport}`);
  if (errors.length) throw new Error(`the console isn't clean:\n${errors.join("\n")}`);
});
