// desk.mjs URL PASSWORD WAV: an agent (ann) and a supervisor (sue) at their pages, in one browser. Each line of the standard input is
// a step, {"do": NAME, ...}; its outcome is one line of JSON. The agent's microphone plays the WAV file; the supervisor's is a tone.
import { createInterface } from "node:readline";
import { enter, launch } from "./browser.mjs";

const [url, password, microphone] = process.argv.slice(2);

// In each page: what comes over its connections can be heard as tones. The microphone's own tone is no noise to be taken away.
function listen() {
  const Native = window.RTCPeerConnection;
  let context;
  const ears = [];
  window.RTCPeerConnection = class extends Native {
    constructor(...a) {
      super(...a);
      this.addEventListener("track", (e) => {
        context ??= new AudioContext();
        const ear = context.createAnalyser();
        ear.fftSize = 8192;
        ear.smoothingTimeConstant = 0;
        context.createMediaStreamSource(new MediaStream([e.track])).connect(ear);
        ears.push({ ear, connection: this });
      });
    }
  };
  // The tones of the last sixth of a second that are heard over a connection that is up.
  window.tones = (list) => {
    const out = new Set();
    for (const { ear, connection } of ears) {
      if (connection.connectionState !== "connected") continue;
      const bins = new Float32Array(ear.frequencyBinCount);
      ear.getFloatFrequencyData(bins);
      const at = (hz) => Math.max(...bins.slice(Math.round((hz * ear.fftSize) / context.sampleRate) - 3, Math.round((hz * ear.fftSize) / context.sampleRate) + 4));
      for (const hz of list) if (at(hz) > -50 && at(hz) > at(hz + 130) + 15) out.add(hz);
    }
    return [...out].sort((a, b) => a - b).join(" ");
  };
  const native = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = () => native({ audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false } });
}

function whistle(hz) {
  navigator.mediaDevices.getUserMedia = async () => {
    const context = new AudioContext();
    const tone = context.createOscillator();
    tone.frequency.value = hz;
    const gain = context.createGain();
    gain.gain.value = 0.15;
    const out = context.createMediaStreamDestination();
    tone.connect(gain).connect(out);
    tone.start();
    return out.stream;
  };
}

const browser = await launch({ microphone, again: true });
const pages = {};
const button = (who, name) => pages[who].getByRole("button", { name, exact: true });
const status = (who, text) => pages[who].getByRole("status").getByText(text);
const patient = { timeout: 30_000 };

const steps = {
  async ready() {
    const page = (pages.ann = await enter(browser, { url: `${url}#/desk`, user: "ann", password, script: listen }));
    await button("ann", "Available").click();
    await page.locator("button[aria-pressed=true]", { hasText: "Available" }).waitFor(patient);
  },
  async ring() {
    await button("ann", "Take the call").waitFor(patient);
    await pages.ann.getByRole("heading", { name: "What was promised" }).waitFor(patient);
    return { title: await pages.ann.getByRole("alert").innerText(), card: await pages.ann.locator(".split").innerText() };
  },
  // take answers and has the caller at once; with keys the agent hears the briefing first and decides by key.
  async take({ keys }) {
    if (keys) {
      await button("ann", "Answer and hear the briefing").click();
      await status("ann", "Briefing").waitFor(patient);
      await pages.ann.waitForFunction(() => document.title && window.tones([]) !== undefined);
      await button("ann", "Take the call").click();
    } else {
      await pages.ann.keyboard.press("Alt+Shift+KeyA");
    }
    await status("ann", "With the caller").waitFor(patient);
  },
  async press({ who, name, then }) {
    await button(who, name).click();
    if (then) await status(who, then).waitFor(patient);
  },
  // hears waits until a page hears these tones and no others, for a third of a second.
  async hears({ who, tones, want }) {
    const page = pages[who];
    let got = "";
    for (let i = 0, held = 0; i < 100 && held < 3; i++) {
      got = await page.evaluate((list) => window.tones(list), tones);
      held = got === want ? held + 1 : 0;
      await page.waitForTimeout(120);
    }
    return { got };
  },
  async supervise() {
    const page = (pages.sue = await enter(browser, { url: `${url}#/live`, user: "sue", password, script: listen }));
    await page.evaluate(whistle, 1150);
    await page.getByRole("button", { name: /^Listen / }).waitFor(patient);
  },
  // listen is one click; it tells how long the page takes from there to the first sound.
  async listen({ tones }) {
    const took = await pages.sue.evaluate(async (list) => {
      const began = performance.now();
      [...document.querySelectorAll("td button")].find((b) => b.getAttribute("aria-label")?.startsWith("Listen "))?.click();
      while (!window.tones(list)) {
        if (performance.now() - began > 30_000) throw new Error("nothing is heard");
        await new Promise((done) => setTimeout(done, 20));
      }
      return performance.now() - began;
    }, tones);
    await status("sue", "You hear the call. Nobody hears you.").waitFor(patient);
    return { took: Math.round(took) };
  },
  async wrapup({ code }) {
    await pages.ann.getByRole("heading", { name: "Wrap-up" }).waitFor(patient);
    const notes = await pages.ann.getByLabel("Notes").inputValue();
    await pages.ann.getByLabel("Code").selectOption(code);
    await button("ann", "Finish").click();
    await pages.ann.locator("button[aria-pressed=true]", { hasText: "Available" }).waitFor(patient);
    return { notes };
  },
  async picture({ who, name }) { await pages[who].screenshot({ path: name, fullPage: true }); },
  async vanish() { await pages.ann.close(); },
};

try {
  for await (const line of createInterface({ input: process.stdin })) {
    const step = JSON.parse(line);
    console.log(JSON.stringify({ done: step.do, ...(await steps[step.do](step)) }));
  }
} catch (e) {
  for (const [who, page] of Object.entries(pages)) if (!page.isClosed()) console.error(`${who}'s page:`, await page.locator("body").innerText());
  throw e;
} finally {
  await browser.close();
}
