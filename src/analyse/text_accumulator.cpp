// Accumulator of texts and bytes. A dictionary column is seen once for each entry of each dictionary, with its count.
#include <arrow/util/bit_run_reader.h>

#include <algorithm>
#include <bit>
#include <unordered_map>

#include "analyse/accumulators.hpp"
#include "analyse/distinct_counter.hpp"
#include "analyse/position_sample.hpp"
#include "analyse/shares.hpp"
#include "analyse/text_pattern.hpp"
#include "base/text.hpp"

namespace canvasback::analyse {
namespace {

constexpr std::size_t kSampledBytesMax = 128;  // of each sampled text; its hash stands for the rest
constexpr std::size_t kShownBytesMax = 4096;
constexpr std::size_t kPatternsShown = 5;

// A text, or the beginning of one. Ordered by hash: what is counted needs equal ones side by side, no more.
struct SampledText {
  std::uint64_t hash = 0;
  std::string text;

  bool operator==(const SampledText& other) const { return hash == other.hash; }
  bool operator<(const SampledText& other) const { return hash < other.hash; }
};

// The first eight bytes as a number that orders as the bytes do.
std::uint64_t prefix_of(std::string_view text) {
  std::uint64_t word = 0;
  if (text.size() >= 8) {
    word = load64(text.data());
  } else {
    for (std::size_t i = 0; i < text.size(); ++i) {
      word |= static_cast<std::uint64_t>(static_cast<unsigned char>(text[i])) << (8 * i);
    }
  }
  return __builtin_bswap64(word);
}

class TextAccumulator final : public Accumulator {
 public:
  TextAccumulator(bool binary, ColumnInfo info, Depth depth)
      : binary_(binary), info_(std::move(info)), depth_(depth), sample_(info_.expected_values) {}

  void add(std::uint32_t run, const arrow::Array& array) override {
    if (run != run_) {
      run_ = run;
      position_ = 0;
    }
    rows_ += array.length();
    nulls_ += array.null_count();
    switch (array.type_id()) {
      case arrow::Type::DICTIONARY: add_dictionary(static_cast<const arrow::DictionaryArray&>(array)); break;
      case arrow::Type::STRING:
      case arrow::Type::BINARY: add_values(static_cast<const arrow::BinaryArray&>(array)); break;
      case arrow::Type::LARGE_STRING:
      case arrow::Type::LARGE_BINARY: add_values(static_cast<const arrow::LargeBinaryArray&>(array)); break;
      case arrow::Type::STRING_VIEW:
      case arrow::Type::BINARY_VIEW: add_values(static_cast<const arrow::BinaryViewArray&>(array)); break;
      default: add_values(static_cast<const arrow::FixedSizeBinaryArray&>(array)); break;
    }
  }

  void merge(Accumulator& given) override {
    auto& other = static_cast<TextAccumulator&>(given);
    rows_ += other.rows_;
    nulls_ += other.nulls_;
    if (other.any_) {
      widen(other.min_);
      widen(other.max_);
      length_min_ = std::min(length_min_, other.length_min_);
      length_max_ = std::max(length_max_, other.length_max_);
    }
    length_sum_ += other.length_sum_;
    empty_ += other.empty_;
    distinct_.merge(other.distinct_);
    sample_.merge(std::move(other.sample_));
  }

  ColumnProfile finish() override {
    ColumnProfile out;
    out.name = info_.name;
    out.type = info_.type;
    out.kind = binary_ ? ColumnKind::Binary : ColumnKind::Text;
    out.rows = rows_;
    out.nulls = nulls_;
    if (any_) {
      out.min = shown(min_);
      out.max = shown(max_);
    }
    if (depth_ == Depth::Full) describe(out);
    return out;
  }

 private:
  Json shown(std::string_view text) const {
    if (binary_) return Json(shortened(base64_encode(text), kShownBytesMax));
    return Json(shortened(text, kShownBytesMax));
  }

  void widen(std::string_view text) {
    const std::uint64_t prefix = prefix_of(text);
    if (!any_) {
      any_ = true;
      min_ = max_ = text;
      min_prefix_ = max_prefix_ = prefix;
      return;
    }
    if (prefix <= min_prefix_ && text < min_) {
      min_ = text;
      min_prefix_ = prefix;
    }
    if (prefix >= max_prefix_ && text > max_) {
      max_ = text;
      max_prefix_ = prefix;
    }
  }

  void add_value(std::string_view text, std::int64_t count) {
    widen(text);
    if (depth_ == Depth::Summary) return;
    const std::uint64_t hash = hash_value(text);
    distinct_.add(text, hash, count);
    const auto length = static_cast<std::int64_t>(binary_ ? text.size() : count_characters(text));
    length_min_ = std::min(length_min_, length);
    length_max_ = std::max(length_max_, length);
    length_sum_ += length * count;
    empty_ += text.empty() ? count : 0;
  }

  static SampledText sampled(std::string_view text) {
    return {hash_value(text), std::string(text.substr(0, kSampledBytesMax))};
  }

  template <class Array>
  void add_values(const Array& array) {
    if (array.null_count() == 0) {
      for (std::int64_t i = 0; i < array.length(); ++i) add_value(array.GetView(i), 1);
      if (depth_ == Depth::Full) {
        sample_.add(run_, position_, static_cast<std::size_t>(array.length()),
                    [&](std::size_t i) { return sampled(array.GetView(static_cast<std::int64_t>(i))); });
      }
      position_ += static_cast<std::uint64_t>(array.length());
      return;
    }
    rows_with_value_.clear();
    for (std::int64_t i = 0; i < array.length(); ++i) {
      if (array.IsNull(i)) continue;
      rows_with_value_.push_back(static_cast<std::int32_t>(i));
      add_value(array.GetView(i), 1);
    }
    add_sample([&](std::size_t i) { return sampled(array.GetView(rows_with_value_[i])); });
  }

  void add_dictionary(const arrow::DictionaryArray& array) {
    switch (array.dictionary()->type_id()) {
      case arrow::Type::STRING:
      case arrow::Type::BINARY: add_codes(array, static_cast<const arrow::BinaryArray&>(*array.dictionary())); break;
      case arrow::Type::LARGE_STRING:
      case arrow::Type::LARGE_BINARY:
        add_codes(array, static_cast<const arrow::LargeBinaryArray&>(*array.dictionary()));
        break;
      default: add_codes(array, static_cast<const arrow::FixedSizeBinaryArray&>(*array.dictionary())); break;
    }
  }

  template <class Array>
  void add_codes(const arrow::DictionaryArray& array, const Array& values) {
    load_codes(array);
    counts_.assign(static_cast<std::size_t>(values.length()), 0);
    for (std::int32_t code : rows_with_value_) ++counts_[static_cast<std::size_t>(code)];
    for (std::size_t code = 0; code < counts_.size(); ++code) {
      if (counts_[code] != 0) add_value(values.GetView(static_cast<std::int64_t>(code)), counts_[code]);
    }
    add_sample([&](std::size_t i) { return sampled(values.GetView(rows_with_value_[i])); });
  }

  // The codes of the values that are not null.
  void load_codes(const arrow::DictionaryArray& array) {
    rows_with_value_.resize(static_cast<std::size_t>(array.length()));
    std::int32_t* out = rows_with_value_.data();
    if (array.indices()->type_id() == arrow::Type::INT32) {
      const auto& data = *array.indices()->data();
      const auto* codes = data.GetValues<std::int32_t>(1);
      if (array.null_count() == 0) {
        std::copy_n(codes, array.length(), out);
        return;
      }
      arrow::internal::VisitSetBitRunsVoid(
          data.buffers[0], data.offset, data.length,
          [&](std::int64_t start, std::int64_t length) { out = std::copy_n(codes + start, length, out); });
    } else {
      for (std::int64_t i = 0; i < array.length(); ++i) {
        if (!array.IsNull(i)) *out++ = static_cast<std::int32_t>(array.GetValueIndex(i));
      }
    }
    rows_with_value_.resize(static_cast<std::size_t>(out - rows_with_value_.data()));
  }

  template <class ValueAt>
  void add_sample(ValueAt value) {
    if (depth_ == Depth::Full) sample_.add(run_, position_, rows_with_value_.size(), value);
    position_ += rows_with_value_.size();
  }

  void describe(ColumnProfile& out) {
    if (!any_) {
      out.distinct = 0;
      return;
    }
    std::vector<Weighted<SampledText>> values;
    if (distinct_.exact()) {
      distinct_.table().for_each([&](const auto& entry) {
        values.push_back({{entry.hash, entry.value}, entry.count});
      });
    } else {
      for (SampledText& text : sample_.take()) values.push_back({std::move(text), 1});
    }
    const bool exact = distinct_.exact() || sample_.complete();
    out.sample_error = exact ? 0 : sample_error(values.size());
    const std::int64_t total = join_equal(values);
    describe_distinct(out, exact ? static_cast<double>(values.size()) : distinct_.count(), exact);
    describe_frequencies(out, values, total, exact, [&](const SampledText& value) { return shown(value.text); });
    TextFacts facts;
    facts.length_min = length_min_;
    facts.length_max = length_max_;
    facts.length_mean = static_cast<double>(length_sum_) / static_cast<double>(rows_ - nulls_);
    facts.empty = empty_;
    if (!binary_) describe_looks(facts, values, total);
    out.text = std::move(facts);
  }

  // Sorts the values and leaves one of each; gives the sum of their counts.
  static std::int64_t join_equal(std::vector<Weighted<SampledText>>& values) {
    std::ranges::sort(values, [](const auto& left, const auto& right) { return left.value < right.value; });
    std::int64_t total = 0;
    std::size_t last = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      total += values[i].count;
      if (i == 0) continue;
      if (values[i].value == values[last].value) {
        values[last].count += values[i].count;
      } else if (++last != i) {
        values[last] = std::move(values[i]);
      }
    }
    values.resize(std::min(values.size(), last + 1));
    return total;
  }

  using Counts = std::unordered_map<std::string, std::int64_t>;

  static std::vector<Pattern> most_frequent(const Counts& counts, std::int64_t total, std::size_t shown) {
    std::vector<Pattern> out;
    for (const auto& [text, count] : counts) {
      out.push_back({text, static_cast<double>(count) / static_cast<double>(total)});
    }
    shown = std::min(shown, out.size());
    std::partial_sort(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(shown), out.end(),
                      [](const Pattern& left, const Pattern& right) {
                        return left.share != right.share ? left.share > right.share : left.text < right.text;
                      });
    out.resize(shown);
    return out;
  }

  static void describe_looks(TextFacts& facts, const std::vector<Weighted<SampledText>>& values, std::int64_t total) {
    Counts patterns;
    Counts formats;
    std::int64_t padded = 0;
    for (const auto& [value, count] : values) {
      const std::string_view text = value.text;
      patterns[pattern_of(text)] += count;
      formats[std::string(format_of_text(text))] += count;
      if (!text.empty() && (text.front() == ' ' || (text.back() == ' ' && text.size() < kSampledBytesMax)))
        padded += count;
    }
    facts.padded_share = static_cast<double>(padded) / static_cast<double>(total);
    facts.patterns = most_frequent(patterns, total, kPatternsShown);
    facts.formats = most_frequent(formats, total, formats.size());
  }

  bool binary_;
  ColumnInfo info_;
  Depth depth_;
  std::uint32_t run_ = UINT32_MAX;
  std::uint64_t position_ = 0;  // of the next non-null value in the run
  std::int64_t rows_ = 0;
  std::int64_t nulls_ = 0;
  bool any_ = false;
  std::string min_;
  std::string max_;
  std::uint64_t min_prefix_ = 0;
  std::uint64_t max_prefix_ = 0;
  std::int64_t length_min_ = INT64_MAX;
  std::int64_t length_max_ = 0;
  std::int64_t length_sum_ = 0;
  std::int64_t empty_ = 0;
  DistinctCounter<std::string, std::string_view> distinct_;
  PositionSample<SampledText> sample_;
  std::vector<std::int64_t> counts_;           // of each dictionary entry in one array
  std::vector<std::int32_t> rows_with_value_;  // rows, or dictionary codes, that are not null
};

}  // namespace

std::unique_ptr<Accumulator> make_text_accumulator(const arrow::DataType& type, ColumnInfo info, Depth depth) {
  const arrow::DataType* inner = &type;
  if (type.id() == arrow::Type::DICTIONARY) inner = static_cast<const arrow::DictionaryType&>(type).value_type().get();
  switch (inner->id()) {
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::STRING_VIEW: return std::make_unique<TextAccumulator>(false, std::move(info), depth);
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::BINARY_VIEW:
    case arrow::Type::FIXED_SIZE_BINARY: return std::make_unique<TextAccumulator>(true, std::move(info), depth);
    default: return nullptr;
  }
}

}  // namespace canvasback::analyse
