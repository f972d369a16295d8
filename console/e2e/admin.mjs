// admin.mjs URL PASSWORD PHONE: an administrator creates a trunk to PHONE (HOST:PORT) and a number, imports a table with faults and then
// without, changes the number while somebody else does, and has the attendant call a telephone over the trunk. It prints one line of JSON.
import { open } from "./browser.mjs";

const [url, password, phone] = process.argv.slice(2);
const { browser, page } = await open({ url, password });
page.setDefaultTimeout(40_000);
const out = {};
try {
  await page.getByRole("link", { name: "Numbers", exact: true }).click();
  await page.getByRole("link", { name: "Add a trunk" }).click();
  await page.getByLabel("Name", { exact: true }).fill("carrier");
  await page.getByLabel("Host").fill(phone);
  await page.getByLabel("Country of its numbers").fill("DE");
  await page.getByLabel("May be called").fill("+4930");
  await page.getByLabel("Watch every (s)").fill("1");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { name: "carrier", level: 1 }).waitFor();
  await page.getByText(/answers OPTIONS/).waitFor();

  await page.goto(`${url}#/numbers/number/new`);
  await page.getByLabel("Number", { exact: false }).first().fill("030 1234567");
  await page.getByLabel("Begins with the flow").selectOption("order_status");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { name: "+49301234567", level: 1 }).waitFor();

  // Somebody else changes it meanwhile: this save is refused, and what is there now is loaded.
  const other = await page.evaluate(() => fetch("/api/v1/provision/numbers/%2B49301234567", {
    method: "PUT", headers: { "Content-Type": "application/json", "If-Match": "*" }, body: JSON.stringify({ number: "+49301234567", name: "Orders", flow: "order_status" }),
  }).then((r) => r.status));
  await page.locator("select[name=language]").selectOption("en-US");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Somebody has changed this").waitFor();
  await page.getByRole("button", { name: "Load what is there now" }).click();
  await page.waitForFunction(() => document.querySelector("input[name=name]")?.value === "Orders");
  out.conflict = other === 200;

  await page.goto(`${url}#/numbers/import`);
  const table = page.locator("textarea");
  await table.fill("number,name,flow\n030 1234568,Returns,return_item\n030 1234569,Broken,nowhere\n");
  await page.getByRole("button", { name: "Try it" }).click();
  await page.getByText("2 rows, 1 with faults").waitFor();
  out.fault = await page.getByText('there is no flow "nowhere"').count() === 1;
  out.kept = await page.getByRole("button", { name: "Import all rows" }).isDisabled();
  await table.fill("number,name,flow\n030 1234568,Returns,return_item\n030 1234569,Hours,opening_hours\n");
  await page.getByRole("button", { name: "Try it" }).click();
  await page.getByText("2 rows, 0 with faults").waitFor();
  await page.getByRole("button", { name: "Import all rows" }).click();
  await page.getByText("All rows are imported.").waitFor();

  await page.goto(`${url}#/numbers`);
  await page.getByRole("link", { name: "+49301234569" }).waitFor();
  const call = page.getByRole("form", { name: "Call a telephone" });
  await call.getByLabel("Call", { exact: true }).fill("030 999");
  await call.getByLabel("As if they had called").selectOption("+49301234569");
  await call.getByRole("button", { name: "Call now" }).click();
  await page.getByRole("cell", { name: "the other side hung up" }).waitFor();
  await call.getByLabel("Call", { exact: true }).fill("+49 40 999");
  await call.getByRole("button", { name: "Call now" }).click();
  await page.getByRole("cell", { name: /may not be called/ }).waitFor();
  out.called = true;
  console.log(JSON.stringify(out));
} catch (e) {
  await page.screenshot({ path: process.env.SCREENSHOT || "/dev/null" }).catch(() => {});
  console.error(await page.locator("main").innerText().catch(() => ""));
  throw e;
} finally {
  await browser.close();
}
