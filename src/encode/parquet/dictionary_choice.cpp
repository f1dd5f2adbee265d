#include "encode/parquet/dictionary_choice.hpp"

#include <arrow/array.h>
#include <arrow/util/bit_util.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <functional>
#include <string_view>

namespace canvasback {
namespace {

constexpr std::int64_t kValuesMin = 1'024;

std::uint64_t mixed(std::uint64_t value) {
  value ^= value >> 32;
  value *= 0x9E3779B97F4A7C15;
  return value ^ value >> 29;
}

// Counts different hashes. Two values of one hash count once: with 64 bits and these numbers of values, none do.
class DistinctHashes {
 public:
  explicit DistinctHashes(std::int64_t values_max)
      : slots_(std::bit_ceil(static_cast<std::size_t>(std::max<std::int64_t>(values_max, 1)) * 2)) {}

  void add(std::uint64_t hash) {
    ++values_;
    if (hash == 0) hash = 1;  // 0 marks a free slot
    std::size_t slot = hash & (slots_.size() - 1);
    while (slots_[slot] != 0 && slots_[slot] != hash) slot = (slot + 1) & (slots_.size() - 1);
    if (slots_[slot] != 0) return;
    slots_[slot] = hash;
    ++distinct_;
  }

  // Whether at most a fifth of `group_rows` values would differ. Were all of n values equally frequent, k of them
  // drawn at random would hold n (1 - e^(-k/n)) different ones: n is found from the sample, and asked for the group.
  bool mostly_repeat(std::int64_t group_rows) const {
    if (values_ < kValuesMin) return true;
    if (distinct_ == values_) return false;
    const auto found = static_cast<double>(distinct_);
    double low = found, high = 1e15;
    for (int step = 0; step < 60; ++step) {
      const double middle = std::sqrt(low * high);
      (expected_distinct(middle, static_cast<double>(values_)) < found ? low : high) = middle;
    }
    const auto group = static_cast<double>(group_rows);
    return expected_distinct(low, group) * 5 <= group;
  }

 private:
  static double expected_distinct(double different, double drawn) {
    return -different * std::expm1(-drawn / different);
  }

  std::vector<std::uint64_t> slots_;
  std::int64_t values_ = 0;
  std::int64_t distinct_ = 0;
};

template <class Array>
void add_texts(const arrow::Array& array, std::int64_t rows, DistinctHashes& hashes) {
  const auto& texts = static_cast<const Array&>(array);
  for (std::int64_t row = 0; row < rows; ++row) {
    if (!texts.IsNull(row)) hashes.add(mixed(std::hash<std::string_view>{}(texts.GetView(row))));
  }
}

void add_fixed(const arrow::Array& array, std::int64_t rows, DistinctHashes& hashes) {
  const auto width = static_cast<std::size_t>(array.type()->byte_width());
  const std::uint8_t* values = array.data()->buffers[1]->data() + static_cast<std::size_t>(array.offset()) * width;
  for (std::int64_t row = 0; row < rows; ++row, values += width) {
    if (array.IsNull(row)) continue;
    std::uint64_t hash = 0;
    for (std::size_t at = 0; at < width; at += sizeof hash) {
      std::uint64_t word = 0;
      std::memcpy(&word, values + at, std::min(sizeof word, width - at));
      hash = mixed(hash + word);
    }
    hashes.add(hash);
  }
}

bool choose(const arrow::Array& array, std::int64_t group_rows) {
  const std::int64_t rows = std::min(array.length(), kDictionarySampleRows);
  DistinctHashes hashes(rows);
  switch (array.type_id()) {
    case arrow::Type::STRING: add_texts<arrow::StringArray>(array, rows, hashes); break;
    case arrow::Type::BINARY: add_texts<arrow::BinaryArray>(array, rows, hashes); break;
    case arrow::Type::LARGE_STRING: add_texts<arrow::LargeStringArray>(array, rows, hashes); break;
    case arrow::Type::LARGE_BINARY: add_texts<arrow::LargeBinaryArray>(array, rows, hashes); break;
    case arrow::Type::STRING_VIEW: add_texts<arrow::StringViewArray>(array, rows, hashes); break;
    case arrow::Type::BINARY_VIEW: add_texts<arrow::BinaryViewArray>(array, rows, hashes); break;
    default:
      if (!arrow::is_fixed_width(array.type_id()) || array.type_id() == arrow::Type::BOOL ||
          array.type_id() == arrow::Type::DICTIONARY || array.data()->buffers.size() < 2 ||
          array.data()->buffers[1] == nullptr) {
        return true;
      }
      add_fixed(array, rows, hashes);
  }
  return hashes.mostly_repeat(group_rows);
}

}  // namespace

std::vector<bool> choose_dictionaries(const arrow::RecordBatch& rows, std::int64_t group_rows) {
  std::vector<bool> chosen;
  for (const auto& column : rows.columns()) chosen.push_back(choose(*column, group_rows));
  return chosen;
}

}  // namespace canvasback
