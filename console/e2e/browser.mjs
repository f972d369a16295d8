// browser.mjs starts Chromium as every test here needs it: headless, with a
// microphone that plays a WAV file (48 kHz) once, and signs in to the console.
import { chromium } from "playwright-core";

export async function open({ url, password, microphone, locale = "en-US", width = 1280, height = 800 }) {
  const args = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
    "--allow-loopback-in-peer-connection", "--autoplay-policy=no-user-gesture-required",
  ];
  if (microphone) args.push(`--use-file-for-fake-audio-capture=${microphone}%noloop`);
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args });
  const context = await browser.newContext({ locale, viewport: { width, height }, permissions: ["microphone"] });
  const page = await context.newPage();
  page.on("console", (m) => { if (m.type() === "error") console.error("page:", m.text()); });
  page.on("response", (r) => { if (r.status() >= 400) console.error("page:", r.status(), r.url()); });
  page.on("pageerror", (e) => console.error("page:", e.message));
  await page.goto(url);
  await page.getByLabel("Name").fill("admin");
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  return { browser, page };
}
