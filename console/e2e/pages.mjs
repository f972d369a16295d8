// pages.mjs URL PASSWORD CALL [FOLDER]: looks at every page in both languages, wide and narrow. It prints one line of JSON: serious
// faults that axe finds, errors of the pages, and what scrolls sideways. With a folder it leaves pictures of the wide pages there.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { open } from "./browser.mjs";

const [url, password, call, folder] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const paths = ["live", "calls", `calls/${call}`, "knowledge", "knowledge/return_policy", "flows", "flows/order_status", "analytics", "setup"];
const { browser, page } = await open({ url, password });
const out = { faults: [], errors: [], sideways: [], looked: 0 };
page.on("pageerror", (e) => out.errors.push(e.message));
page.on("response", (r) => { if (r.status() >= 400) out.errors.push(`${r.status()} ${r.url()}`); });
try {
  await page.getByRole("navigation").waitFor();
  for (const language of ["en", "zh"]) {
    await page.evaluate((l) => localStorage.setItem("language", l), language);
    await page.reload();
    for (const path of paths) {
      await page.goto(`${url}#/${path}`);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await page.waitForLoadState("load");
      await page.waitForFunction(() => !document.querySelector("[aria-busy=true]"));
      await page.waitForTimeout(300); // what was asked for is drawn
      for (const width of [1280, 390]) {
        await page.setViewportSize({ width, height: 800 });
        out.looked++;
        if (await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth + 1)) out.sideways.push(`${language} ${path} ${width}`);
        if (width === 1280 && folder) await page.screenshot({ path: `${folder}/${path.replace(call, "call").replace("/", "-")}-${language}.png` });
      }
      await page.setViewportSize({ width: 1280, height: 800 });
      await page.evaluate(axe);
      const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
      for (const v of found.violations) {
        if (v.impact === "serious" || v.impact === "critical") out.faults.push(`${language} ${path}: ${v.id}: ${v.nodes.map((n) => n.target.join(" ")).slice(0, 3).join(", ")}`);
      }
    }
  }
  console.log(JSON.stringify(out));
} finally {
  await browser.close();
}
