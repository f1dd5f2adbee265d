#include "storage/parquet/key_lookup.hpp"

#include <arrow/array.h>
#include <arrow/io/interfaces.h>
#include <arrow/record_batch.h>
#include <parquet/bloom_filter.h>
#include <parquet/metadata.h>
#include <parquet/schema.h>
#include <parquet/statistics.h>
#include <parquet/xxhasher.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>

#include "storage/parquet/footer.hpp"
#include "storage/parquet/guard.hpp"
#include "storage/parquet/part_writer.hpp"
#include "storage/parquet/row_group_reader.hpp"

namespace canvasback {
namespace {

constexpr std::int64_t kBlockBytes = 32;
// A filter's header takes less than a block, so the length of both tells where the blocks begin.
constexpr std::int64_t kFilterBytesMin = 2 * kBlockBytes;
constexpr std::array<std::uint32_t, 8> kSalts{0x47b6137bU, 0x44974d91U, 0x8824ad5bU, 0xa2b7289dU,
                                              0x705495c7U, 0x2df1424bU, 0x9efc4947U, 0x5c6bfb31U};

// One column of a key in the file, and the value as it would stand there.
struct KeyColumn {
  int leaf = 0;
  std::string name;
  bool is_text = false;
  std::string_view text;
  std::int64_t number = 0;
  std::uint64_t hash = 0;
};

// The columns of one of the values.
struct KeyColumns {
  bool any_row = false;  // the columns at hand do not tell
  std::vector<KeyColumn> columns;
};

bool is_column_of(const std::string& name, const std::string& key) {
  return name == key || (name.starts_with(key) && std::string_view(name).substr(key.size()).starts_with("__"));
}

bool is_text(const parquet::ColumnDescriptor& column) {
  return column.physical_type() == parquet::Type::BYTE_ARRAY && column.logical_type() &&
         column.logical_type()->is_string();
}

bool is_integer(const parquet::ColumnDescriptor& column) {
  const auto& type = column.logical_type();
  return column.physical_type() == parquet::Type::INT64 && (!type || type->is_none() || !type->is_valid());
}

// Whole numbers as they are usually written; what else the engine reads as one is not known here.
std::optional<std::int64_t> number_of(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Whether the engine, which reads 1e3 and 1.0 as numbers too, could take the text for one.
bool may_be_number(std::string_view text) {
  constexpr std::string_view kElsewhere = "ghijklmnpqrstuvwyzGHIJKLMNPQRSTUVWYZ";
  return text.find_first_of(kElsewhere) == std::string_view::npos;
}

KeyColumns columns_for(const parquet::FileMetaData& footer, const KeyValue& wanted) {
  KeyColumns out;
  const parquet::XxHasher hasher;
  for (int leaf = 0; leaf < footer.num_columns(); ++leaf) {
    const auto& descriptor = *footer.schema()->Column(leaf);
    const auto path = descriptor.path()->ToDotVector();
    if (!is_column_of(path[0], wanted.key)) continue;
    KeyColumn column;
    column.leaf = leaf;
    column.name = path[0];
    column.is_text = is_text(descriptor);
    if (path.size() == 1 && column.is_text) {
      column.text = wanted.value;
      column.hash = hasher.Hash(column.text);
    } else if (const auto number = number_of(wanted.value); path.size() == 1 && is_integer(descriptor) && number) {
      column.number = *number;
      column.hash = hasher.Hash(*number);
    } else if (path.size() == 1 && is_integer(descriptor) && !may_be_number(wanted.value)) {
      continue;
    } else {
      out.any_row = true;
    }
    out.columns.push_back(std::move(column));
  }
  return out;
}

class Lookup {
 public:
  Lookup(const DataFile& file, FooterPtr footer, std::shared_ptr<arrow::io::RandomAccessFile> bytes)
      : file_(file),
        footer_(std::move(footer)),
        bytes_(std::move(bytes)),
        is_ours_(footer_->created_by() == kPartCreator) {}

  // Whether the row group may hold the value in one of its columns.
  bool may_have(const parquet::RowGroupMetaData& group, const KeyColumns& key) {
    if (key.any_row) return true;
    for (const KeyColumn& column : key.columns) {
      const auto chunk = group.ColumnChunk(column.leaf);
      const auto offset = chunk->bloom_filter_offset();
      const auto length = chunk->bloom_filter_length();
      // How long the header of another writer's filter is cannot be told from its length.
      if (!is_ours_ || !offset || !length || *length < kFilterBytesMin) return true;
      if (filter_has(*offset, *length, column.hash) && lies_between(*chunk, column)) return true;
    }
    return false;
  }

  // Adds the rows of the row group that have the value.
  Status add_rows(int row_group, std::int64_t rows, std::int64_t first_row, const KeyColumns& key,
                  const CancelToken& cancel, std::vector<std::int64_t>& out) {
    std::vector<std::string> names;
    for (const KeyColumn& column : key.columns) names.push_back(column.name);
    CANVASBACK_ASSIGN(auto reader, open_row_group(file_, names, {row_group, 0, rows}));
    for (std::int64_t row = first_row;;) {
      CANVASBACK_TRY(cancel.check());
      CANVASBACK_ASSIGN(BatchPtr batch, reader->next());
      if (!batch) return {};
      const std::size_t before = out.size();
      for (std::size_t i = 0; i < key.columns.size(); ++i) {
        const auto array = batch->column(static_cast<int>(i));
        for (std::int64_t at = 0; at < batch->num_rows(); ++at) {
          if (has(*array, key.columns[i], at)) out.push_back(row + at);
        }
      }
      if (key.columns.size() > 1) {  // no row has values in two of them, but their order is that of the rows
        std::ranges::sort(out.begin() + static_cast<std::ptrdiff_t>(before), out.end());
      }
      row += batch->num_rows();
    }
  }

 private:
  bool filter_has(std::int64_t offset, std::int64_t length, std::uint64_t hash) {
    const auto bytes = static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(length)));
    const auto blocks = static_cast<std::uint64_t>(bytes / kBlockBytes);
    const auto block = static_cast<std::int64_t>(((hash >> 32) * blocks) >> 32);
    std::array<std::uint32_t, 8> words{};
    PARQUET_ASSIGN_OR_THROW(const std::int64_t got,
                            bytes_->ReadAt(offset + length - bytes + block * kBlockBytes, kBlockBytes, words.data()));
    if (got != kBlockBytes) throw parquet::ParquetException("a Bloom filter ends too early");
    const auto key = static_cast<std::uint32_t>(hash);
    for (std::size_t i = 0; i < words.size(); ++i) {
      if ((words[i] & (1U << ((key * kSalts[i]) >> 27))) == 0) return false;
    }
    return true;
  }

  // Whether the bounds of the row group leave room for the value.
  static bool lies_between(const parquet::ColumnChunkMetaData& chunk, const KeyColumn& column) {
    const auto statistics = chunk.statistics();
    if (!statistics || !statistics->HasMinMax()) return true;
    if (column.is_text) return statistics->EncodeMin() <= column.text && column.text <= statistics->EncodeMax();
    const auto& bounds = static_cast<const parquet::Int64Statistics&>(*statistics);
    return bounds.min() <= column.number && column.number <= bounds.max();
  }

  static bool has(const arrow::Array& array, const KeyColumn& column, std::int64_t row) {
    if (array.IsNull(row)) return false;
    if (!column.is_text) return static_cast<const arrow::Int64Array&>(array).Value(row) == column.number;
    return static_cast<const arrow::StringArray&>(array).GetView(row) == column.text;
  }

  const DataFile& file_;
  const FooterPtr footer_;
  const std::shared_ptr<arrow::io::RandomAccessFile> bytes_;  // shared: as Arrow hands it out
  const bool is_ours_;
};

}  // namespace

Result<std::optional<std::vector<std::int64_t>>> rows_that_may_have(const DataFile& file,
                                                                    const std::vector<KeyValue>& values,
                                                                    const CancelToken& cancel) {
  using Out = std::optional<std::vector<std::int64_t>>;
  CANVASBACK_ASSIGN(FooterPtr footer, read_footer(file));
  CANVASBACK_ASSIGN(auto bytes, open_data_file(file));
  return guard_parquet(file.path, [&]() -> Result<Out> {
    std::vector<KeyColumns> keys;
    for (const KeyValue& wanted : values) {
      keys.push_back(columns_for(*footer, wanted));
      if (keys.back().columns.empty()) return Out(std::in_place);  // no record of the file has the key
    }
    const auto telling = std::ranges::find(keys, false, &KeyColumns::any_row);
    if (telling == keys.end()) return Out();
    Lookup lookup(file, footer, std::move(bytes));
    std::vector<std::int64_t> out;
    std::int64_t first_row = 0;
    for (int index = 0; index < footer->num_row_groups(); ++index) {
      const auto group = footer->RowGroup(index);
      const auto here = [&](const KeyColumns& key) { return lookup.may_have(*group, key); };
      if (std::ranges::all_of(keys, here)) {
        CANVASBACK_TRY(lookup.add_rows(index, group->num_rows(), first_row, *telling, cancel, out));
        if (static_cast<std::int64_t>(out.size()) > kLookupRowsMax) return Out();
      }
      first_row += group->num_rows();
    }
    return Out(std::move(out));
  });
}

}  // namespace canvasback
