// An account that three hold together: two of them must agree. One proposes a transfer, two approve, it is executed; all of it
// in words and proved.

import { balance, createKey, faucetAccount, go, open, picture, signAndProve, step, story, synced } from "./lib.mjs";

const transport = process.env.CREDO_TRANSPORT ?? "webrtc";
const ALICE = "alice_one";
const BOBBY = "bobby_two";
const CAROL = "carol_three";
const SHARED = "treasury_23";

await story(async (keep) => {
  const browser = keep(await open(`/?transport=${transport}`));
  const { page, errors } = browser;
  const section = (name) => page.getByRole("region", { name, exact: true });
  const dialog = page.getByRole("dialog");

  const sign = async (words) => {
    await dialog.getByText(words).first().waitFor();
    await signAndProve(page);
    await page.getByRole("button", { name: "Done" }).click();
  };
  const fill = async (fields) => {
    for (const [label, value] of Object.entries(fields)) await dialog.getByLabel(label, { exact: true }).fill(value);
    await dialog.getByRole("button", { name: "Review" }).click();
  };
  const use = async (name) => {
    await go(page, "account");
    await section("Accounts under this key").getByRole("button", { name }).click();
    await section("Permissions").getByText(name, { exact: true }).first().waitFor();
  };

  await synced(page);
  await createKey(page);
  await step("an account from the faucet", () => faucetAccount(page, ALICE));
  await go(page, "account");
  const key = await step("this wallet's key, in its own permissions", async () => {
    const own = section("Permission active");
    await own.getByText("this wallet's key").waitFor();
    return own.locator("span.mono").first().getAttribute("title");
  });

  await step("three more accounts signed up", async () => {
    for (const name of [BOBBY, CAROL, SHARED]) {
      await page.getByRole("button", { name: "Sign up an account…" }).click();
      await fill({ Name: name, "Public key": key });
      await sign(`Create the account ${name}`);
    }
    await section("Accounts under this key").getByRole("button", { name: SHARED }).waitFor();
  });

  await step("something for the treasury", async () => {
    await go(page, "send");
    await page.getByLabel("To", { exact: true }).fill(SHARED);
    await page.locator("form").getByText("exists", { exact: true }).waitFor();
    await page.getByLabel("Amount", { exact: true }).fill("1000");
    await page.getByRole("button", { name: "Review" }).click();
    await signAndProve(page);
    await page.getByRole("button", { name: "Done" }).click();
  });

  await step("two of three: the treasury's permissions", async () => {
    await use(SHARED);
    for (const permission of ["active", "owner"]) {
      for (const member of [ALICE, BOBBY, CAROL]) {
        await page.getByRole("button", { name: `Add a key or account to ${permission}` }).click();
        await fill({ "Key or account": member, Weight: "50" });
        await sign(`Let ${member}@active count in ${permission}`);
      }
    }
    // The key itself comes last, owner after active: afterwards nobody acts alone.
    for (const permission of ["active", "owner"]) {
      const own = section(`Permission ${permission}`);
      await own.getByText("50 of 100").nth(2).waitFor();
      await own.getByRole("button", { name: /^Change the weight of / }).first().click();
      await fill({ Weight: "1" });
      await sign(new RegExp(`^Let the key .* count in ${permission}$`));
      await own.getByText("1 of 100", { exact: true }).waitFor();
    }
    await page.getByText("This wallet's key alone can't change them").waitFor();
    await picture(page, `${transport}-proposal-1-permissions`);
  });

  await step("alone nobody sends from it", async () => {
    await go(page, "send");
    await page.getByLabel("To", { exact: true }).fill("admin");
    await page.locator("form").getByText("exists", { exact: true }).waitFor();
    await page.getByLabel("Amount", { exact: true }).fill("1");
    await page.getByRole("button", { name: "Review" }).click();
    await page.getByText(/Your key alone can't act for treasury_23/).waitFor();
  });

  await step("a transfer proposed by the first", async () => {
    await use(ALICE);
    await page.getByRole("button", { name: "Propose a transfer…" }).click();
    await fill({
      Name: "chairs", From: SHARED, To: "admin", Amount: "250", Memo: "for chairs",
      "Who is to approve": `${ALICE}\n${BOBBY}\n${CAROL}`,
    });
    await dialog.getByText(`${SHARED} sends 250 IOST to admin (“for chairs”)`).waitFor();
    await picture(page, `${transport}-proposal-2-review`);
    await sign("Propose “chairs”");
    await section(`Proposal chairs of ${ALICE}`).getByText("0 of 3 approved").waitFor();
  });

  await step("approved by two, each in words", async () => {
    for (const [i, member] of [ALICE, BOBBY].entries()) {
      await use(member);
      const proposal = section(`Proposal chairs of ${ALICE}`);
      await proposal.getByText(`${SHARED} sends 250 IOST to admin`).waitFor();
      await proposal.getByRole("button", { name: `Approve chairs as ${member}@active` }).click();
      await sign(`Approve “chairs” of ${ALICE}`);
      await proposal.getByText(`${i + 1} of 3 approved`).waitFor();
    }
    const proposal = section(`Proposal chairs of ${ALICE}`);
    await proposal.getByText(`${SHARED}: 100 of the 100 that its active permission needs`).waitFor();
    await picture(page, `${transport}-proposal-3-approved`);
  });

  await step("executed: the treasury has paid", async () => {
    await page.getByRole("button", { name: "Execute chairs" }).click();
    await sign(`Execute “chairs” of ${ALICE}`);
    await page.getByText("Nothing waits for your approval").waitFor();
    await use(SHARED);
    await balance(page, (b) => b === 750);
    await picture(page, `${transport}-proposal-4-paid`);
  });
  if (errors.length) throw new Error(`the console isn't clean:\n${errors.join("\n")}`);
});
