#include "storage/parquet/column_decoder.hpp"

#include <arrow/array/array_primitive.h>
#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/type.h>
#include <arrow/util/bit_util.h>
#include <arrow/util/bitmap_ops.h>
#include <arrow/util/decimal.h>
#include <parquet/column_page.h>
#include <parquet/column_reader.h>
#include <parquet/exception.h>
#include <parquet/metadata.h>
#include <parquet/schema.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "base/limits.hpp"
#include "storage/parquet/hybrid_reader.hpp"
#include "storage/parquet/page_cursor.hpp"

namespace canvasback {
namespace {

using Bytes = std::span<const std::uint8_t>;

// Texts of up to so many bytes are copied as one block, whatever their length; buffers have so much room behind.
constexpr std::int64_t kBlock = 16;
constexpr std::int64_t kIndicesAtOnce = 1024;
// A batch's texts end at the page at hand once they take so much.
constexpr std::int64_t kTextBytesMax = static_cast<std::int64_t>(8 * limits::kMiB);

[[noreturn]] void too_short() { throw parquet::ParquetException("a page holds fewer values than it says"); }

std::shared_ptr<arrow::ResizableBuffer> new_buffer(std::int64_t bytes) {
  PARQUET_ASSIGN_OR_THROW(auto buffer, arrow::AllocateResizableBuffer(bytes));
  return buffer;
}

// The rows of a batch in the making that hold a value; no bitmap as long as all do.
class Validity {
 public:
  explicit Validity(std::int64_t rows_max) : rows_max_(rows_max) {}

  // page_bits: nullptr where all of the rows hold a value.
  void append(const std::uint8_t* page_bits, std::int64_t page_row, std::int64_t rows) {
    if (page_bits && !bits_) {
      bits_ = new_buffer(arrow::bit_util::BytesForBits(rows_max_));
      std::memset(bits_->mutable_data(), 0, static_cast<std::size_t>(bits_->size()));
      arrow::bit_util::SetBitsTo(bits_->mutable_data(), 0, rows_, true);
    }
    if (page_bits) {
      arrow::internal::CopyBitmap(page_bits, page_row, rows, bits_->mutable_data(), rows_);
      nulls_ += rows - arrow::internal::CountSetBits(page_bits, page_row, rows);
    } else if (bits_) {
      arrow::bit_util::SetBitsTo(bits_->mutable_data(), rows_, rows, true);
    }
    rows_ += rows;
  }

  std::int64_t rows() const { return rows_; }
  std::int64_t nulls() const { return nulls_; }
  std::shared_ptr<arrow::Buffer> take_bits() { return nulls_ > 0 ? std::move(bits_) : nullptr; }

 private:
  const std::int64_t rows_max_;
  std::shared_ptr<arrow::ResizableBuffer> bits_;  // shared: becomes the array's
  std::int64_t rows_ = 0;
  std::int64_t nulls_ = 0;
};

// Moves `count` values from the front of `values`, which has `rows` places, to the rows whose bit is set. From the
// back, so that none is overwritten before it is moved; places without a value are made 0.
template <class Value>
void spread(Value* values, const std::uint8_t* bits, std::int64_t first_bit, std::int64_t rows, std::int64_t count) {
  for (std::int64_t row = rows; row-- > 0;) {
    const bool valid = arrow::bit_util::GetBit(bits, first_bit + row);
    values[row] = valid ? values[--count] : Value{};
  }
}

// What all decoders share: pages, and whether a page's values are indices into the dictionary.
class PagedDecoder : public ColumnDecoder {
 public:
  PagedDecoder(OpenPages open, bool nullable)
      : cursor_(std::move(open), nullable, [this](const parquet::DictionaryPage& page) {
          if (page.num_values() < 0 || page.size() < 0) throw parquet::ParquetException("a damaged dictionary");
          keep_dictionary({page.data(), static_cast<std::size_t>(page.size())}, page.num_values());
        }) {}

  void skip(std::int64_t rows) override {
    while (rows > 0) {
      if (cursor_.rows_left() == 0) {
        rows = cursor_.skip_pages(rows);
        if (rows == 0) return;
        begin_page();
      }
      const std::int64_t take = std::min(rows, cursor_.rows_left());
      const std::int64_t values = cursor_.values_in(take);
      if (by_index_) {
        indices_.skip(values);
      } else {
        skip_plain(values);
      }
      cursor_.advance(take);
      rows -= take;
    }
  }

  std::int64_t row_bytes() override {
    need_page();
    return estimate_row_bytes();
  }

 protected:
  virtual void keep_dictionary(Bytes bytes, std::int64_t count) = 0;
  virtual void begin_plain(Bytes values) = 0;
  virtual void skip_plain(std::int64_t count) = 0;
  // `count` values as runs (RLE), which only BOOLEAN columns have.
  virtual void begin_runs(Bytes, std::int64_t) { throw parquet::ParquetException("a page of runs that are no bits"); }
  virtual std::int64_t estimate_row_bytes() = 0;
  virtual std::int64_t dictionary_size() const = 0;

  void need_page() {
    if (!cursor_.load()) throw parquet::ParquetException("a column chunk is shorter than its footer says");
    begin_page();
  }

  // Calls use(indices, count) with the next `count` indices, some at a time, each inside of the dictionary.
  template <class Use>
  void for_indices(std::int64_t count, Use use) {
    std::array<std::uint32_t, kIndicesAtOnce> some;
    while (count > 0) {
      const std::int64_t take = std::min(count, kIndicesAtOnce);
      indices_.read(some.data(), take);
      std::uint32_t largest = 0;
      for (std::int64_t i = 0; i < take; ++i) largest = std::max(largest, some[static_cast<std::size_t>(i)]);
      if (largest >= dictionary_size()) throw parquet::ParquetException("an index outside of its dictionary");
      use(some.data(), take);
      count -= take;
    }
  }

  PageCursor cursor_;
  bool by_index_ = false;

 private:
  void begin_page() {
    if (!cursor_.take_changed()) return;
    const auto encoding = cursor_.encoding();
    by_index_ = encoding == parquet::Encoding::RLE_DICTIONARY || encoding == parquet::Encoding::PLAIN_DICTIONARY;
    if (by_index_) {
      const Bytes bytes = cursor_.values();
      // A page of nothing but nulls may have no bytes at all.
      indices_ = bytes.empty() ? HybridReader() : HybridReader(bytes.subspan(1), bytes[0]);
    } else if (encoding == parquet::Encoding::PLAIN) {
      begin_plain(cursor_.values());
    } else if (encoding == parquet::Encoding::RLE) {
      begin_runs(cursor_.values(), cursor_.values_in(cursor_.rows_left()));
    } else {
      throw parquet::ParquetException("a page in an encoding that the column's metadata does not name");
    }
  }

  HybridReader indices_;
};

// Values of fixed width. Stored: as Parquet has them; Value: as Arrow does.
template <class Stored, class Value>
class FixedDecoder final : public PagedDecoder {
 public:
  FixedDecoder(std::shared_ptr<arrow::DataType> type, OpenPages open, bool nullable)
      : PagedDecoder(std::move(open), nullable), type_(std::move(type)) {}

  std::shared_ptr<arrow::Array> read(std::int64_t rows) override {
    auto buffer = new_buffer(rows * static_cast<std::int64_t>(sizeof(Value)));
    auto* out = reinterpret_cast<Value*>(buffer->mutable_data());
    Validity validity(rows);
    while (validity.rows() < rows) {
      need_page();
      const std::int64_t take = std::min(rows - validity.rows(), cursor_.rows_left());
      const std::int64_t values = cursor_.values_in(take);
      if (by_index_) {
        Value* next = out;
        for_indices(values, [&](const std::uint32_t* indices, std::int64_t count) {
          for (std::int64_t i = 0; i < count; ++i) next[i] = dictionary_[indices[i]];
          next += count;
        });
      } else {
        read_plain(out, values);
      }
      if (values < take) spread(out, cursor_.valid_bits(), cursor_.row(), take, values);
      validity.append(cursor_.valid_bits(), cursor_.row(), take);
      cursor_.advance(take);
      out += take;
    }
    const std::int64_t nulls = validity.nulls();
    return arrow::MakeArray(arrow::ArrayData::Make(type_, rows, {validity.take_bits(), std::move(buffer)}, nulls));
  }

 protected:
  void keep_dictionary(Bytes bytes, std::int64_t count) override {
    if (static_cast<std::int64_t>(bytes.size() / sizeof(Stored)) < count) too_short();
    dictionary_.resize(static_cast<std::size_t>(count));
    convert(bytes.data(), dictionary_.data(), count);
  }

  void begin_plain(Bytes values) override { plain_ = values; }

  void skip_plain(std::int64_t count) override { take_plain(count); }

  std::int64_t estimate_row_bytes() override { return sizeof(Value); }

  std::int64_t dictionary_size() const override { return static_cast<std::int64_t>(dictionary_.size()); }

 private:
  const std::uint8_t* take_plain(std::int64_t count) {
    const auto bytes = static_cast<std::size_t>(count) * sizeof(Stored);
    if (plain_.size() < bytes) too_short();
    const std::uint8_t* at = plain_.data();
    plain_ = plain_.subspan(bytes);
    return at;
  }

  void read_plain(Value* out, std::int64_t count) { convert(take_plain(count), out, count); }

  static void convert(const std::uint8_t* from, Value* to, std::int64_t count) {
    if constexpr (std::is_same_v<Stored, Value>) {
      if (count > 0) std::memcpy(to, from, static_cast<std::size_t>(count) * sizeof(Value));
    } else {
      for (std::int64_t i = 0; i < count; ++i) {
        Stored stored;
        std::memcpy(&stored, from + static_cast<std::size_t>(i) * sizeof stored, sizeof stored);
        to[i] = static_cast<Value>(stored);
      }
    }
  }

  const std::shared_ptr<arrow::DataType> type_;
  std::vector<Value> dictionary_;
  Bytes plain_;
};

// Bits, in Parquet's plain encoding as in Arrow's arrays.
class BooleanDecoder final : public PagedDecoder {
 public:
  using PagedDecoder::PagedDecoder;

  std::shared_ptr<arrow::Array> read(std::int64_t rows) override {
    auto buffer = new_buffer(arrow::bit_util::BytesForBits(rows));
    std::memset(buffer->mutable_data(), 0, static_cast<std::size_t>(buffer->size()));
    Validity validity(rows);
    while (validity.rows() < rows) {
      need_page();
      const std::int64_t take = std::min(rows - validity.rows(), cursor_.rows_left());
      const std::int64_t values = cursor_.values_in(take);
      const std::int64_t from = bit_;
      skip_plain(values);
      if (values == take) {
        arrow::internal::CopyBitmap(plain_.data(), from, take, buffer->mutable_data(), validity.rows());
      } else {
        std::int64_t next = from;
        for (std::int64_t row = 0; row < take; ++row) {
          if (!arrow::bit_util::GetBit(cursor_.valid_bits(), cursor_.row() + row)) continue;
          arrow::bit_util::SetBitTo(buffer->mutable_data(), validity.rows() + row,
                                    arrow::bit_util::GetBit(plain_.data(), next++));
        }
      }
      validity.append(cursor_.valid_bits(), cursor_.row(), take);
      cursor_.advance(take);
    }
    const std::int64_t nulls = validity.nulls();
    return std::make_shared<arrow::BooleanArray>(rows, std::move(buffer), validity.take_bits(), nulls);
  }

 protected:
  void keep_dictionary(Bytes, std::int64_t) override {
    throw parquet::ParquetException("a dictionary of BOOLEAN values");
  }
  void begin_plain(Bytes values) override {
    plain_ = values;
    bit_ = 0;
  }
  void begin_runs(Bytes values, std::int64_t count) override {
    std::uint32_t length = 0;
    if (values.size() < sizeof length) too_short();
    std::memcpy(&length, values.data(), sizeof length);
    if (values.size() - sizeof length < length) too_short();
    bits_.assign(static_cast<std::size_t>(arrow::bit_util::BytesForBits(count)), 0);
    HybridReader(values.subspan(sizeof length, length), 1).read_bits(bits_.data(), 0, count);
    begin_plain(bits_);
  }
  void skip_plain(std::int64_t count) override {
    bit_ += count;
    if (bit_ > static_cast<std::int64_t>(plain_.size()) * 8) too_short();
  }
  std::int64_t estimate_row_bytes() override { return 1; }
  std::int64_t dictionary_size() const override { return 0; }

 private:
  Bytes plain_;
  std::vector<std::uint8_t> bits_;  // of a page of runs
  std::int64_t bit_ = 0;
};

// The texts of a batch in the making: Arrow's offsets and bytes.
class TextBuilder {
 public:
  explicit TextBuilder(std::int64_t rows) : offsets_(new_buffer((rows + 1) * 4)), bytes_(new_buffer(0)) {
    next_ = reinterpret_cast<std::int32_t*>(offsets_->mutable_data());
    *next_++ = 0;
  }

  // Room for so many bytes more, and for the block that a copy may run over by.
  std::uint8_t* reserve(std::int64_t bytes) {
    const std::int64_t wanted = size_ + bytes + kBlock;
    if (wanted > INT32_MAX) throw parquet::ParquetException("texts of more than 2 GB in one batch");
    if (wanted > bytes_->size()) PARQUET_THROW_NOT_OK(bytes_->Resize(std::max(wanted, bytes_->size() * 2), false));
    return bytes_->mutable_data() + size_;
  }
  // The offsets of the rows to come, to be written before grow() says up to where the bytes are filled.
  std::int32_t* next_offsets() { return next_; }
  void grow(std::int64_t rows, std::int64_t bytes) {
    next_ += rows;
    size_ += bytes;
  }
  std::int64_t size() const { return size_; }

  std::shared_ptr<arrow::Array> finish(const std::shared_ptr<arrow::DataType>& type, Validity& validity) {
    PARQUET_THROW_NOT_OK(offsets_->Resize((validity.rows() + 1) * 4, false));
    PARQUET_THROW_NOT_OK(bytes_->Resize(size_, false));
    const std::int64_t nulls = validity.nulls();
    return arrow::MakeArray(arrow::ArrayData::Make(
        type, validity.rows(), {validity.take_bits(), std::move(offsets_), std::move(bytes_)}, nulls));
  }

 private:
  std::shared_ptr<arrow::ResizableBuffer> offsets_;  // shared: become the array's
  std::shared_ptr<arrow::ResizableBuffer> bytes_;
  std::int32_t* next_;
  std::int64_t size_ = 0;
};

// Copies a text; readable: how many bytes may be read from `from` on (at least `length`). `to` has a block of room
// more.
void copy_text(std::uint8_t* to, const std::uint8_t* from, std::int64_t length, std::int64_t readable) {
  if (length <= kBlock && readable >= kBlock) {
    std::memcpy(to, from, kBlock);
  } else {
    std::memcpy(to, from, static_cast<std::size_t>(length));
  }
}

class TextDecoder final : public PagedDecoder {
 public:
  TextDecoder(std::shared_ptr<arrow::DataType> type, OpenPages open, bool nullable)
      : PagedDecoder(std::move(open), nullable), type_(std::move(type)) {}

  std::shared_ptr<arrow::Array> read(std::int64_t rows) override {
    TextBuilder texts(rows);
    Validity validity(rows);
    while (validity.rows() < rows) {
      need_page();
      if (validity.rows() > 0 && texts.size() + estimate_row_bytes() * (rows - validity.rows()) > kTextBytesMax) break;
      const std::int64_t take = std::min(rows - validity.rows(), cursor_.rows_left());
      const std::int64_t values = cursor_.values_in(take);
      std::int32_t* offsets = texts.next_offsets();
      if (by_index_) {
        append_indexed(texts, values);
      } else {
        append_plain(texts, values);
      }
      if (values < take) repeat_ends(offsets, take, values);
      texts.grow(take, 0);
      validity.append(cursor_.valid_bits(), cursor_.row(), take);
      cursor_.advance(take);
    }
    return texts.finish(type_, validity);
  }

 protected:
  void keep_dictionary(Bytes bytes, std::int64_t count) override {
    // At most so many are there, whatever the page says.
    if (count > static_cast<std::int64_t>(bytes.size() / 4)) too_short();
    dictionary_.assign(static_cast<std::size_t>(count), {});
    dictionary_bytes_.resize(bytes.size() + static_cast<std::size_t>(kBlock));
    std::size_t at = 0;
    std::size_t to = 0;
    std::uint32_t longest = 0;
    for (Entry& entry : dictionary_) {
      const std::uint32_t length = length_at(bytes, at);
      std::memcpy(dictionary_bytes_.data() + to, bytes.data() + at + 4, length);
      entry = {static_cast<std::uint32_t>(to), length};
      longest = std::max(longest, length);
      to += length;
      at += 4 + length;
    }
    // One long text among short ones may be every row's.
    dictionary_row_bytes_ =
        4 + std::max<std::int64_t>(count > 0 ? static_cast<std::int64_t>(to) / count : 0, longest / 16);
  }

  void begin_plain(Bytes values) override {
    plain_ = values;
    at_ = 0;
  }

  void skip_plain(std::int64_t count) override {
    for (; count > 0; --count) at_ += 4 + length_at(plain_, at_);
  }

  std::int64_t estimate_row_bytes() override {
    if (by_index_) return dictionary_row_bytes_;
    return 4 + static_cast<std::int64_t>(plain_.size()) / std::max<std::int64_t>(cursor_.page_rows(), 1);
  }

  std::int64_t dictionary_size() const override { return static_cast<std::int64_t>(dictionary_.size()); }

 private:
  struct Entry {
    std::uint32_t begin = 0;
    std::uint32_t length = 0;
  };

  // The length of the text whose prefix stands at `at`; both lie inside of the bytes.
  static std::uint32_t length_at(Bytes bytes, std::size_t at) {
    std::uint32_t length = 0;
    if (bytes.size() - at < sizeof length) too_short();
    std::memcpy(&length, bytes.data() + at, sizeof length);
    if (bytes.size() - at - sizeof length < length) too_short();
    return length;
  }

  // Offsets for `values` texts and their bytes; the builder's rows grow only when nulls are in.
  void append_plain(TextBuilder& texts, std::int64_t values) {
    std::int32_t* offsets = texts.next_offsets();
    const std::size_t begin = at_;
    std::size_t at = at_;
    std::int64_t end = texts.size();
    for (std::int64_t i = 0; i < values; ++i) {
      const std::uint32_t length = length_at(plain_, at);
      at += 4 + length;
      end += length;
      if (end > INT32_MAX) throw parquet::ParquetException("texts of more than 2 GB in one batch");
      offsets[i] = static_cast<std::int32_t>(end);
    }
    std::int64_t bytes = end - texts.size();
    std::uint8_t* to = texts.reserve(bytes);
    const std::uint8_t* from = plain_.data() + begin;
    auto readable = static_cast<std::int64_t>(plain_.size() - begin);
    std::int64_t before = texts.size();
    for (std::int64_t i = 0; i < values; ++i) {
      const std::int64_t length = offsets[i] - before;
      before = offsets[i];
      copy_text(to, from + 4, length, readable - 4);
      to += length;
      from += 4 + length;
      readable -= 4 + length;
    }
    at_ = at;
    texts.grow(0, bytes);
  }

  void append_indexed(TextBuilder& texts, std::int64_t values) {
    std::int32_t* offsets = texts.next_offsets();
    for_indices(values, [&](const std::uint32_t* indices, std::int64_t count) {
      std::int64_t bytes = 0;
      for (std::int64_t i = 0; i < count; ++i) bytes += dictionary_[indices[i]].length;
      std::uint8_t* to = texts.reserve(bytes);
      auto end = static_cast<std::int32_t>(texts.size());
      for (std::int64_t i = 0; i < count; ++i) {
        const Entry entry = dictionary_[indices[i]];
        copy_text(to, dictionary_bytes_.data() + entry.begin, entry.length, kBlock);
        to += entry.length;
        end += static_cast<std::int32_t>(entry.length);
        offsets[i] = end;
      }
      offsets += count;
      texts.grow(0, bytes);
    });
  }

  // A row without a value ends where the one before it does.
  void repeat_ends(std::int32_t* offsets, std::int64_t rows, std::int64_t values) {
    const std::int32_t begin = offsets[-1];
    for (std::int64_t row = rows; row-- > 0;) {
      const bool valid = arrow::bit_util::GetBit(cursor_.valid_bits(), cursor_.row() + row);
      offsets[row] = values > 0 ? offsets[values - 1] : begin;
      if (valid) --values;
    }
  }

  const std::shared_ptr<arrow::DataType> type_;
  std::vector<Entry> dictionary_;
  std::vector<std::uint8_t> dictionary_bytes_;
  std::int64_t dictionary_row_bytes_ = 4;
  Bytes plain_;
  std::size_t at_ = 0;
};

using Make = std::unique_ptr<ColumnDecoder> (*)(std::shared_ptr<arrow::DataType>, OpenPages, bool);

template <class Stored, class Value>
std::unique_ptr<ColumnDecoder> make_fixed(std::shared_ptr<arrow::DataType> type, OpenPages open, bool nullable) {
  return std::make_unique<FixedDecoder<Stored, Value>>(std::move(type), std::move(open), nullable);
}

std::unique_ptr<ColumnDecoder> make_text(std::shared_ptr<arrow::DataType> type, OpenPages open, bool nullable) {
  return std::make_unique<TextDecoder>(std::move(type), std::move(open), nullable);
}

std::unique_ptr<ColumnDecoder> make_boolean(std::shared_ptr<arrow::DataType>, OpenPages open, bool nullable) {
  return std::make_unique<BooleanDecoder>(std::move(open), nullable);
}

bool is_unit(const parquet::LogicalType& logical, arrow::TimeUnit::type unit) {
  using Unit = parquet::LogicalType::TimeUnit;
  Unit::unit stored = Unit::UNKNOWN;
  if (logical.is_timestamp()) stored = static_cast<const parquet::TimestampLogicalType&>(logical).time_unit();
  if (logical.is_time()) stored = static_cast<const parquet::TimeLogicalType&>(logical).time_unit();
  switch (unit) {
    case arrow::TimeUnit::MILLI: return stored == Unit::MILLIS;
    case arrow::TimeUnit::MICRO: return stored == Unit::MICROS;
    case arrow::TimeUnit::NANO: return stored == Unit::NANOS;
    default: return false;
  }
}

// How a column's stored values become Arrow's, or nullptr: only where that is a copy or a plain conversion.
Make maker_for(const parquet::ColumnDescriptor& column, const arrow::DataType& type) {
  using arrow::Type;
  const auto& logical = *column.logical_type();
  const Type::type id = type.id();
  switch (column.physical_type()) {
    case parquet::Type::BOOLEAN: return id == Type::BOOL ? make_boolean : nullptr;
    case parquet::Type::FLOAT: return id == Type::FLOAT ? make_fixed<float, float> : nullptr;
    case parquet::Type::DOUBLE: return id == Type::DOUBLE ? make_fixed<double, double> : nullptr;
    case parquet::Type::BYTE_ARRAY:
      if (logical.is_decimal()) return nullptr;
      return id == Type::STRING || id == Type::BINARY ? make_text : nullptr;
    case parquet::Type::INT32:
      if (id == Type::DECIMAL128) {
        const auto& decimal = static_cast<const arrow::Decimal128Type&>(type);
        if (!logical.is_decimal() || column.type_scale() != decimal.scale()) return nullptr;
        return make_fixed<std::int32_t, arrow::Decimal128>;
      }
      if (id == Type::INT8) return make_fixed<std::int32_t, std::int8_t>;
      if (id == Type::UINT8) return make_fixed<std::int32_t, std::uint8_t>;
      if (id == Type::INT16) return make_fixed<std::int32_t, std::int16_t>;
      if (id == Type::UINT16) return make_fixed<std::int32_t, std::uint16_t>;
      if (id == Type::TIME32) {
        const auto unit = static_cast<const arrow::Time32Type&>(type).unit();
        return is_unit(logical, unit) ? make_fixed<std::int32_t, std::int32_t> : nullptr;
      }
      return id == Type::INT32 || id == Type::UINT32 || id == Type::DATE32 ? make_fixed<std::int32_t, std::int32_t>
                                                                           : nullptr;
    case parquet::Type::INT64:
      if (id == Type::DECIMAL128) {
        const auto& decimal = static_cast<const arrow::Decimal128Type&>(type);
        if (!logical.is_decimal() || column.type_scale() != decimal.scale()) return nullptr;
        return make_fixed<std::int64_t, arrow::Decimal128>;
      }
      if (id == Type::TIMESTAMP || id == Type::TIME64) {
        const auto unit = id == Type::TIMESTAMP ? static_cast<const arrow::TimestampType&>(type).unit()
                                                : static_cast<const arrow::Time64Type&>(type).unit();
        return is_unit(logical, unit) ? make_fixed<std::int64_t, std::int64_t> : nullptr;
      }
      return id == Type::INT64 || id == Type::UINT64 ? make_fixed<std::int64_t, std::int64_t> : nullptr;
    default: return nullptr;
  }
}

}  // namespace

bool is_decodable(const parquet::ColumnDescriptor& column, const parquet::ColumnChunkMetaData& chunk,
                  const arrow::DataType& type) {
  if (column.max_repetition_level() > 0 || column.max_definition_level() > 1) return false;
  if (column.schema_node()->parent()->parent() != nullptr) return false;  // a struct's member
  if (!maker_for(column, type)) return false;
  return std::ranges::all_of(chunk.encodings(), [&](parquet::Encoding::type encoding) {
    using parquet::Encoding;
    const bool is_index = encoding == Encoding::PLAIN_DICTIONARY || encoding == Encoding::RLE_DICTIONARY;
    return encoding == Encoding::PLAIN || encoding == Encoding::RLE || encoding == Encoding::BIT_PACKED || is_index;
  });
}

std::unique_ptr<ColumnDecoder> make_column_decoder(const parquet::ColumnDescriptor& column,
                                                   std::shared_ptr<arrow::DataType> type, OpenPages open) {
  const Make make = maker_for(column, *type);
  return make(std::move(type), std::move(open), column.max_definition_level() > 0);
}

}  // namespace canvasback
