#include "storage/parquet/readability.hpp"

#include <arrow/io/file.h>
#include <fmt/format.h>
#include <parquet/arrow/schema.h>
#include <parquet/column_reader.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>
#include <parquet/statistics.h>

#include <algorithm>
#include <cstring>

#include "storage/parquet/column_order.hpp"
#include "storage/parquet/footer.hpp"
#include "storage/parquet/guard.hpp"

namespace canvasback {
namespace {

constexpr std::int64_t kNanosPerMicro = 1000;
constexpr std::int64_t kBatchValues = 8192;
constexpr int kEngineDecimalDigits = 38;

// Days of INT96, which are Julian, that nanoseconds since 1970 reach whole: 1677-09-22 to 2262-04-10.
constexpr std::uint32_t kFirstNanoDay = 2'440'588 - 106'750;
constexpr std::uint32_t kLastNanoDay = 2'440'588 + 106'750;

std::string path_of(const parquet::ColumnDescriptor& column) { return column.path()->ToDotString(); }

bool is_zoned_nanos(const parquet::ColumnDescriptor& column) {
  const auto& logical = column.logical_type();
  if (!logical || !logical->is_timestamp()) return false;
  const auto& timestamp = static_cast<const parquet::TimestampLogicalType&>(*logical);
  return timestamp.time_unit() == parquet::LogicalType::TimeUnit::NANOS && timestamp.is_adjusted_to_utc();
}

// TIMESTAMP_MILLIS and TIMESTAMP_MICROS of writers before 2018: by the format they are in UTC, to the engine they are
// of no zone.
bool is_old_timestamp(const parquet::ColumnDescriptor& column) {
  const auto& logical = column.logical_type();
  return logical && logical->is_timestamp() &&
         static_cast<const parquet::TimestampLogicalType&>(*logical).is_from_converted_type();
}

// Of the engine's reader of these, columns alone can be told to be something else, and no values inside others.
std::string nested_lack(const parquet::ColumnDescriptor& column) {
  if (column.path()->ToDotVector().size() == 1) return {};
  if (is_old_timestamp(column)) return fmt::format("column {} has timestamps without a logical type", path_of(column));
  const auto& logical = column.logical_type();
  if (logical && logical->is_enum()) return fmt::format("column {} has values of the type ENUM", path_of(column));
  return {};
}

// What the engine lacks for this column, by its type alone.
std::string type_lack(const parquet::ColumnDescriptor& column) {
  const auto& logical = column.logical_type();
  if (logical && logical->is_decimal() &&
      static_cast<const parquet::DecimalLogicalType&>(*logical).precision() > kEngineDecimalDigits) {
    return fmt::format("column {} has decimals of more than {} digits", path_of(column), kEngineDecimalDigits);
  }
  // The engine makes times with a zone of these, in microseconds.
  if (logical && logical->is_time() && static_cast<const parquet::TimeLogicalType&>(*logical).is_adjusted_to_utc()) {
    return fmt::format("column {} has times of day in UTC", path_of(column));
  }
  return nested_lack(column);
}

std::string chunk_lack(const parquet::ColumnDescriptor& column, const parquet::ColumnChunkMetaData& chunk) {
  const auto codec = chunk.compression();
  // libparquet calls the present form of LZ4 (LZ4_RAW) LZ4.
  if (codec == parquet::Compression::LZ4_HADOOP || codec == parquet::Compression::LZO) {
    return fmt::format("column {} is compressed with {}", path_of(column),
                       codec == parquet::Compression::LZO ? "LZO" : "the first form of LZ4");
  }
  const bool real = chunk.type() == parquet::Type::FLOAT || chunk.type() == parquet::Type::DOUBLE;
  const auto& encodings = chunk.encodings();
  if (!real && std::ranges::find(encodings, parquet::Encoding::BYTE_STREAM_SPLIT) != encodings.end()) {
    return fmt::format("column {} is encoded as BYTE_STREAM_SPLIT", path_of(column));
  }
  // The engine refuses a file with bounds that are no values.
  if (has_broken_bounds(chunk)) {
    return fmt::format("column {} has bounds of a wrong length", path_of(column));
  }
  if (has_believable_order(column)) return {};
  // The engine believes such bounds; whether there are any, libparquet does not tell.
  return fmt::format("column {} may have bounds in an order of an old writer", path_of(column));
}

struct TimestampFacts {
  bool fine = false;
  bool far = false;
};

template <class Reader, class Value, class Visit>
Status visit_values(parquet::ColumnReader& column, const CancelToken& cancel, Visit visit) {
  auto& reader = static_cast<Reader&>(column);
  std::vector<Value> values(kBatchValues);
  std::vector<std::int16_t> definitions(kBatchValues);
  std::vector<std::int16_t> repetitions(kBatchValues);
  while (reader.HasNext()) {
    CANVASBACK_TRY(cancel.check());
    std::int64_t read = 0;
    reader.ReadBatch(kBatchValues, definitions.data(), repetitions.data(), values.data(), &read);
    for (std::int64_t i = 0; i < read; ++i) visit(values[static_cast<std::size_t>(i)]);
  }
  return {};
}

Result<TimestampFacts> look_at_timestamps(parquet::ParquetFileReader& file, int leaf, const CancelToken& cancel) {
  TimestampFacts facts;
  const bool int96 = file.metadata()->schema()->Column(leaf)->physical_type() == parquet::Type::INT96;
  for (int group = 0; group < file.metadata()->num_row_groups(); ++group) {
    const auto column = file.RowGroup(group)->Column(leaf);
    if (int96) {
      CANVASBACK_TRY((visit_values<parquet::Int96Reader, parquet::Int96>(*column, cancel, [&](parquet::Int96 value) {
        std::int64_t nanos = 0;
        std::memcpy(&nanos, value.value.data(), sizeof nanos);
        facts.fine = facts.fine || nanos % kNanosPerMicro != 0;
        facts.far = facts.far || value.value[2] < kFirstNanoDay || value.value[2] > kLastNanoDay;
      })));
    } else {
      CANVASBACK_TRY((visit_values<parquet::Int64Reader, std::int64_t>(
          *column, cancel, [&](std::int64_t value) { facts.fine = facts.fine || value % kNanosPerMicro != 0; })));
    }
  }
  return facts;
}

// DuckDB packs differences of 32-bit integers in as many bits as they take; libparquet reads at most 32.
bool may_have_wide_differences(const parquet::ColumnDescriptor& column, const parquet::ColumnChunkMetaData& chunk) {
  const auto& encodings = chunk.encodings();
  if (column.physical_type() != parquet::Type::INT32 ||
      std::ranges::find(encodings, parquet::Encoding::DELTA_BINARY_PACKED) == encodings.end()) {
    return false;
  }
  const auto known =
      std::dynamic_pointer_cast<parquet::TypedStatistics<parquet::Int32Type>>(readable_statistics(chunk));
  if (!known || !known->HasMinMax()) return true;
  const bool is_unsigned = column.sort_order() == parquet::SortOrder::UNSIGNED;
  const auto wide = [is_unsigned](std::int32_t value) {
    return is_unsigned ? std::int64_t{static_cast<std::uint32_t>(value)} : std::int64_t{value};
  };
  return wide(known->max()) - wide(known->min()) > INT32_MAX;
}

// What a column that stands for itself is, beyond what its reader tells of it.
void note_column(const parquet::ColumnDescriptor& column, const std::string& root, Readability& out) {
  const auto& logical = column.logical_type();
  if (!logical || column.path()->ToDotVector().size() != 1) return;
  if (logical->is_null()) out.nulls.push_back(root);
  if (logical->is_enum()) out.enums.push_back(root);
  if (is_old_timestamp(column)) out.zoned.push_back(root);
}

// Of a file that libparquet opens.
Status look_into(const DataFile& file, const parquet::FileMetaData& footer, const CancelToken& cancel,
                 Readability& out) {
  std::int64_t rows = 0;
  for (int group = 0; group < footer.num_row_groups(); ++group) rows += footer.RowGroup(group)->num_rows();
  if (rows != footer.num_rows()) out.engine_lacks = "its number of rows is not that of its row groups";
  std::unique_ptr<parquet::ParquetFileReader> reader;
  const bool is_of_duckdb = footer.created_by().find("DuckDB") != std::string::npos;
  for (int leaf = 0; leaf < footer.num_columns(); ++leaf) {
    const auto& column = *footer.schema()->Column(leaf);
    if (out.engine_lacks.empty()) out.engine_lacks = type_lack(column);
    for (int group = 0; group < footer.num_row_groups() && out.engine_lacks.empty(); ++group) {
      const auto chunk = footer.RowGroup(group)->ColumnChunk(leaf);
      out.engine_lacks = chunk_lack(column, *chunk);
      // libparquet reads such a chunk neither.
      if (has_broken_bounds(*chunk)) out.stream_lacks = "that is damage";
    }
    for (int group = 0; is_of_duckdb && group < footer.num_row_groups() && out.stream_lacks.empty(); ++group) {
      if (!may_have_wide_differences(column, *footer.RowGroup(group)->ColumnChunk(leaf))) continue;
      out.stream_lacks = fmt::format("column {} may hold differences of more than 32 bits", path_of(column));
    }
    const std::string root = column.path()->ToDotVector()[0];
    note_column(column, root, out);
    if (column.physical_type() != parquet::Type::INT96 && !is_zoned_nanos(column)) continue;
    out.nanos.push_back(root);
    if (!reader) {
      CANVASBACK_ASSIGN(auto bytes, open_data_file(file));
      reader = parquet::ParquetFileReader::Open(bytes);
    }
    CANVASBACK_ASSIGN(const TimestampFacts facts, look_at_timestamps(*reader, leaf, cancel));
    out.has_far_timestamps = out.has_far_timestamps || facts.far;
    if (!facts.fine) continue;
    out.fine.push_back(root);
    out.engine_lacks = fmt::format("column {} has timestamps finer than a microsecond", path_of(column));
  }
  if (out.has_far_timestamps && !out.fine.empty()) {
    out.stream_lacks = fmt::format(
        "column {} has timestamps of nanoseconds, and there are some before 1678 or after 2261", out.fine.front());
  }
  return {};
}

}  // namespace

Result<Readability> parquet_readability(const DataFile& file, const CancelToken& cancel) {
  CANVASBACK_ASSIGN(FooterPtr footer, read_footer(file));
  return guard_parquet(file.path, [&]() -> Result<Readability> {
    Readability out;
    out.schema = footer->schema()->ToString();
    const auto& root = *footer->schema()->group_node();
    for (int i = 0; i < root.field_count(); ++i) out.columns.push_back(root.field(i)->name());
    std::shared_ptr<arrow::Schema> schema;
    const auto status = parquet::arrow::FromParquetSchema(footer->schema(), parquet::ArrowReaderProperties(),
                                                          footer->key_value_metadata(), &schema);
    if (status.ok()) {
      out.schema += schema->ToString();
    } else {
      out.stream_lacks = status.message();
    }
    CANVASBACK_TRY(look_into(file, *footer, cancel, out));
    return out;
  });
}

}  // namespace canvasback
