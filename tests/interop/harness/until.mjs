// Waiting for a condition, with a deadline: no test here sleeps for a time that somebody guessed.

const DEADLINE_MS = 10_000;
const LOOK_MS = 5;

/** Resolves with the first truthy answer of `look`; fails with `what` and the last state after the deadline. */
export async function until(what, look, state = () => undefined) {
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}: ${String(JSON.stringify(state())).slice(-1000)}`);
    await new Promise((resolve) => { setTimeout(resolve, LOOK_MS); });
  }
}
