/** The client of a Canvasback server: usable without the app, in a page or (with InlineDecoder) in a program. */
export { call, pathOf, queryOf, send } from "./api/client";
export { ApiError, IncompleteError, OfflineError, isAbort } from "./api/error";
export type * from "./api/schema";
export { ArrowStream } from "./arrowStream";
export * from "./canvasback";
export { type Decoder, InlineDecoder, WorkerDecoder } from "./decoder";
export { type Cell, type RowBlock, cellOf } from "@canvasback/frame/rowBlock";
export { type ConnectionStatus, type Socket, StreamConnection } from "./stream/connection";
export type { SortKey, ViewColumn, ViewSpec, ViewState, WindowRequest } from "./stream/protocol";
export { View } from "./stream/view";
export { ViewFrame } from "./viewFrame";
