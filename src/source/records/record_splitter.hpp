// RecordSplitter: a stream of bytes cut into blocks of whole records (json_reader.hpp). Knows NDJSON, a JSON array of
// records, {"records": […]}, and one JSON value behind the other; for `Json` it looks which of them it is. Finds where
// records end and nothing more: it does not judge them. An array's records are found by the index of a block's worth of
// it, which goes on with the block: its reader needs the same. Memory: one block and one record, and an index for each
// block that is under way.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "source/records/json_reader.hpp"

namespace canvasback {

enum class RecordFormat {
  Json,    // any of the below, or {"records": […]}
  Ndjson,  // a record a line
  File,    // a file that is not ours: as Json, but {"records": […]} is a record like any other
  Values,  // one value behind the other
};

class RecordSplitter {
 public:
  // Takes a block; an error of it ends the splitting.
  using Take = std::function<Status(RecordBlock)>;

  RecordSplitter(RecordFormat format, std::size_t block_bytes, Take take);
  ~RecordSplitter();

  // Errors: those of `take`; InvalidData where the outer structure is broken (what stands between records, or no end);
  // PayloadTooLarge for a record of an array over limits::kRecordBytesMax.
  Status add(std::string_view bytes);
  Status finish();

 private:
  enum class Shape { Unknown, Lines, Array, Values };

  void make_room();
  Status detect(bool at_end);
  Status cut(bool at_end);
  Status cut_lines(bool at_end);
  Status scan(bool at_end);
  bool scan_indexed();
  Status scan_outside(std::size_t& at);
  void scan_inside(std::size_t& at);
  Status emit(std::size_t end, std::size_t keep_from);
  void drop(std::size_t bytes);

  RecordFormat format_;
  std::size_t block_bytes_;
  Take take_;
  Shape shape_;
  bool in_envelope_ = false;
  std::string pending_;                      // not given out yet
  std::vector<RecordBlock::Range> records_;  // Array, Values: found in pending_
  std::size_t scanned_ = 0;                  // of pending_
  std::size_t record_begin_ = 0;             // of the record that is being scanned
  int depth_ = 0;                            // of brackets in it; 0: between records
  bool in_string_ = false;
  bool in_scalar_ = false;  // a record that is no object: the reader says so
  bool after_comma_ = false;
  bool any_record_ = false;
  bool ended_ = false;  // the array is closed
  bool envelope_closed_ = false;
  bool skipping_ = false;  // inside a line that is too long
  std::int64_t too_long_lines_ = 0;
  std::uint64_t pending_begin_ = 0;  // of pending_ in all that was added
  // Of pending_ from index_begin_ on, where it has all that is in records_.
  std::shared_ptr<const records::JsonIndex> index_;
  std::size_t index_begin_ = 0;
};

}  // namespace canvasback
