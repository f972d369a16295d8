// browser.mjs starts Chromium as every test here needs it: headless, with a
// microphone that plays a WAV file (48 kHz) once, and signs in to the console.
import { chromium } from "playwright-core";

/** launch starts a browser. Its microphone plays the file once, or again and again. */
export async function launch({ microphone, again = false } = {}) {
  const args = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
    "--allow-loopback-in-peer-connection", "--autoplay-policy=no-user-gesture-required",
  ];
  if (microphone) args.push(`--use-file-for-fake-audio-capture=${microphone}${again ? "" : "%noloop"}`);
  return chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args });
}

/** enter signs a user in, in a context of their own. script runs in each page before the page's own. */
export async function enter(browser, { url, user = "admin", password, script, locale = "en-US", width = 1280, height = 800 }) {
  const context = await browser.newContext({ locale, viewport: { width, height }, permissions: ["microphone"] });
  if (script) await context.addInitScript(script);
  const page = await context.newPage();
  page.on("console", (m) => { if (m.type() === "error") console.error("page:", m.text()); });
  page.on("response", (r) => { if (r.status() >= 400) console.error("page:", r.status(), r.url()); });
  page.on("pageerror", (e) => console.error("page:", e.message));
  await page.goto(url);
  await page.getByLabel("Name").fill(user);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  return page;
}

export async function open({ microphone, ...who }) {
  const browser = await launch({ microphone });
  return { browser, page: await enter(browser, who) };
}
