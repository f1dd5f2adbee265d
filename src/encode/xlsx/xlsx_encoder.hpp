// Encoder of workbooks for Excel (Office Open XML, ECMA-376), streamed from the first byte and formatted in parallel.
//
//   batches ─▶ blocks of rows ─▶ [ words of shared columns ─▶ ids, in row order ─▶ XML ─▶ deflate ] ─▶ ZIP ─▶ sink
//              (rows and bytes          on several threads, each block on one thread from
//               decide, not batches)    start to end, so that its XML never leaves the cache
//
// What makes that possible:
// - Cells carry no reference (the attribute r is optional): a block does not know where in which sheet it will stand.
// - Each block is deflated on its own and ends on a byte: the raw streams behind one another are one ZIP entry, its
//   CRC-32 combined from theirs. Sizes follow in the data descriptor, so nothing is kept back or rewritten.
// - What depends on rows that came before (ids of shared strings) happens between two parallel halves of a block's
//   work, for a few distinct words, in turn. What must be known at the start of a sheet (column widths, formats)
//   comes from the first block; what is known at the end (number of sheets, styles, shared strings, notes) stands in
//   parts behind the sheets, which a ZIP may have in any order.
// So memory is a few blocks per thread and the bounded table of shared strings, whatever the number of rows.
//
// The bytes depend on rows, options and clock alone: not on batches, threads or who was first.
// Limits: limits.hpp. What a cell becomes: cell_column.hpp. Values that Excel cannot hold: notes.hpp.
// A failed or abandoned workbook has no ZIP directory: no program takes it for a complete one.
#pragma once

#include <memory>

#include "encode/encoder.hpp"

namespace canvasback {

// options.compression: fast (default) or best. The sink must outlive the encoder.
// Errors of begin: InvalidData for more columns than a sheet has.
Result<std::unique_ptr<Encoder>> make_xlsx_encoder(ByteSink& sink, const EncodeOptions& options);

}  // namespace canvasback
