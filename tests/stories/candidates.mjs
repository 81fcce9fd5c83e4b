// Ten thousand candidates: the ranking comes part by part over the chosen way in, is proved, and scrolls to its end.

import { go, open, picture, step, story, synced } from "./lib.mjs";

await story(async (keep) => {
  const transport = process.env.CREDO_TRANSPORT ?? "webrtc";
  const browser = keep(await open(`/?transport=${transport}`));
  const { page, errors } = browser;
  await synced(page, 60_000);
  await step(`the list over ${transport}`, async () => {
    await page.getByText("look at the chain").count();
    await go(page, "vote");
    await page.getByText("ranking proved").waitFor({ timeout: 60_000 });
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
      // Each time the end comes near, the next part follows; when an epoch begins, they come anew.
      const atEnd = () => /^\s*10,?00\d\s*$/m.test(document.body.innerText);
      for (let i = 0; i < 1200 && !atEnd(); i++) {
        scroller.scrollTop = scroller.scrollHeight;
        await new Promise((r) => setTimeout(r, 100));
      }
    });
    await page.getByText(/^10,?00\d$/).first().waitFor();
  });
  await picture(page, `candidates-${transport}`);
  if (errors.length) throw new Error(`the console isn't clean:\n${errors.join("\n")}`);
});
