// PlaceBuilder: collects the values of one place (a key, or the items of a list) as they come, a lane for each kind.
// Lanes are made when first needed and filled up with NULLs lazily, so a record costs what it holds and nothing more.
// Rows are appended in order; finish() gives the arrays. Not thread-safe. Internal to source/records.
#pragma once

#include <arrow/builder.h>

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "source/records/shredded.hpp"

namespace canvasback::records {

// Transparent look-up: no std::string is made of a key to find it.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

template <class ArrowBuilder>
class Lane {
 public:
  template <class... Args>
  ArrowBuilder& at(std::int64_t row, Args&&... args) {
    if (!builder_) builder_ = std::make_unique<ArrowBuilder>(std::forward<Args>(args)...);
    const std::int64_t missing = row - builder_->length();
    if (missing > 0) [[unlikely]]
      check(builder_->AppendNulls(missing));
    return *builder_;
  }
  std::shared_ptr<arrow::Array> finish(std::int64_t rows) {
    if (!builder_) return nullptr;
    if (builder_->length() < rows) check(builder_->AppendNulls(rows - builder_->length()));
    std::shared_ptr<arrow::Array> out;
    check(builder_->Finish(&out));
    builder_.reset();
    return out;
  }
  // Out of memory is the only way these can fail; the task that builds says so.
  static void check(const arrow::Status& status) {
    if (!status.ok()) throw std::bad_alloc();
  }

 private:
  std::unique_ptr<ArrowBuilder> builder_;
};

class PlaceBuilder {
 public:
  explicit PlaceBuilder(const TextPlaces* texts) : texts_(texts) {}

  bool lists_are_text() const { return texts_ != nullptr && texts_->lists; }
  bool objects_are_text() const { return texts_ != nullptr && texts_->objects; }

  void add_null() { seen_ |= bit(Kind::Null); }
  void add_bool(std::int64_t row, bool value) {
    seen_ |= bit(Kind::Bool);
    bools_.check(bools_.at(row).Append(value));
  }
  void add_int(std::int64_t row, std::int64_t value) {
    const bool wide = value > kExactDoubleInteger || value < -kExactDoubleInteger;
    seen_ |= bit(wide ? Kind::WideInt : Kind::Int);
    ints_.check(ints_.at(row).Append(value));
  }
  void add_big(std::int64_t row, const arrow::Decimal128& value) {
    seen_ |= bit(Kind::BigInt);
    bigs_.check(bigs_.at(row, arrow::decimal128(38, 0)).Append(value));
  }
  void add_double(std::int64_t row, double value) {
    seen_ |= bit(Kind::Double);
    doubles_.check(doubles_.at(row).Append(value));
  }
  void add_string(std::int64_t row, std::string_view value) {
    seen_ |= bit(Kind::String);
    strings_.check(strings_.at(row).Append(value.data(), static_cast<std::int32_t>(value.size())));
  }
  void add_date(std::int64_t row, std::int32_t days) {
    seen_ |= bit(Kind::Date);
    dates_.check(dates_.at(row).Append(days));
  }
  void add_timestamp(std::int64_t row, std::int64_t micros) {
    seen_ |= bit(Kind::Timestamp);
    auto& lane = timestamps_.at(row, arrow::timestamp(arrow::TimeUnit::MICRO), arrow::default_memory_pool());
    timestamps_.check(lane.Append(micros));
  }
  void add_binary(std::int64_t row, std::string_view value) {
    seen_ |= bit(Kind::Binary);
    binaries_.check(binaries_.at(row).Append(value));
  }
  void add_list_text(std::int64_t row, std::string_view value) {
    seen_ |= bit(Kind::ListText);
    list_texts_.check(list_texts_.at(row).Append(value));
  }
  void add_object_text(std::int64_t row, std::string_view value) {
    seen_ |= bit(Kind::ObjectText);
    object_texts_.check(object_texts_.at(row).Append(value));
  }

  // A list: its items are then added to items(), each at row next_item().
  void begin_list(std::int64_t row);
  PlaceBuilder& items() { return *items_; }
  std::int64_t next_item() { return item_count_++; }

  // An object: its members are then added to member(), at the same row.
  void begin_object(std::int64_t row) {
    seen_ |= bit(Kind::Object);
    objects_.check(objects_.at(row).Append(true));
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
  Lane<arrow::Int64Builder> ints_;
  Lane<arrow::Decimal128Builder> bigs_;
  Lane<arrow::DoubleBuilder> doubles_;
  Lane<arrow::BooleanBuilder> bools_;
  Lane<arrow::StringBuilder> strings_;
  Lane<arrow::Date32Builder> dates_;
  Lane<arrow::TimestampBuilder> timestamps_;
  Lane<arrow::BinaryBuilder> binaries_;
  Lane<arrow::StringBuilder> list_texts_;
  Lane<arrow::StringBuilder> object_texts_;
  Lane<arrow::BooleanBuilder> lists_;
  Lane<arrow::BooleanBuilder> objects_;
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
};

}  // namespace canvasback::records
