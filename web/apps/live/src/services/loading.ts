/**
 * Parts of the app that are loaded when a page first needs them. While the server is away they cannot be had: then
 * what is on the screen stays, and the part is loaded as soon as the server answers again.
 */
import { call } from "@canvasback/client/api/client";

const PAUSE_MS = 1000;

async function serverAnswers(): Promise<void> {
  for (;;) {
    const alive = await call("health", {}).then(
      () => true,
      () => false,
    );
    if (alive) return;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

export function patient<Module>(load: () => Promise<Module>): () => Promise<Module> {
  return async () => {
    try {
      return await load();
    } catch {
      await serverAnswers();
      try {
        return await load();
      } catch {
        // The browser keeps the failure, or the server has another version of the app now. What matters of a page is in
        // its address and in the browser's storage.
        location.reload();
        return new Promise<never>(() => undefined);
      }
    }
  };
}
