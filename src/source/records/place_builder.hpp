// PlaceBuilder: collects the values of one place (a key, or the items of a list) as they come, a lane for each kind.
// Lanes (lanes.hpp) are filled up with NULLs lazily, so a record costs what it holds and nothing more. Rows are
// appended in order; finish() gives the arrays. Not thread-safe. Internal to source/records.
#pragma once

#include <arrow/util/decimal.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "source/records/lanes.hpp"
#include "source/records/shredded.hpp"

namespace canvasback::records {

// Transparent look-up: no std::string is made of a key to find it.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

class PlaceBuilder {
 public:
  explicit PlaceBuilder(const TextPlaces* texts);
  // Where Member is complete, below.
  PlaceBuilder(PlaceBuilder&&) noexcept;
  PlaceBuilder& operator=(PlaceBuilder&&) noexcept;
  ~PlaceBuilder();

  bool lists_are_text() const { return texts_ != nullptr && texts_->lists; }
  bool objects_are_text() const { return texts_ != nullptr && texts_->objects; }

  void add_null() { seen_ |= bit(Kind::Null); }
  void add_bool(std::int64_t row, bool value) {
    seen_ |= bit(Kind::Bool);
    bools_.add(row, value);
  }
  void add_int(std::int64_t row, std::int64_t value) {
    const bool wide = value > kExactDoubleInteger || value < -kExactDoubleInteger;
    seen_ |= bit(wide ? Kind::WideInt : Kind::Int);
    ints_.add(row, value);
  }
  void add_big(std::int64_t row, const arrow::Decimal128& value) {
    seen_ |= bit(Kind::BigInt);
    bigs_.add(row, value);
  }
  void add_double(std::int64_t row, double value) {
    seen_ |= bit(Kind::Double);
    doubles_.add(row, value);
  }
  void add_string(std::int64_t row, std::string_view value) {
    seen_ |= bit(Kind::String);
    strings_.add(row, value);
  }
  // As add_string, of a text behind which at least 32 bytes more can be read.
  void add_padded_string(std::int64_t row, std::string_view value) {
    seen_ |= bit(Kind::String);
    strings_.add_padded(row, value);
  }
  void add_date(std::int64_t row, std::int32_t days) {
    seen_ |= bit(Kind::Date);
    dates_.add(row, days);
  }
  void add_timestamp(std::int64_t row, std::int64_t micros) {
    seen_ |= bit(Kind::Timestamp);
    timestamps_.add(row, micros);
  }
  void add_binary(std::int64_t row, std::string_view value) {
    seen_ |= bit(Kind::Binary);
    binaries_.add(row, value);
  }
  void add_list_text(std::int64_t row, std::string_view value) {
    seen_ |= bit(Kind::ListText);
    list_texts_.add(row, value);
  }
  void add_object_text(std::int64_t row, std::string_view value) {
    seen_ |= bit(Kind::ObjectText);
    object_texts_.add(row, value);
  }

  // A list: its items are then added to items(), each at row next_item().
  void begin_list(std::int64_t row);
  PlaceBuilder& items() { return *items_; }
  std::int64_t next_item() { return item_count_++; }

  // An object: its members are then added to member(), at the same row.
  void begin_object(std::int64_t row) {
    seen_ |= bit(Kind::Object);
    objects_.add(row, true);
  }

  struct Member;
  // The member of this key. Keys come in the same order most of the time: the one behind the last is tried first, by
  // the raw text up to its closing quote; `end` bounds what may be read. nullptr: ask by its text.
  PlaceBuilder* expected_member(const char* raw, const char* end);
  PlaceBuilder& member(std::string_view key);
  void restart_members() { expected_ = 0; }
  std::size_t member_count() const { return members_.size(); }

  // Whether this place was given in the record at hand already.
  bool touch(std::int64_t stamp) { return std::exchange(stamp_, stamp) != stamp; }
  std::uint32_t seen() const { return seen_; }

  Shredded finish(std::int64_t rows);

 private:
  const TextPlaces* texts_;
  std::uint32_t seen_ = 0;
  std::int64_t stamp_ = -1;
  ValueLane<std::int64_t> ints_;
  ValueLane<arrow::Decimal128> bigs_;
  ValueLane<double> doubles_;
  FlagLane bools_;
  TextLane strings_;
  ValueLane<std::int32_t> dates_;
  ValueLane<std::int64_t> timestamps_;
  TextLane binaries_;
  TextLane list_texts_;
  TextLane object_texts_;
  FlagLane lists_;
  FlagLane objects_;
  std::vector<std::int32_t> offsets_;
  std::unique_ptr<PlaceBuilder> items_;
  std::int64_t item_count_ = 0;
  std::vector<std::unique_ptr<Member>> members_;
  std::unordered_map<std::string, std::size_t, TextHash, std::equal_to<>> index_;
  std::size_t expected_ = 0;
};

struct PlaceBuilder::Member {
  std::string key;
  bool raw_is_key = false;  // has nothing that JSON would escape
  PlaceBuilder place;
  // The first bytes of `"key"` from behind the opening quote on, and which bits of them count.
  std::uint64_t head[2] = {0, 0};
  std::uint64_t mask[2] = {0, 0};
};

inline PlaceBuilder::PlaceBuilder(const TextPlaces* texts) : texts_(texts) {}
inline PlaceBuilder::PlaceBuilder(PlaceBuilder&&) noexcept = default;
inline PlaceBuilder& PlaceBuilder::operator=(PlaceBuilder&&) noexcept = default;
inline PlaceBuilder::~PlaceBuilder() = default;

inline PlaceBuilder* PlaceBuilder::expected_member(const char* raw, const char* end) {
  if (expected_ >= members_.size()) return nullptr;
  Member& next = *members_[expected_];
  const std::size_t length = next.key.size();
  if (!next.raw_is_key || static_cast<std::size_t>(end - raw) <= length) return nullptr;
  // Sixteen bytes can always be read (kRecordPadding); a longer key is compared as a whole.
  std::uint64_t text[2];
  std::memcpy(text, raw, sizeof text);
  if ((text[0] & next.mask[0]) != next.head[0] || (text[1] & next.mask[1]) != next.head[1]) return nullptr;
  if (length >= sizeof text && (raw[length] != '"' || std::memcmp(raw, next.key.data(), length) != 0)) return nullptr;
  ++expected_;
  return &next.place;
}

}  // namespace canvasback::records
