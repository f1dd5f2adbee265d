// SheetFormatter: a block of rows as deflated XML, <row>…</row> after <row>…</row>. format() is called from several
// threads for different blocks; blocks must be started in the order of their numbers, because each waits in the middle
// for the one before it to give its words their numbers (shared_strings.hpp). A block that failed gives way as well.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "encode/xlsx/block_cutter.hpp"
#include "encode/xlsx/cell_column.hpp"
#include "encode/xlsx/deflate.hpp"
#include "encode/xlsx/notes.hpp"
#include "encode/xlsx/shared_strings.hpp"

namespace canvasback::xlsx {

struct SheetBlock {
  std::int64_t rows = 0;
  std::int64_t shared_cells = 0;     // that name a shared string
  std::uint64_t new_word_bytes = 0;  // what its first uses of a word would have been longer, written in their cells
  DeflatedBlock xml;
  std::vector<BlockNote> notes;
};

class SheetFormatter {
 public:
  // The looks are those of the schema's columns, in order. `strings` must outlive the formatter.
  SheetFormatter(std::vector<ColumnLook> looks, SharedStrings& strings, DeflaterFactory make_deflater);
  ~SheetFormatter();

  Result<SheetBlock> format(const RowBlock& block);

 private:
  struct Scratch;  // what a thread keeps from block to block
  class Turn;

  std::unique_ptr<Scratch> take_scratch();
  void collect_words(const RowBlock& block, Scratch& scratch) const;
  void number_words(Scratch& scratch, SheetBlock& out);
  void write_rows(const RowBlock& block, Scratch& scratch, SheetBlock& out) const;

  const std::vector<ColumnLook> looks_;
  SharedStrings& strings_;
  const DeflaterFactory make_deflater_;
  std::mutex mutex_;
  std::condition_variable turned_;
  std::int64_t turn_ = 0;  // the block that numbers its words next
  std::vector<std::unique_ptr<Scratch>> scratches_;
};

}  // namespace canvasback::xlsx
