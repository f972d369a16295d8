// A line to a call: what an agent and a supervisor talk and hear through. The offer goes in by POST, the answer comes back (WHIP, RFC 9725).

export class NoMicrophone extends Error {}

/** hereMicrophone asks for the microphone, with the browser's echo cancellation. */
async function hereMicrophone(): Promise<MediaStreamTrack> {
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true } });
    return stream.getAudioTracks()[0]!;
  } catch {
    throw new NoMicrophone();
  }
}

/** patience is how long candidates are waited for: those of our own network come at once, relays by PATCH. */
const patience = 300;

export class Line {
  private readonly pc = new RTCPeerConnection();
  private readonly audio = new Audio();
  private readonly transceiver = this.pc.addTransceiver("audio", { direction: "sendrecv" });
  private microphone?: MediaStreamTrack;
  private leg = "";
  private over = false;

  /** onEnd is called once, when the line is gone without having been hung up here. */
  constructor(private readonly onEnd: () => void) {
    this.audio.autoplay = true;
    this.pc.ontrack = (e) => { this.audio.srcObject = new MediaStream([e.track]); };
    this.pc.onconnectionstatechange = () => {
      if (this.pc.connectionState === "disconnected" || this.pc.connectionState === "failed") void this.restart();
      if (this.pc.connectionState === "closed") this.ended();
    };
  }

  /** connect offers the line at a path of the API. Until speak is called nothing is sent: the microphone is not even asked for. */
  async connect(path: string): Promise<void> {
    await this.pc.setLocalDescription();
    await this.gathered();
    const answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/sdp" }, body: this.pc.localDescription!.sdp });
    if (!answer.ok) {
      this.close();
      const problem = (await answer.json().catch(() => ({}))) as { detail?: string };
      throw new Error(problem.detail ?? answer.statusText);
    }
    this.leg = answer.headers.get("Location") ?? "";
    const sdp = await answer.text();
    if (this.over) return void this.leave();
    await this.pc.setRemoteDescription({ type: "answer", sdp });
    const transport = this.transceiver.sender.transport;
    transport?.addEventListener("statechange", () => { if (transport.state === "closed") this.ended(); });
  }

  /** up waits until the line is connected, or gone. */
  up(): Promise<void> {
    const settled = () => ["connected", "failed", "closed"].includes(this.pc.connectionState);
    if (settled()) return Promise.resolve();
    return new Promise((done) => this.pc.addEventListener("connectionstatechange", () => { if (settled()) done(); }));
  }

  /** speak opens the microphone. */
  async speak(): Promise<void> {
    if (this.microphone) return;
    this.microphone = await hereMicrophone();
    if (this.over) return this.microphone.stop();
    await this.transceiver.sender.replaceTrack(this.microphone);
  }

  /** silence closes the microphone. */
  async silence(): Promise<void> {
    this.microphone?.stop();
    this.microphone = undefined;
    if (!this.over) await this.transceiver.sender.replaceTrack(null);
  }

  mute(on: boolean) { if (this.microphone) this.microphone.enabled = !on; }

  press(key: string) { this.transceiver.sender.dtmf?.insertDTMF(key, 120, 70); }

  /** hangup says goodbye, so that the line does not count as broken. */
  async hangup(): Promise<void> {
    const was = this.over;
    this.over = true;
    this.microphone?.stop();
    if (!was) await this.leave();
    this.close();
  }

  private async leave() {
    if (this.leg) await fetch(this.leg, { method: "DELETE", keepalive: true }).catch(() => undefined); // it ends by itself without it
  }

  private close() {
    this.over = true;
    this.microphone?.stop();
    this.audio.srcObject = null;
    this.pc.close();
  }

  private ended() {
    if (this.over) return;
    this.close();
    this.onEnd();
  }

  private gathered(): Promise<void> {
    if (this.pc.iceGatheringState === "complete") return Promise.resolve();
    return new Promise((done) => {
      const late = setTimeout(done, patience);
      this.pc.addEventListener("icegatheringstatechange", () => {
        if (this.pc.iceGatheringState === "complete") { clearTimeout(late); done(); }
      });
    });
  }

  /** restart is for a network that has changed: new credentials, the same line. RFC 9725 section 4.3. */
  private async restart() {
    try {
      const before = this.pc.remoteDescription!.sdp;
      await this.pc.setLocalDescription(await this.pc.createOffer({ iceRestart: true }));
      await this.gathered();
      const lines = this.pc.localDescription!.sdp.split("\r\n").filter((l) => /^(a=ice-ufrag|a=ice-pwd|a=mid|a=candidate|m=audio)/.test(l));
      const r = await fetch(this.leg, { method: "PATCH", headers: { "Content-Type": "application/trickle-ice-sdpfrag" }, body: lines.join("\r\n") + "\r\n" });
      if (!r.ok) throw new Error(String(r.status));
      const ours = await r.text();
      const value = (name: string) => ours.match(new RegExp(`a=${name}:(.*)`))?.[1]?.trim() ?? "";
      const sdp = before.replace(/a=ice-ufrag:.*/g, `a=ice-ufrag:${value("ice-ufrag")}`).replace(/a=ice-pwd:.*/g, `a=ice-pwd:${value("ice-pwd")}`);
      await this.pc.setRemoteDescription({ type: "answer", sdp });
    } catch {
      if (this.pc.connectionState === "failed" || this.pc.connectionState === "closed") this.ended(); // else the old way may come back
    }
  }
}
