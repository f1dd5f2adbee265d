/** The worker of decoder.ts. */
import { buffersOf } from "./columns";
import { decodeChunks, decodeFile, planChunks } from "./decode";
import type { Reply, Work } from "./work";

const reply = (message: Reply, transfer: Transferable[] = []): void => {
  (self as unknown as { postMessage(message: Reply, transfer: Transferable[]): void }).postMessage(message, transfer);
};

self.addEventListener("message", ({ data: { id, work } }: MessageEvent<{ id: number; work: Work }>) => {
  try {
    if (work.kind === "plan") return reply({ id, result: planChunks(work.footer, work.wanted) });
    const result =
      work.kind === "file"
        ? decodeFile(work.file, work.wanted)
        : decodeChunks(work.footer, work.wanted, work.buffers);
    reply({ id, result }, buffersOf(result));
  } catch (error) {
    reply({ id, error: error instanceof Error ? error.message : String(error) });
  }
});
