#include "source/records/indexed_walker.hpp"

#include <algorithm>
#include <cstring>

#include "base/limits.hpp"
#include "source/records/number_text.hpp"

namespace canvasback::records {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Lines as the other walker counts them: what is behind the last newline is one where there is anything.
std::int64_t count_lines(std::string_view text) {
  std::int64_t count = 0;
  for (const char* at = text.data(); at < text.data() + text.size(); ++count) {
    // Lines are long: a call for each is many times faster than a look at each byte.
    const void* found = std::memchr(at, '\n', static_cast<std::size_t>(text.data() + text.size() - at));
    if (found == nullptr) break;
    at = static_cast<const char*>(found) + 1;
  }
  return text.empty() || text.back() == '\n' ? count : count + 1;
}

}  // namespace

bool IndexedWalker::add(const RecordBlock& block, std::int64_t& rows, BlockOutcome& outcome) {
  if (block.bytes.size() > limits::kRecordBytesMax) return false;
  if (!block.index && !own_.build(block.bytes)) return false;
  index_ = block.index ? block.index.get() : &own_;
  data_ = block.bytes.data() + (block.index ? block.index_begin : 0);
  end_ = block.bytes.data() + block.bytes.size();
  // The splitter's index goes on behind the last whole record.
  const auto places = index_->places();
  at_ = places.data();
  last_ = at_ + (std::ranges::lower_bound(places, static_cast<std::uint32_t>(end_ - data_)) - places.begin());
  const std::int64_t before = rows;
  if (block.lines ? !add_lines(rows) : !add_ranges(block, rows)) return false;
  outcome.seen = rows - before;
  outcome.lines = block.lines ? count_lines(block.bytes) : 0;
  return true;
}

// A record is a line: none goes on over its end, and the next begins behind it.
bool IndexedWalker::add_lines(std::int64_t& rows) {
  const char* behind = nullptr;  // the record before
  while (at_ < last_) {
    const char* begin = data_ + *at_;
    if (behind != nullptr && std::memchr(behind, '\n', static_cast<std::size_t>(begin - behind)) == nullptr) {
      return false;
    }
    if (!members(root_, rows, 1)) return false;
    behind = data_ + at_[-1] + 1;
    if (std::memchr(begin, '\n', static_cast<std::size_t>(behind - begin)) != nullptr) return false;
    ++rows;
  }
  return true;
}

bool IndexedWalker::add_ranges(const RecordBlock& block, std::int64_t& rows) {
  for (const RecordBlock::Range& range : block.records) {
    const char* begin = block.bytes.data() + range.begin;
    // Between records there are only commas: the splitter saw to it.
    while (at_ < last_ && data_ + *at_ < begin) ++at_;
    if (at_ == last_ || data_ + *at_ != begin) return false;
    if (!members(root_, rows, 1) || data_ + at_[-1] + 1 != begin + range.length) return false;
    ++rows;
  }
  return true;
}

bool IndexedWalker::members(PlaceBuilder& place, std::int64_t row, std::size_t depth) {
  if (depth > limits::kRecordDepthMax || last_ - at_ < 2 || at(0) != '{') return false;
  ++at_;
  const std::int64_t stamp = ++stamp_;
  place.restart_members();
  if (at(0) == '}') {
    ++at_;
    return true;
  }
  while (true) {
    // Key, colon, value, and what follows it.
    if (last_ - at_ < 4 || at(0) != '"' || at(1) != ':') return false;
    const char* raw = data_ + *at_ + 1;
    PlaceBuilder* member = place.expected_member(raw, end_);
    if (member == nullptr) {
      const char* close = data_ + at_[1] - 1;
      while (close > raw && is_space(*close)) --close;
      const std::string_view key(raw, static_cast<std::size_t>(close - raw));
      if (key.empty() || *close != '"' || key.find('\\') != std::string_view::npos) return false;
      if (depth == 1 && place.member_count() >= limits::kRecordKeysMax) return false;
      member = &place.member(key);
    }
    if (!member->touch(stamp)) return false;
    at_ += 2;
    if (!value(*member, row, depth) || at_ >= last_) return false;
    const char next = at(0);
    ++at_;
    if (next == '}') return true;
    if (next != ',') return false;
  }
}

bool IndexedWalker::value(PlaceBuilder& place, std::int64_t row, std::size_t depth) {
  switch (at(0)) {
    case '"': return string(place, row);
    case '{': {
      if (checking_ || (!place.objects_are_text() && depth < limits::kStructDepthMax)) {
        place.begin_object(row);
        return members(place, row, depth + 1);
      }
      std::string_view text;
      if (!nested_text(depth, text)) return false;
      place.add_object_text(row, text);
      return true;
    }
    case '[': return list(place, row, depth);
    case 'n':
      if (!is_word(*at_, "null")) return false;
      place.add_null();
      break;
    case 't':
      if (!is_word(*at_, "true")) return false;
      place.add_bool(row, true);
      break;
    case 'f':
      if (!is_word(*at_, "false")) return false;
      place.add_bool(row, false);
      break;
    default: {
      const char* text = data_ + *at_;
      const char* behind = text;
      if (!add_plain_number(place, row, behind)) {
        behind = data_ + at_[1];
        while (behind > text && is_space(behind[-1])) --behind;
        const std::string_view number(text, static_cast<std::size_t>(behind - text));
        if (add_number(place, row, number) != NumberOutcome::Added) return false;
      } else if (!is_space_until(behind, at_[1])) {
        return false;
      }
      break;
    }
  }
  ++at_;
  return true;
}

bool IndexedWalker::string(PlaceBuilder& place, std::int64_t row) {
  if (last_ - at_ < 2) return false;
  const char* begin = data_ + *at_ + 1;
  const char* close = data_ + at_[1] - 1;
  while (close > begin && is_space(*close)) --close;
  if (close < begin || *close != '"') return false;
  const std::string_view text(begin, static_cast<std::size_t>(close - begin));
  if (std::memchr(text.data(), '\\', text.size()) == nullptr) {
    place.add_padded_string(row, text);
  } else {
    if (!index_->unescape(text, unescaped_)) return false;
    place.add_string(row, unescaped_);
  }
  ++at_;
  return true;
}

bool IndexedWalker::list(PlaceBuilder& place, std::int64_t row, std::size_t depth) {
  if (depth > limits::kRecordDepthMax) return false;
  if (!checking_ && (place.lists_are_text() || depth >= limits::kStructDepthMax)) {
    std::string_view text;
    if (!nested_text(depth, text)) return false;
    place.add_list_text(row, text);
    return true;
  }
  place.begin_list(row);
  ++at_;
  if (at_ < last_ && at(0) == ']') {
    ++at_;
    return true;
  }
  PlaceBuilder& items = place.items();
  while (true) {
    if (last_ - at_ < 2 || !value(items, place.next_item(), depth + 1) || at_ >= last_) return false;
    const char next = at(0);
    ++at_;
    if (next == ']') return true;
    if (next != ',') return false;
  }
}

// The text of the list or object at hand. It is good where it would be as columns: a block that is read again, because
// of what other records hold, has the same good records.
bool IndexedWalker::nested_text(std::size_t depth, std::string_view& text) {
  const char* begin = data_ + *at_;
  checking_ = true;
  const bool good = value(checked_, checked_rows_++, depth);
  checking_ = false;
  if (!good) return false;
  text = std::string_view(begin, static_cast<std::size_t>(data_ + at_[-1] + 1 - begin));
  return true;
}

bool IndexedWalker::is_word(std::uint32_t place, std::string_view word) const {
  return std::memcmp(data_ + place, word.data(), word.size()) == 0 &&
         is_space_until(data_ + place + word.size(), at_[1]);
}

bool IndexedWalker::is_space_until(const char* from, std::uint32_t place) const {
  const char* until = data_ + place;
  while (from < until && is_space(*from)) ++from;
  return from == until;
}

}  // namespace canvasback::records
