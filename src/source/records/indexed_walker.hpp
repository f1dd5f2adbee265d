// IndexedWalker: the records of a block into a PlaceBuilder, along the block's JsonIndex: one pass over the text for
// its structure, one over the structure. It knows what is right and nothing of what is wrong: at whatever is not
// plainly a good record it gives up, and the block is read again by the walker that can tell why (json_reader.cpp).
// Internal to source/records.
#pragma once

#include <cstdint>
#include <string>

#include "source/records/json_index.hpp"
#include "source/records/json_reader.hpp"
#include "source/records/place_builder.hpp"

namespace canvasback::records {

class IndexedWalker {
 public:
  // own: where blocks come without an index.
  IndexedWalker(PlaceBuilder& root, JsonIndex& own) : root_(root), own_(own) {}

  // Adds all records of the block, from row `rows` on, which it moves. False: the places are good for nothing any more.
  bool add(const RecordBlock& block, std::int64_t& rows, BlockOutcome& outcome);

 private:
  bool add_lines(std::int64_t& rows);
  bool add_ranges(const RecordBlock& block, std::int64_t& rows);
  // Of the record, object or list that begins at the index's place at_; moves at_ behind it.
  bool members(PlaceBuilder& place, std::int64_t row, std::size_t depth);
  bool value(PlaceBuilder& place, std::int64_t row, std::size_t depth);
  bool string(PlaceBuilder& place, std::int64_t row);
  bool list(PlaceBuilder& place, std::int64_t row, std::size_t depth);
  bool nested_text(std::size_t depth, std::string_view& text);
  bool is_word(std::uint32_t place, std::string_view word) const;
  bool is_space_until(const char* from, std::uint32_t place) const;

  char at(std::size_t offset) const { return data_[at_[offset]]; }

  PlaceBuilder& root_;
  JsonIndex& own_;
  const JsonIndex* index_ = nullptr;  // of the block at hand
  const char* data_ = nullptr;
  const char* end_ = nullptr;
  const std::uint32_t* at_ = nullptr;
  const std::uint32_t* last_ = nullptr;  // behind the last
  std::int64_t stamp_ = 0;               // of the object at hand: each has its own
  std::string unescaped_;
  PlaceBuilder checked_{nullptr};  // what is kept as text is walked into, to be judged as it would be otherwise
  std::int64_t checked_rows_ = 0;
  bool checking_ = false;
};

}  // namespace canvasback::records
