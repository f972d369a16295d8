// call.mjs URL PASSWORD WAV WANTED SCREENSHOT: a visitor calls from the page, speaks the WAV file, and must see and hear the answer.
// It prints one line of JSON: the captions, the audio's codec and level, and the time from the click to the first audible sound.
import { open } from "./browser.mjs";

const [url, password, microphone, wanted, screenshot] = process.argv.slice(2);
const { browser, page } = await open({ url, password, microphone });
try {
  // The page's own connection is kept where its statistics can be asked for.
  await page.evaluate(() => {
    const Native = window.RTCPeerConnection;
    window.RTCPeerConnection = class extends Native { constructor(...a) { super(...a); window.connection = this; } };
  });
  const clicked = Date.now();
  await page.getByRole("button", { name: "Call us" }).click();
  await page.waitForFunction(async () => {
    if (!window.connection) return false;
    for (const s of (await window.connection.getStats()).values()) if (s.type === "inbound-rtp" && s.totalAudioEnergy > 0.001) return true;
    return false;
  }, null, { timeout: 20_000, polling: 50 });
  const heard = Date.now() - clicked;
  const log = page.getByRole("log", { name: "What is said" });
  await log.getByText(wanted).waitFor({ timeout: 60_000 });
  const audio = await page.evaluate(async () => {
    const out = {};
    const stats = await window.connection.getStats();
    for (const s of stats.values()) {
      if (s.type === "inbound-rtp") Object.assign(out, { packets: s.packetsReceived, lost: s.packetsLost, energy: s.totalAudioEnergy, codec: stats.get(s.codecId).mimeType });
    }
    return out;
  });
  if (screenshot) await page.screenshot({ path: screenshot, fullPage: true });
  const captions = await log.getByRole("listitem").allInnerTexts();
  await page.getByRole("button", { name: "Hang up" }).click();
  await page.getByRole("button", { name: "Call us" }).waitFor();
  console.log(JSON.stringify({ heard, captions, ...audio }));
} finally {
  await browser.close();
}
