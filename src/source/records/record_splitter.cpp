#include "source/records/record_splitter.hpp"

#include <algorithm>
#include <cstring>

#include "base/json.hpp"
#include "base/limits.hpp"
#include "base/spares.hpp"
#include "source/records/json_index.hpp"

namespace canvasback {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
// What has to be there to tell an envelope from a record.
constexpr std::size_t kDetectBytes = 64 * limits::kKiB;
// Fewer bytes are gone over one by one.
constexpr std::size_t kIndexedBytesMin = 16 * limits::kKiB;
// Of blocks and of indexes, for all splitters of the process: as many as are under way in one task.
constexpr std::size_t kSparesMax = 10;
// Smaller buffers are made anew, and larger ones, of records of many megabytes, are not kept.
constexpr std::size_t kSpareBytesMin = 128 * limits::kKiB;
constexpr std::size_t kSpareBytesMax = 4 * limits::kMiB;

bool is_worth_keeping(std::size_t bytes) { return bytes >= kSpareBytesMin && bytes <= kSpareBytesMax; }

Spares<std::string>& spare_buffers() {
  static Spares<std::string> spares(kSparesMax);
  return spares;
}

Spares<records::JsonIndex>& spare_indexes() {
  static Spares<records::JsonIndex> spares(kSparesMax);
  return spares;
}

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::size_t skip_space(std::string_view text, std::size_t at) {
  while (at < text.size() && is_space(text[at])) ++at;
  return at;
}

// Where the records begin in {"records": [ …, or npos.
std::size_t envelope_of(std::string_view text) {
  std::size_t at = skip_space(text, 0);
  for (std::string_view part :
       {std::string_view("{"), std::string_view("\"records\""), std::string_view(":"), std::string_view("[")}) {
    at = skip_space(text, at);
    if (!text.substr(at).starts_with(part)) return std::string_view::npos;
    at += part.size();
  }
  return at;
}

// {"records": 5}: an envelope by its only key, without records. Kept as a record it would be one that nobody sent.
bool is_envelope_of_none(std::string_view text) {
  if (text.size() > kDetectBytes || text.find("\"records\"") == std::string_view::npos) return false;
  const auto json = Json::parse(text);
  if (!json || json->as_object().size() != 1) return false;
  const Json* records = json->find("records");
  return records != nullptr && !records->is_array();
}

// Calls visit(i) for each character that is not inside of a JSON string, opening quotes included, until it says false.
// Whether the line ends inside of one.
template <class Visit>
bool outside_strings(std::string_view line, Visit visit) {
  bool in_string = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (in_string) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        in_string = false;
      }
      continue;
    }
    in_string = c == '"';
    if (!visit(i)) return in_string;
  }
  return in_string;
}

// How much deeper it is behind a character.
int depth_step(char c) { return c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0; }

// Whether another record begins behind the first one, which is an object. The line may be the begin of one.
bool has_second_record(std::string_view line) {
  int depth = 0;
  bool found = false;
  outside_strings(line, [&](std::size_t i) {
    const int step = depth_step(line[i]);
    depth += step;
    if (step < 0 && depth == 0) {
      const std::size_t next = skip_space(line, i + 1);
      found = next < line.size() && line[next] == '{';
      return false;
    }
    return depth != 0 || is_space(line[i]);
  });
  return found;
}

// Whether a line holds as many opening as closing brackets.
bool is_balanced(std::string_view line) {
  int depth = 0;
  const bool is_cut = outside_strings(line, [&](std::size_t i) {
    depth += depth_step(line[i]);
    return true;
  });
  return depth == 0 && !is_cut;
}

}  // namespace

RecordSplitter::RecordSplitter(RecordFormat format, std::size_t block_bytes, Take take)
    : format_(format), block_bytes_(block_bytes), take_(std::move(take)), shape_(Shape::Unknown) {}
RecordSplitter::~RecordSplitter() {
  if (!is_worth_keeping(pending_.capacity())) return;
  pending_.clear();
  spare_buffers().give(std::make_unique<std::string>(std::move(pending_)));
}

Status RecordSplitter::add(std::string_view bytes) {
  while (!bytes.empty()) {
    // Never much more than a block is held, however much comes at once.
    const std::size_t piece = std::min(bytes.size(), block_bytes_);
    if (pending_.capacity() < kSpareBytesMin && pending_.size() + piece > kSpareBytesMin) make_room();
    pending_ += bytes.substr(0, piece);
    bytes.remove_prefix(piece);
    if (shape_ == Shape::Unknown) CANVASBACK_TRY(detect(false));
    if (shape_ != Shape::Unknown) CANVASBACK_TRY(cut(false));
  }
  return {};
}

// For a block's worth: in a buffer that was one before, if there is any.
void RecordSplitter::make_room() {
  auto room = spare_buffers().take();
  room->assign(pending_);
  room->reserve(2 * block_bytes_ + kRecordPadding);
  pending_ = std::move(*room);
}

Status RecordSplitter::finish() {
  if (shape_ == Shape::Unknown) CANVASBACK_TRY(detect(true));
  CANVASBACK_TRY(cut(true));
  if (shape_ == Shape::Array && (!ended_ || (in_envelope_ && !envelope_closed_))) {
    return fail(ErrorCode::InvalidData, "The array of records is not closed: the body ends too early.");
  }
  return {};
}

Status RecordSplitter::detect(bool at_end) {
  if (pending_.size() < kByteOrderMark.size() && !at_end) return {};
  if (pending_.starts_with(kByteOrderMark)) drop(kByteOrderMark.size());
  if (format_ == RecordFormat::Ndjson || format_ == RecordFormat::Values) {
    shape_ = format_ == RecordFormat::Ndjson ? Shape::Lines : Shape::Values;
    return {};
  }
  const std::size_t first = skip_space(pending_, 0);
  if (first == pending_.size()) {
    if (at_end) shape_ = Shape::Lines;
    return {};
  }
  if (pending_[first] == '[') {
    shape_ = Shape::Array;
    scanned_ = first + 1;
    return {};
  }
  const std::size_t line_end = pending_.find('\n', first);
  // An envelope shows within its first bytes; only a body that ends or is long enough is judged.
  if (!at_end && pending_.size() < kDetectBytes && line_end == std::string::npos) return {};
  const bool may_be_envelope = format_ == RecordFormat::Json;
  if (const std::size_t begin = envelope_of(pending_); may_be_envelope && begin != std::string_view::npos) {
    shape_ = Shape::Array;
    in_envelope_ = true;
    scanned_ = begin;
    return {};
  }
  const std::string_view line =
      std::string_view(pending_).substr(first, line_end == std::string::npos ? line_end : line_end - first);
  if (may_be_envelope && (is_envelope_of_none(line) || (at_end && is_envelope_of_none(pending_)))) {
    return fail(ErrorCode::InvalidData, "\"records\" holds no array: a body is {\"records\": [...]} or one record.");
  }
  if (format_ == RecordFormat::Json && has_second_record(line)) {
    shape_ = Shape::Values;
    return {};
  }
  shape_ = is_balanced(line) || (line_end == std::string::npos && !at_end) ? Shape::Lines : Shape::Values;
  return {};
}

Status RecordSplitter::cut(bool at_end) { return shape_ == Shape::Lines ? cut_lines(at_end) : scan(at_end); }

Status RecordSplitter::cut_lines(bool at_end) {
  if (skipping_) {
    const std::size_t end = pending_.find('\n');
    if (end == std::string::npos) {
      drop(pending_.size());
      return {};
    }
    drop(end + 1);
    skipping_ = false;
  }
  if (at_end) {
    if (pending_.empty() && too_long_lines_ == 0) return {};
    return emit(pending_.size(), pending_.size());
  }
  if (pending_.size() < block_bytes_) return {};
  const void* found = ::memrchr(pending_.data(), '\n', pending_.size());
  if (found != nullptr) {
    const auto end = static_cast<std::size_t>(static_cast<const char*>(found) - pending_.data()) + 1;
    return emit(end, end);
  }
  if (pending_.size() <= limits::kRecordBytesMax) return {};
  ++too_long_lines_;
  skipping_ = true;
  drop(pending_.size());
  return {};
}

void RecordSplitter::drop(std::size_t bytes) {
  pending_.erase(0, bytes);
  pending_begin_ += bytes;
}

// Gives out pending_[0, end); what is behind keep_from stays.
Status RecordSplitter::emit(std::size_t end, std::size_t keep_from) {
  RecordBlock block;
  std::string rest = pending_.substr(keep_from);
  pending_.resize(end);
  pending_.append(kRecordPadding, ' ');
  const bool lent = is_worth_keeping(pending_.capacity());
  auto whole = std::make_unique<std::string>(std::move(pending_));
  std::shared_ptr<const std::string> buffer;
  if (lent) {
    buffer = spare_buffers().lend(std::move(whole));
  } else {
    buffer = std::move(whole);
  }
  block.bytes = std::string_view(*buffer).substr(0, end);
  block.buffer = std::move(buffer);
  block.lines = shape_ == Shape::Lines;
  block.records = std::exchange(records_, {});
  block.index = std::exchange(index_, nullptr);
  block.index_begin = index_begin_;
  block.too_long_lines = std::exchange(too_long_lines_, 0);
  block.in_array = shape_ == Shape::Array;
  block.begin = std::exchange(pending_begin_, pending_begin_ + keep_from);
  pending_ = std::move(rest);
  return take_(std::move(block));
}

// Goes over whole records by the index of what is there up to the last closing brace, which is many times faster than
// byte by byte. Stops between two records where anything is unusual, or that brace is part of a string: the other scan
// goes on from there, and says what is wrong. True where it found any.
bool RecordSplitter::scan_indexed() {
  const std::size_t begin = scanned_;
  const void* found = ::memrchr(pending_.data() + begin, '}', pending_.size() - begin);
  if (found == nullptr) return false;
  const auto length = static_cast<std::size_t>(static_cast<const char*>(found) - pending_.data()) + 1 - begin;
  const std::size_t size = pending_.size();
  pending_.append(kRecordPadding, ' ');
  const auto index =
      length <= kSpareBytesMax ? spare_indexes().lend(spare_indexes().take()) : std::make_shared<records::JsonIndex>();
  const bool indexed = index->build(std::string_view(pending_).substr(begin, length));
  pending_.resize(size);
  if (!indexed) return false;
  const char* text = pending_.data() + begin;
  const auto places = index->places();
  const std::size_t known = records_.size();
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (text[places[i]] == ',' && shape_ == Shape::Array) {
      if (!any_record_ || after_comma_) break;
      after_comma_ = true;
      scanned_ = begin + places[i] + 1;
      continue;
    }
    if (text[places[i]] != '{' || (shape_ == Shape::Array && any_record_ && !after_comma_)) break;
    const std::size_t first = i;
    std::size_t depth = 0;
    for (; i < places.size(); ++i) {
      const char c = text[places[i]];
      if (c == '{' || c == '[') ++depth;
      if ((c == '}' || c == ']') && --depth == 0) break;
    }
    if (i == places.size()) break;
    records_.push_back({static_cast<std::uint32_t>(begin + places[first]), places[i] - places[first] + 1});
    any_record_ = true;
    after_comma_ = false;
    scanned_ = begin + places[i] + 1;
  }
  if (records_.size() == known) return false;
  // Only one index goes with a block.
  index_ = known == 0 ? index : nullptr;
  index_begin_ = begin;
  return true;
}

// Between records: separators, the end of the array, or the begin of a record.
Status RecordSplitter::scan_outside(std::size_t& at) {
  const char c = pending_[at];
  if (is_space(c)) {
    ++at;
    return {};
  }
  if (ended_) {
    if (in_envelope_ && !envelope_closed_ && c == '}') {
      envelope_closed_ = true;
      ++at;
      return {};
    }
    return fail(ErrorCode::InvalidData, "Something follows the array of records.");
  }
  if (shape_ == Shape::Array) {
    if (c == ']') {
      if (after_comma_) return fail(ErrorCode::InvalidData, "The array of records ends with a comma.");
      ended_ = true;
      ++at;
      return {};
    }
    if (c == ',') {
      if (!any_record_ || after_comma_) return fail(ErrorCode::InvalidData, "A record is missing before a comma.");
      after_comma_ = true;
      ++at;
      return {};
    }
    if (any_record_ && !after_comma_) return fail(ErrorCode::InvalidData, "A comma is missing between two records.");
  }
  after_comma_ = false;
  any_record_ = true;
  record_begin_ = at;
  if (c == '{' || c == '[') {
    depth_ = 1;
  } else {
    in_scalar_ = true;
    in_string_ = c == '"';
  }
  ++at;
  return {};
}

// Inside a record, up to its end or the end of what is there.
void RecordSplitter::scan_inside(std::size_t& at) {
  const char* data = pending_.data();
  const std::size_t size = pending_.size();
  const auto close = [&](std::size_t end) {
    index_.reset();  // it may not know this one
    records_.push_back({static_cast<std::uint32_t>(record_begin_), static_cast<std::uint32_t>(end - record_begin_)});
    depth_ = 0;
    in_scalar_ = false;
  };
  while (at < size) {
    if (in_string_) {
      while (at < size && data[at] != '"' && data[at] != '\\') ++at;
      if (at == size) return;
      if (data[at] == '\\') {
        if (at + 1 >= size) return;  // what it escapes has not come yet
        at += 2;
        continue;
      }
      in_string_ = false;
      ++at;
      if (in_scalar_) return close(at);
      continue;
    }
    const char c = data[at];
    if (in_scalar_) {
      if (c == ',' || c == ']' || c == '}' || is_space(c)) return close(at);
      ++at;
      continue;
    }
    ++at;
    switch (c) {
      case '"': in_string_ = true; break;
      case '{':
      case '[': ++depth_; break;
      case '}':
      case ']':
        if (--depth_ == 0) return close(at);
        break;
      default: break;
    }
  }
}

Status RecordSplitter::scan(bool at_end) {
  // Looked over at once, when there is enough for a block.
  if (!at_end && pending_.size() < block_bytes_) return {};
  std::size_t at = scanned_;
  bool indexed = false;
  while (at < pending_.size()) {
    if (depth_ == 0 && !in_scalar_) {
      if (!indexed && !ended_ && pending_.size() - at >= std::min(kIndexedBytesMin, block_bytes_)) {
        indexed = true;
        scanned_ = at;
        const bool found = scan_indexed();
        at = scanned_;
        // What follows the last whole record is the next block's: begun here, it could not be indexed there.
        if (found && !at_end) {
          CANVASBACK_TRY(emit(at, at));
          scanned_ = 0;
          return {};
        }
        continue;
      }
      CANVASBACK_TRY(scan_outside(at));
    } else {
      const std::size_t before = at;
      scan_inside(at);
      if (at == before && (depth_ > 0 || in_scalar_)) break;  // an escape at the very end
    }
  }
  scanned_ = at;
  const bool inside = depth_ > 0 || in_scalar_;
  if (at_end && inside) {
    if (shape_ == Shape::Array) return fail(ErrorCode::InvalidData, "The body ends within a record.");
    // The reader says what is wrong with it.
    index_.reset();
    records_.push_back(
        {static_cast<std::uint32_t>(record_begin_), static_cast<std::uint32_t>(pending_.size() - record_begin_)});
    depth_ = 0;
    in_scalar_ = in_string_ = false;
    return emit(pending_.size(), pending_.size());
  }
  const std::size_t keep_from = inside ? record_begin_ : scanned_;
  if (pending_.size() - keep_from > limits::kRecordBytesMax) {
    return fail(ErrorCode::PayloadTooLarge, "A record is larger than 16 MiB.");
  }
  if (!at_end && keep_from < block_bytes_) return {};
  if (records_.empty()) {
    if (at_end) return {};
    drop(keep_from);
    scanned_ -= keep_from;
    record_begin_ = 0;
    return {};
  }
  const std::size_t kept_scanned = scanned_ - keep_from;
  CANVASBACK_TRY(emit(keep_from, keep_from));
  scanned_ = kept_scanned;
  record_begin_ = 0;
  return {};
}

}  // namespace canvasback
