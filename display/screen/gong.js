// @ts-check
/** The gong before a call: two soft tones, never two at once, and a badge when sound is refused. */

const GONG_MS = 2_000;
const TONES = [[659.3, 0], [523.3, 0.45]];

/** @type {AudioContext | null} */
let audio = null;
let rangAt = -GONG_MS;

/**
 * Ask for sound; without a gesture a browser may refuse until somebody touches the screen.
 * @param {(refused: boolean) => void} tell
 */
export async function prepare(tell) {
  audio ??= new AudioContext();
  const state = () => tell(audio?.state !== "running");
  audio.onstatechange = state;
  await Promise.race([audio.resume(), new Promise((done) => setTimeout(done, 500))]);
  state();
}

/** Ring once; a call within the last gong is covered by it. */
export function ring() {
  if (audio?.state !== "running" || performance.now() - rangAt < GONG_MS) return;
  rangAt = performance.now();
  for (const [pitch, wait] of TONES) {
    const tone = audio.createOscillator();
    const loud = audio.createGain();
    const start = audio.currentTime + wait;
    tone.frequency.value = pitch;
    loud.gain.setValueAtTime(0.0001, start);
    loud.gain.exponentialRampToValueAtTime(0.5, start + 0.02);
    loud.gain.exponentialRampToValueAtTime(0.0001, start + 1.15);
    tone.connect(loud).connect(audio.destination);
    tone.start(start);
    tone.stop(start + 1.2);
  }
}
