#include "source/records/record_stamps.hpp"

#include <arrow/builder.h>
#include <arrow/scalar.h>

#include <initializer_list>
#include <random>

namespace canvasback {
namespace {

constexpr char kHex[] = "0123456789abcdef";

void write_hex(char* out, std::uint64_t value, int digits) {
  for (int i = digits - 1; i >= 0; --i) {
    out[i] = kHex[value & 15];
    value >>= 4;
  }
}

Shredded& member_of(Shredded& records, std::string_view name) {
  for (auto& [known, member] : records.members) {
    if (known == name) return member;
  }
  auto& added = records.members.emplace_back(std::string(name), Shredded()).second;
  added.rows = records.rows;
  return added;
}

bool has_value(const Shredded& place, std::int64_t row) {
  for (const auto* lane :
       {&place.ints, &place.bigs, &place.doubles, &place.bools, &place.strings, &place.list_texts, &place.object_texts,
        &place.dates, &place.timestamps, &place.binaries, &place.lists, &place.objects}) {
    if (*lane && (*lane)->IsValid(row)) return true;
  }
  return false;
}

bool is_complete(const Shredded& place) {
  for (const auto* lane : {&place.ints, &place.strings}) {
    if (*lane && (*lane)->null_count() == 0) return true;
  }
  return false;
}

void check(const arrow::Status& status) {
  if (!status.ok()) throw std::bad_alloc();
}

}  // namespace

RecordIds::RecordIds(std::int64_t time_us) {
  std::random_device random;
  const std::uint64_t bits = std::uint64_t{random()} << 32 | random();
  high_ = bits & 0x3FFF;
  low_ = (std::uint64_t{random()} << 32 | random()) & 0x7FFF'FFFF'FFFF;  // half of the range is left to count
  write_hex(text_, static_cast<std::uint64_t>(time_us / 1000) >> 16, 8);
  text_[8] = '-';
  write_hex(text_ + 9, static_cast<std::uint64_t>(time_us / 1000) & 0xFFFF, 4);
  text_[13] = '-';
  write_hex(text_ + 14, 0x7000 | (bits >> 14 & 0xFFF), 4);
  text_[18] = '-';
  write_hex(text_ + 19, 0x8000 | high_, 4);
  text_[23] = '-';
}

std::string_view RecordIds::next() {
  write_hex(text_ + 24, low_++ & 0xFFFF'FFFF'FFFF, 12);
  return {text_, sizeof text_};
}

void RecordStamps::add_to(Shredded& records) {
  const std::int64_t rows = records.rows;
  if (make_ids_) {
    Shredded& id = member_of(records, kIdColumn);
    if (!is_complete(id) && rows > 0) {
      arrow::StringBuilder strings;
      check(strings.Reserve(rows));
      check(strings.ReserveData(rows * 36));
      for (std::int64_t row = 0; row < rows; ++row) {
        if (!has_value(id, row)) {
          strings.UnsafeAppend(ids_.next());
        } else if (id.strings && id.strings->IsValid(row)) {
          check(strings.Append(static_cast<const arrow::StringArray&>(*id.strings).GetView(row)));
        } else {
          check(strings.AppendNull());
        }
      }
      check(strings.Finish(&id.strings));
      id.seen |= bit(Kind::String);
    }
  }
  Shredded& time = member_of(records, kIngestedAtColumn);
  const auto type = arrow::timestamp(arrow::TimeUnit::MICRO);
  auto constant = arrow::MakeArrayFromScalar(arrow::TimestampScalar(time_us_, type), rows);
  check(constant.status());
  time.timestamps = *constant;
  time.seen |= bit(Kind::Timestamp);
}

}  // namespace canvasback
