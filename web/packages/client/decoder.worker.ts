/** Decodes Arrow beside the page's own thread. One message in, one out, by id. */
import { blockToTsv } from "@canvasback/frame/rowBlock";
import { decodeBlock, transferables } from "./decode";
import type { DecodeRequest, DecodeAnswer } from "./decoderMessages";

const scope = self as unknown as {
  onmessage: (event: MessageEvent<DecodeRequest>) => void;
  postMessage: (answer: DecodeAnswer, transfer?: Transferable[]) => void;
};

scope.onmessage = ({ data: { id, frame, skip, from, as, columns } }) => {
  try {
    const block = decodeBlock(new Uint8Array(frame, skip), from);
    if (as === "tsv") scope.postMessage({ id, tsv: blockToTsv(block, columns), rows: block.rows });
    else scope.postMessage({ id, block }, transferables(block));
  } catch (error) {
    scope.postMessage({ id, error: error instanceof Error ? error.message : String(error) });
  }
};
