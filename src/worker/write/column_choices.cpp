#include "worker/write/column_choices.hpp"

#include <arrow/array.h>
#include <arrow/table.h>
#include <arrow/util/compression.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string_view>

#include "base/limits.hpp"

namespace canvasback {
namespace {

constexpr std::int64_t kSampleValues = 2048;
constexpr std::size_t kSampleBytes = 16 * limits::kKiB;

class Chooser {
 public:
  Chooser() {
    auto codec = arrow::util::Codec::Create(arrow::Compression::LZ4);
    if (codec.ok()) codec_ = std::move(*codec);
  }

  void add(const std::string& path, const arrow::Array& array) {
    switch (array.type_id()) {
      case arrow::Type::STRING: return add_leaf<arrow::BinaryArray>(path, array, text_sample(array));
      case arrow::Type::INT64: return add_leaf<arrow::Int64Array>(path, array, number_sample(array));
      case arrow::Type::TIMESTAMP: return add_leaf<arrow::TimestampArray>(path, array, number_sample(array));
      case arrow::Type::DOUBLE: return add_compression(path, number_sample(array));
      case arrow::Type::LIST: return add(path + ".list.element", *static_cast<const arrow::ListArray&>(array).values());
      case arrow::Type::STRUCT: {
        const auto& object = static_cast<const arrow::StructArray&>(array);
        for (int i = 0; i < object.num_fields(); ++i) {
          add(path + "." + object.struct_type()->field(i)->name(), *object.field(i));
        }
        return;
      }
      default: return;
    }
  }

  ColumnChoices finish() { return std::move(choices_); }

 private:
  template <class Array>
  void add_leaf(const std::string& path, const arrow::Array& array, const std::string& sample) {
    if (repeats<Array>(array)) {
      choices_.dictionary.push_back(path);
      choices_.uncompressed.push_back(path);  // indexes of a dictionary are packed already
    } else {
      add_compression(path, sample);
    }
  }

  // Whether the first values repeat so often that a dictionary makes the column smaller at little cost.
  template <class Array>
  static bool repeats(const arrow::Array& array) {
    constexpr std::size_t kDifferentMax = 128;
    const auto& values = static_cast<const Array&>(array);
    std::set<decltype(values.GetView(0))> seen;
    for (std::int64_t row = 0; row < std::min(kSampleValues, values.length()) && seen.size() <= kDifferentMax; ++row) {
      if (values.IsValid(row)) seen.insert(values.GetView(row));
    }
    return seen.size() <= kDifferentMax;
  }

  // The first values as a page has them.
  static std::string text_sample(const arrow::Array& array) {
    const auto& texts = static_cast<const arrow::BinaryArray&>(array);
    std::string out;
    for (std::int64_t row = 0; row < texts.length() && out.size() < kSampleBytes; ++row) {
      if (texts.IsNull(row)) continue;
      const std::string_view text = texts.GetView(row);
      const auto size = static_cast<std::uint32_t>(text.size());
      out.append(reinterpret_cast<const char*>(&size), sizeof size);
      out += text.substr(0, kSampleBytes);
    }
    return out;
  }
  static std::string number_sample(const arrow::Array& array) {
    constexpr std::int64_t kWidth = 8;
    const arrow::ArrayData& data = *array.data();
    const std::int64_t count = std::min<std::int64_t>(array.length(), kSampleBytes / kWidth);
    if (count == 0) return {};
    return {reinterpret_cast<const char*>(data.buffers[1]->data()) + data.offset * kWidth,
            static_cast<std::size_t>(count * kWidth)};
  }

  void add_compression(const std::string& path, const std::string& sample) {
    if (!codec_ || sample.empty()) return;
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(sample.data());
    const auto size = static_cast<std::int64_t>(sample.size());
    compressed_.resize(static_cast<std::size_t>(codec_->MaxCompressedLen(size, bytes)));
    const auto length = codec_->Compress(size, bytes, static_cast<std::int64_t>(compressed_.size()),
                                         reinterpret_cast<std::uint8_t*>(compressed_.data()));
    if (length.ok() && *length * 8 > size * 3) choices_.uncompressed.push_back(path);
  }

  std::unique_ptr<arrow::util::Codec> codec_;
  std::string compressed_;
  ColumnChoices choices_;
};

}  // namespace

ColumnChoices choose_columns(const arrow::Table& first) {
  Chooser chooser;
  for (int i = 0; i < first.num_columns(); ++i) {
    const auto& column = *first.column(i);
    if (column.num_chunks() > 0) chooser.add(first.field(i)->name(), *column.chunk(0));
  }
  return chooser.finish();
}

}  // namespace canvasback
