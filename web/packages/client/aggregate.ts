/** Aggregates as text, exactly as the grid shows values: the answer travels as Arrow. */
import type { RowBlock } from "@canvasback/frame/rowBlock";
import type { AggregateRequest } from "./api/schema";
import { pathOf, send } from "./api/client";
import type { Decoder } from "./decoder";

export async function aggregateBlock(
  dataset: string,
  request: AggregateRequest,
  decoder: Decoder,
  signal: AbortSignal,
): Promise<RowBlock> {
  const response = await send(pathOf("/api/v1/datasets/{name}/aggregate", { name: dataset }), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ ...request, format: "arrow" }),
    signal,
  });
  return decoder.block(await response.arrayBuffer(), 0, request.offset ?? 0);
}
