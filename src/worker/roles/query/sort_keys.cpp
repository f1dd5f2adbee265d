#include "worker/roles/query/sort_keys.hpp"

#include <arrow/array.h>
#include <arrow/util/decimal.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <mutex>
#include <numeric>
#include <span>

#include "base/limits.hpp"
#include "base/work_pieces.hpp"
#include "storage/parquet/column_scan.hpp"
#include "storage/text_codes.hpp"

namespace canvasback {
namespace {

constexpr std::uint64_t kSign = std::uint64_t{1} << 63;
constexpr TextCodes::Bounds kTexts{1'048'576, 64 * limits::kMiB};  // different ones that a thread keeps
constexpr std::int32_t kDigitsOf64Bits = 18;

std::uint64_t ordered(std::int64_t value) { return static_cast<std::uint64_t>(value) ^ kSign; }
std::uint64_t ordered(std::uint64_t value) { return value; }
std::uint64_t ordered(double value) {
  if (std::isnan(value)) return UINT64_MAX - 1;
  const auto bits = std::bit_cast<std::uint64_t>(value == 0 ? 0.0 : value);
  return (bits & kSign) != 0 ? ~bits : bits | kSign;
}

bool is_text(const arrow::DataType& type) {
  return type.id() == arrow::Type::STRING || type.id() == arrow::Type::LARGE_STRING;
}

bool is_number(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::BOOL:
    case arrow::Type::INT8:
    case arrow::Type::INT16:
    case arrow::Type::INT32:
    case arrow::Type::INT64:
    case arrow::Type::UINT8:
    case arrow::Type::UINT16:
    case arrow::Type::UINT32:
    case arrow::Type::UINT64:
    case arrow::Type::FLOAT:
    case arrow::Type::DOUBLE:
    case arrow::Type::DATE32:
    case arrow::Type::TIMESTAMP: return true;
    case arrow::Type::DECIMAL128: return static_cast<const arrow::DecimalType&>(type).precision() <= kDigitsOf64Bits;
    default: return false;
  }
}

// The order of row i's value, by the array's type. Precondition: is_number() of it.
template <class Work>
void with_order(const arrow::Array& array, Work work) {
  const auto of = [&]<class ArrayType, class Wide>(const ArrayType* typed, Wide) {
    work([typed](std::int64_t i) { return ordered(static_cast<Wide>(typed->Value(i))); });
  };
  switch (array.type_id()) {
    case arrow::Type::BOOL: return of(static_cast<const arrow::BooleanArray*>(&array), std::uint64_t{});
    case arrow::Type::INT8: return of(static_cast<const arrow::Int8Array*>(&array), std::int64_t{});
    case arrow::Type::INT16: return of(static_cast<const arrow::Int16Array*>(&array), std::int64_t{});
    case arrow::Type::INT32: return of(static_cast<const arrow::Int32Array*>(&array), std::int64_t{});
    case arrow::Type::INT64: return of(static_cast<const arrow::Int64Array*>(&array), std::int64_t{});
    case arrow::Type::UINT8: return of(static_cast<const arrow::UInt8Array*>(&array), std::uint64_t{});
    case arrow::Type::UINT16: return of(static_cast<const arrow::UInt16Array*>(&array), std::uint64_t{});
    case arrow::Type::UINT32: return of(static_cast<const arrow::UInt32Array*>(&array), std::uint64_t{});
    case arrow::Type::UINT64: return of(static_cast<const arrow::UInt64Array*>(&array), std::uint64_t{});
    case arrow::Type::FLOAT: return of(static_cast<const arrow::FloatArray*>(&array), double{});
    case arrow::Type::DOUBLE: return of(static_cast<const arrow::DoubleArray*>(&array), double{});
    case arrow::Type::DATE32: return of(static_cast<const arrow::Date32Array*>(&array), std::int64_t{});
    case arrow::Type::TIMESTAMP: return of(static_cast<const arrow::TimestampArray*>(&array), std::int64_t{});
    default: break;
  }
  const auto* decimals = static_cast<const arrow::Decimal128Array*>(&array);
  work([decimals](std::int64_t i) {
    const arrow::Decimal128 value(decimals->GetValue(i));
    return ordered(static_cast<std::int64_t>(value.low_bits()));
  });
}

// The column of the file that a thread is in.
struct OpenColumn {
  const DataFile* file = nullptr;
  std::unique_ptr<ColumnReader> reader;
};

struct RowGroup {
  const DataFile* file = nullptr;
  int number = 0;
  std::int64_t from = 0;   // its first row in the dataset
  std::size_t thread = 0;  // that read it: texts are numbered by each thread
};

// The least and the greatest number of values, and whether there is a NULL among them.
struct Extent {
  std::uint64_t least = UINT64_MAX;
  std::uint64_t greatest = 0;
  bool nulls = false;
  void add(const Extent& other) {
    least = std::min(least, other.least);
    greatest = std::max(greatest, other.greatest);
    nulls = nulls || other.nulls;
  }
};

class KeyReader {
 public:
  KeyReader(const Dataset& dataset, const SortKey& key, int threads, const CancelToken& cancel)
      : dataset_(dataset), key_(key), threads_(static_cast<std::size_t>(std::max(threads, 1))), cancel_(cancel) {
    std::int64_t row = 0;
    for (const DataFile& file : dataset.files) {
      for (std::size_t group = 0; group < file.row_group_rows.size(); ++group) {
        groups_.push_back({&file, static_cast<int>(group), row});
        row += file.row_group_rows[group];
      }
    }
    rows_ = static_cast<std::size_t>(row);
  }

  Result<std::optional<SortKeys>> run() {
    CANVASBACK_ASSIGN(auto first, ColumnReader::open(dataset_.files[0], key_.column));
    text_ = is_text(*first->type());
    if (!text_ && !is_number(*first->type())) return std::optional<SortKeys>();
    keys_.resize(rows_);
    nulls_.resize(rows_);
    for (std::size_t i = 0; i < threads_; ++i) codes_.emplace_back(kTexts);
    readers_.resize(threads_);
    CANVASBACK_TRY(work_pieces(static_cast<int>(threads_), groups_.size(),
                               [this](std::size_t i, std::size_t thread) { return read(groups_[i], thread); }));
    readers_.clear();
    if (overfull_) return std::optional<SortKeys>();
    if (text_) rank_texts();
    // NULL needs a number of its own.
    if (extent_.nulls && extent_.greatest - extent_.least >= UINT64_MAX - 1) return std::optional<SortKeys>();
    SortKeys out;
    out.bits = bits();
    CANVASBACK_TRY(work_pieces(static_cast<int>(threads_), groups_.size(), [this](std::size_t i, std::size_t) {
      settle(i);
      return Status();
    }));
    out.keys = std::move(keys_);
    return std::optional(std::move(out));
  }

 private:
  Status read(RowGroup& group, std::size_t thread) {
    if (overfull_) return {};
    CANVASBACK_TRY(cancel_.check());
    group.thread = thread;
    auto& [open, reader] = readers_[thread];
    if (group.file != open) {
      open = group.file;
      CANVASBACK_ASSIGN(reader, ColumnReader::open(*open, key_.column));
      if (text_ ? !is_text(*reader->type()) : !is_number(*reader->type())) overfull_ = true;
      if (overfull_) return {};
    }
    auto at = static_cast<std::size_t>(group.from);
    return reader->read(group.number, [&](const arrow::Array& array) -> Status {
      if (at + static_cast<std::size_t>(array.length()) > rows_) {
        return fail(ErrorCode::InvalidData, "A file has more rows than its footer says.");
      }
      take(thread, array, at);
      at += static_cast<std::size_t>(array.length());
      return {};
    });
  }

  void take(std::size_t thread, const arrow::Array& array, std::size_t at) {
    const auto keys = std::span(keys_).subspan(at, static_cast<std::size_t>(array.length()));
    Extent extent;
    if (array.null_count() > 0) {
      extent.nulls = true;
      for (std::size_t i = 0; i < keys.size(); ++i) nulls_[at + i] = array.IsNull(static_cast<std::int64_t>(i)) ? 1 : 0;
    }
    if (text_) {
      if (!take_texts(codes_[thread], array, keys)) overfull_ = true;
    } else {
      with_order(array, [&](auto order) {
        for (std::size_t i = 0; i < keys.size(); ++i) keys[i] = order(static_cast<std::int64_t>(i));
      });
    }
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (extent.nulls && nulls_[at + i] != 0) continue;
      extent.least = std::min(extent.least, keys[i]);
      extent.greatest = std::max(extent.greatest, keys[i]);
    }
    std::scoped_lock lock(mutex_);
    extent_.add(extent);
  }

  // Numbers of this thread's own; false where there are too many different texts.
  static bool take_texts(TextCodes& codes, const arrow::Array& array, std::span<std::uint64_t> keys) {
    const bool coded = array.type_id() == arrow::Type::DICTIONARY;
    const auto* dictionary = coded ? &static_cast<const arrow::DictionaryArray&>(array) : nullptr;
    const arrow::Array& texts = coded ? *dictionary->dictionary() : array;
    const auto text = [&](std::int64_t i) {
      return texts.type_id() == arrow::Type::STRING ? static_cast<const arrow::StringArray&>(texts).GetView(i)
                                                    : static_cast<const arrow::LargeStringArray&>(texts).GetView(i);
    };
    std::vector<std::optional<std::uint32_t>> known(coded ? static_cast<std::size_t>(texts.length()) : 0);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const auto row = static_cast<std::int64_t>(i);
      if (array.IsNull(row)) continue;
      std::optional<std::uint32_t> code;
      if (coded) {
        auto& found = known[static_cast<std::size_t>(dictionary->GetValueIndex(row))];
        if (!found) found = codes.code(text(dictionary->GetValueIndex(row)));
        code = found;
      } else {
        code = codes.code(text(row));
      }
      if (!code) return false;
      keys[i] = *code;
    }
    return true;
  }

  // From each thread's own numbers to a text's place among all of them.
  void rank_texts() {
    struct Seen {
      std::string_view text;
      std::size_t thread;
      std::size_t code;
    };
    std::vector<Seen> all;
    for (std::size_t thread = 0; thread < threads_; ++thread) {
      for (std::size_t code = 0; code < codes_[thread].size(); ++code) {
        all.push_back({codes_[thread].text(code), thread, code});
      }
      ranks_.emplace_back(codes_[thread].size());
    }
    std::ranges::sort(all, {}, &Seen::text);
    std::uint64_t rank = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (i > 0 && all[i].text != all[i - 1].text) ++rank;
      ranks_[all[i].thread][all[i].code] = rank;
    }
    extent_.least = all.empty() ? UINT64_MAX : 0;
    extent_.greatest = rank;
  }

  // The greatest of all numbers when they are settled.
  std::uint64_t range() const {
    if (extent_.least > extent_.greatest) return 0;
    return extent_.greatest - extent_.least + (extent_.nulls ? 1 : 0);
  }
  int bits() const { return std::bit_width(range()); }

  void settle(std::size_t i) {
    const std::uint64_t range = this->range();
    const RowGroup& group = groups_[i];
    const auto end = i + 1 < groups_.size() ? static_cast<std::size_t>(groups_[i + 1].from) : rows_;
    for (auto row = static_cast<std::size_t>(group.from); row < end; ++row) {
      if (extent_.nulls && nulls_[row] != 0) {
        keys_[row] = range;
        continue;
      }
      const std::uint64_t key = text_ ? ranks_[group.thread][keys_[row]] : keys_[row];
      keys_[row] = key_.descending ? extent_.greatest - key : key - extent_.least;
    }
  }

  const Dataset& dataset_;
  const SortKey& key_;
  const std::size_t threads_;
  const CancelToken& cancel_;
  std::vector<RowGroup> groups_;
  std::size_t rows_ = 0;
  bool text_ = false;
  std::vector<std::uint64_t> keys_;
  std::vector<std::uint8_t> nulls_;                // not bits: threads write neighbours
  std::vector<TextCodes> codes_;                   // of each thread
  std::vector<std::vector<std::uint64_t>> ranks_;  // of each thread's numbers
  std::vector<OpenColumn> readers_;                // of each thread
  std::atomic<bool> overfull_ = false;
  std::mutex mutex_;
  Extent extent_;
};

}  // namespace

Result<std::optional<SortKeys>> read_sort_keys(const Dataset& dataset, const SortKey& key, int threads,
                                               const CancelToken& cancel) {
  return KeyReader(dataset, key, threads, cancel).run();
}

}  // namespace canvasback
