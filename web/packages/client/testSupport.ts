/** Test support: a socket without a network, and rows as the server would frame them. */
import { Table, tableToIPC, vectorFromArray } from "apache-arrow";

import { HEADER_BYTES, type ClientMessage } from "./stream/protocol";
import type { Socket } from "./stream/connection";

export class FakeSocket implements Socket {
  binaryType = "blob";
  onopen: (() => void) | null = null;
  onclose: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  readonly sent: ClientMessage[] = [];
  closed = false;

  send(text: string): void {
    this.sent.push(JSON.parse(text) as ClientMessage);
  }

  close(): void {
    this.closed = true;
  }

  tell(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  rows(id: number, from: number, count: number, options: { columns?: string[]; partial?: boolean } = {}): void {
    this.onmessage?.({ data: frame(id, from, count, options) });
  }

  of<K extends "open" | "window" | "cancel" | "close" | "credits">(
    kind: K,
  ): Extract<ClientMessage, Record<K, unknown>>[] {
    return this.sent.filter((message): message is Extract<ClientMessage, Record<K, unknown>> => kind in message);
  }
}

/** A binary frame; the cell of column c in row r is "c:r". */
export function frame(
  id: number,
  from: number,
  count: number,
  { columns = ["a"], partial = false } = {},
): ArrayBuffer {
  const rows = Array.from({ length: count }, (_, i) => from + i);
  const table = new Table(
    Object.fromEntries(columns.map((name) => [name, vectorFromArray(rows.map((row) => `${name}:${row}`))])),
  );
  const ipc = tableToIPC(table, "stream");
  const bytes = new Uint8Array(HEADER_BYTES + ipc.length);
  const header = new DataView(bytes.buffer);
  header.setUint8(0, 1);
  header.setUint8(1, 1);
  header.setUint16(2, partial ? 1 : 0, true);
  header.setUint32(4, id, true);
  header.setBigUint64(8, BigInt(from), true);
  header.setUint32(16, count, true);
  header.setUint32(20, 1500, true);
  bytes.set(ipc, HEADER_BYTES);
  return bytes.buffer;
}

/** Lets everything that waits for nothing but its turn run. */
export const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));
