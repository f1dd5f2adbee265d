// Records written as JSON, shredded. One reader parses one block after the other; a block is bytes that hold whole
// records, made by RecordSplitter (record_splitter.hpp). Each record is walked once, along the index of its block
// (indexed_walker.hpp) or, where anything is unusual, by the on-demand parser, every value of it is looked at, and goes
// straight to the lane of its kind.
//
// What makes a record bad: malformed JSON or UTF-8, no object, a key given twice, a lone surrogate, a number that is
// not finite as a double, nesting beyond limits::kRecordDepthMax; and what a schema says. The others of its block are
// not harmed.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "source/records/record_stamps.hpp"
#include "source/records/schema_check.hpp"
#include "source/records/shredded.hpp"

namespace canvasback {

namespace records {
class JsonIndex;
}

struct RecordError {
  std::int64_t record = 0;  // counted from 0, in the input
  std::int64_t line = 0;    // counted from 1; 0: the input has no lines
  std::string field = {};
  std::string message;
  std::string rule = {};  // of the schema, that it breaks; empty: it is no record at all
};

inline constexpr std::string_view kValueKey = "json";

// Bytes with whole records. The buffer goes on for kRecordPadding readable bytes behind `bytes`.
inline constexpr std::size_t kRecordPadding = 64;

struct RecordBlock {
  std::shared_ptr<const std::string> buffer;
  std::string_view bytes;  // in buffer
  bool lines = true;       // a record each; else `records` says where they are
  struct Range {
    std::uint32_t begin, length;
  };
  std::vector<Range> records;
  // Of bytes.substr(index_begin), where the splitter made it to find all of these records; else the reader makes one.
  std::shared_ptr<const records::JsonIndex> index;
  std::size_t index_begin = 0;
  std::int64_t too_long_lines = 0;  // left out before the block: each counts as a bad record and a line
  std::uint64_t begin = 0;          // of `bytes` in what was split
  bool in_array = false;            // the records are the items of an array
};

// What became of one block.
struct BlockOutcome {
  std::int64_t lines = 0;
  std::int64_t seen = 0;  // records, bad ones too
  std::int64_t error_count = 0;
  std::vector<RecordError> errors;    // relative to the block; at most limits::kRecordErrorsMax,
  std::vector<std::string> rejected;  // unless the text of bad records is kept: then one beside each
};

struct ReadRecords {
  Shredded records;  // the good ones of all blocks, in order
  std::vector<BlockOutcome> blocks;
};

class JsonRecordReader {
 public:
  // schema: what records must be beside well-formed; nullptr: nothing.
  JsonRecordReader(RecordStamps stamps, bool keep_rejected, std::shared_ptr<const SchemaCheck> schema = nullptr);
  // Of files that are not ours: nothing is added to their records, and an item of an array or a line that is no object
  // is a record whose only key is kValueKey.
  static JsonRecordReader of_files();
  ~JsonRecordReader();
  JsonRecordReader(JsonRecordReader&&) noexcept;

  // The blocks' good records; what is wrong with the others.
  ReadRecords read(std::span<const RecordBlock> blocks, const TextPlaces& texts);

 private:
  struct Impl;
  explicit JsonRecordReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace canvasback
