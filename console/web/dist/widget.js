// <attendant-call to="support" ticket-url="/my-ticket"></attendant-call>: a button that calls the attendant from a page.
// ticket-url is a page of the site's own that answers {"ticket": "…"}, asked for by POST; without it the visitor must be
// signed in to the console. server is where the attendant is; by default where this script came from.
"use strict";
(() => {
  const home = new URL(document.currentScript.src).origin;
  const words = {
    en: { call: "Call us", calling: "Connecting…", hangup: "Hang up", mute: "Mute", unmute: "Unmute", keys: "Keypad", ended: "The call has ended.", busy: "All lines are busy. Please try again in a moment.", denied: "The microphone cannot be used. Allow it in the browser and try again.", failed: "The call could not be connected.", captions: "What is said", you: "You", us: "Attendant", human: "A colleague" },
    zh: { call: "呼叫客服", calling: "正在接通…", hangup: "挂断", mute: "静音", unmute: "取消静音", keys: "拨号盘", ended: "通话已结束。", busy: "线路繁忙，请稍后再试。", denied: "无法使用麦克风，请在浏览器中允许后重试。", failed: "无法接通。", captions: "通话内容", you: "您", us: "客服", human: "人工客服" },
  };
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`:host{display:block;font:1rem/1.4 system-ui,sans-serif;max-width:24rem;color-scheme:light dark}
[hidden]{display:none!important}
button{font:inherit;padding:.5rem .9rem;border:1px solid #8886;border-radius:.5rem;background:Canvas;color:CanvasText;cursor:pointer}
button:focus-visible{outline:3px solid #3182ce;outline-offset:2px}
.call{background:#276749;color:#fff;border-color:#276749}.end{background:#9b2c2c;color:#fff;border-color:#9b2c2c}
.row{display:flex;gap:.5rem;flex-wrap:wrap;margin:.5rem 0}.pad{display:grid;grid-template-columns:repeat(3,1fr);gap:.35rem;max-width:13rem}
ol{list-style:none;margin:0;padding:0;max-height:16rem;overflow:auto}li{margin:.25rem 0}b{font-weight:600}.partial{opacity:.7;font-style:italic}`);

  const make = (tag, text, name) => {
    const e = document.createElement(tag);
    if (text) e.textContent = text; // what is said is text, never HTML
    if (name) e.className = name;
    return e;
  };

  class AttendantCall extends HTMLElement {
    connectedCallback() {
      if (this.ui) return;
      const lang = (this.getAttribute("lang") || document.documentElement.lang || navigator.language).slice(0, 2);
      this.words = words[lang] || words.en;
      const w = this.words;
      const root = this.attachShadow({ mode: "open" });
      root.adoptedStyleSheets = [sheet];
      const ui = (this.ui = {
        call: make("button", w.call, "call"), state: make("p"), tools: make("div", "", "row"),
        mute: make("button", w.mute), keys: make("button", w.keys), end: make("button", w.hangup, "end"),
        pad: make("div", "", "pad"), said: make("ol"), partial: make("p", "", "partial"), audio: make("audio"),
      });
      ui.state.setAttribute("role", "status");
      ui.said.setAttribute("role", "log");
      ui.said.setAttribute("aria-label", w.captions);
      ui.said.tabIndex = 0;
      ui.mute.setAttribute("aria-pressed", "false");
      ui.keys.setAttribute("aria-expanded", "false");
      ui.audio.autoplay = true;
      for (const key of "123456789*0#") {
        const b = make("button", key);
        b.addEventListener("click", () => this.sender && this.sender.dtmf && this.sender.dtmf.insertDTMF(key, 120, 70));
        ui.pad.append(b);
      }
      ui.tools.append(ui.mute, ui.keys, ui.end);
      root.append(ui.call, ui.state, ui.tools, ui.pad, ui.said, ui.partial, ui.audio);
      ui.call.addEventListener("click", () => this.call());
      ui.end.addEventListener("click", () => this.hangup(w.ended));
      ui.mute.addEventListener("click", () => this.mute());
      ui.keys.addEventListener("click", () => {
        ui.pad.hidden = !ui.pad.hidden;
        ui.keys.setAttribute("aria-expanded", String(!ui.pad.hidden));
      });
      this.show(false);
    }
    disconnectedCallback() { this.hangup(""); }

    show(on) {
      this.ui.call.hidden = on;
      this.ui.tools.hidden = !on;
      this.ui.pad.hidden = true;
      this.ui.keys.setAttribute("aria-expanded", "false");
    }

    async call() {
      const w = this.words, server = this.getAttribute("server") || home;
      this.ui.said.replaceChildren();
      this.ui.state.textContent = w.calling;
      this.show(true);
      try {
        this.microphone = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true } });
      } catch {
        return this.hangup(w.denied);
      }
      try {
        const headers = { "Content-Type": "application/sdp" };
        const from = this.getAttribute("ticket-url");
        if (from) headers.Authorization = "Bearer " + (await (await fetch(from, { method: "POST" })).json()).ticket;
        const pc = (this.pc = new RTCPeerConnection());
        this.sender = pc.addTrack(this.microphone.getAudioTracks()[0], this.microphone);
        pc.ontrack = (e) => { this.ui.audio.srcObject = e.streams[0] || new MediaStream([e.track]); };
        pc.onconnectionstatechange = () => {
          if (pc !== this.pc) return;
          if (pc.connectionState === "connected") { this.ui.state.textContent = ""; this.ui.end.focus(); }
          if (pc.connectionState === "failed") this.restart();
          if (pc.connectionState === "closed") this.hangup(w.ended);
        };
        await pc.setLocalDescription();
        await this.gathered(pc);
        const to = from ? "" : "?to=" + encodeURIComponent(this.getAttribute("to") || "support");
        const answer = await fetch(server + "/api/v1/rtc/call" + to, { method: "POST", headers, body: pc.localDescription.sdp });
        if (!answer.ok) return this.hangup(answer.status === 503 ? w.busy : w.failed);
        this.leg = server + answer.headers.get("Location");
        this.follow();
        await pc.setRemoteDescription({ type: "answer", sdp: await answer.text() });
      } catch {
        this.hangup(w.failed);
      }
    }

    // gathered waits for the candidates, at most a second: relays come later by PATCH.
    gathered(pc) {
      if (pc.iceGatheringState === "complete") return Promise.resolve();
      return new Promise((done) => {
        const late = setTimeout(done, 1000);
        pc.addEventListener("icegatheringstatechange", () => {
          if (pc.iceGatheringState === "complete") { clearTimeout(late); done(); }
        });
      });
    }

    // restart is for a network that has changed: new credentials, the same call.
    async restart() {
      const pc = this.pc;
      try {
        const before = pc.remoteDescription.sdp;
        await pc.setLocalDescription(await pc.createOffer({ iceRestart: true }));
        await this.gathered(pc);
        const lines = pc.localDescription.sdp.split("\r\n");
        const keep = lines.filter((l) => /^(a=ice-ufrag|a=ice-pwd|a=mid|a=candidate|m=audio)/.test(l));
        const r = await fetch(this.leg, { method: "PATCH", headers: { "Content-Type": "application/trickle-ice-sdpfrag" }, body: keep.join("\r\n") + "\r\n" });
        if (!r.ok) throw new Error(String(r.status));
        const ours = await r.text();
        const value = (text, name) => (text.match(new RegExp("a=" + name + ":(.*)")) || [])[1];
        const sdp = before.replace(/a=ice-ufrag:.*/g, "a=ice-ufrag:" + value(ours, "ice-ufrag")).replace(/a=ice-pwd:.*/g, "a=ice-pwd:" + value(ours, "ice-pwd"));
        await pc.setRemoteDescription({ type: "answer", sdp });
      } catch {
        this.hangup(this.words.ended);
      }
    }

    follow() {
      const who = { caller: this.words.you, attendant: this.words.us, human: this.words.human };
      this.captions = new EventSource(this.leg + "/events");
      this.captions.onmessage = (m) => {
        const e = JSON.parse(m.data);
        if (e.kind === "partial") this.ui.partial.textContent = e.text;
        if (e.kind === "ended") { this.leg = null; this.hangup(this.words.ended); }
        if (e.kind !== "final" || !e.text) return;
        this.ui.partial.textContent = "";
        const li = make("li");
        li.append(make("b", (who[e.side] || e.side) + ": "), make("span", e.text));
        this.ui.said.append(li);
        li.scrollIntoView({ block: "nearest" });
      };
    }

    mute() {
      const track = this.microphone && this.microphone.getAudioTracks()[0];
      if (!track) return;
      track.enabled = !track.enabled;
      this.ui.mute.textContent = track.enabled ? this.words.mute : this.words.unmute;
      this.ui.mute.setAttribute("aria-pressed", String(!track.enabled));
    }

    hangup(why) {
      const { pc, leg } = this;
      this.pc = this.leg = this.sender = null;
      if (this.captions) this.captions.close();
      if (pc) pc.close();
      if (leg) fetch(leg, { method: "DELETE", keepalive: true }).catch(() => {}); // it ends by itself without it
      if (this.microphone) this.microphone.getTracks().forEach((t) => t.stop());
      this.microphone = this.captions = null;
      if (!this.ui) return;
      this.ui.partial.textContent = "";
      this.ui.state.textContent = why;
      this.ui.mute.textContent = this.words.mute;
      this.show(false);
    }
  }
  customElements.define("attendant-call", AttendantCall);
})();
