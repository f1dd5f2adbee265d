#include "encode/parquet/parquet_parts.hpp"

#include <arrow/io/memory.h>
#include <parquet/arrow/writer.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <string_view>

namespace canvasback {
namespace {

constexpr int kPartLevel = 9;  // written once, read often: a fifth smaller than at 3

std::shared_ptr<parquet::WriterProperties> properties_of(const arrow::Schema& schema, std::int64_t row_group_rows) {
  parquet::WriterProperties::Builder builder;
  builder.version(parquet::ParquetVersion::PARQUET_2_6)
      ->compression(arrow::Compression::ZSTD)
      ->compression_level(kPartLevel)
      ->max_row_group_length(row_group_rows)
      ->created_by("canvasback")
      ->disable_statistics()
      ->disable_write_page_index()
      ->disable_dictionary();
  for (const auto& field : schema.fields()) {
    if (field->type()->id() == arrow::Type::STRING) builder.enable_dictionary(field->name());
  }
  return builder.build();
}

Status translated(const arrow::Status& status) {
  if (status.ok()) return {};
  return fail(ErrorCode::DataProcessing, "A rollup could not be written.", status.ToString());
}

void describe(const parquet::FileMetaData& metadata, ParquetParts& out) {
  out.rows = metadata.num_rows();
  for (int i = 0; i < metadata.num_row_groups(); ++i) {
    const auto group = metadata.RowGroup(i);
    ParquetPart part;
    part.offset = INT64_MAX;
    part.rows = group->num_rows();
    for (int k = 0; k < group->num_columns(); ++k) {
      const auto column = group->ColumnChunk(k);
      const bool has_dictionary = column->has_dictionary_page() && column->dictionary_page_offset() > 0;
      const std::int64_t at = has_dictionary ? column->dictionary_page_offset() : column->data_page_offset();
      part.offset = std::min(part.offset, at);
      part.bytes = std::max(part.bytes, at + column->total_compressed_size());
    }
    part.bytes -= part.offset;
    out.row_groups.push_back(part);
  }
  const std::string_view tail = std::string_view(out.bytes).substr(out.bytes.size() - 8, 4);
  std::uint32_t length = 0;
  for (std::size_t i = 4; i > 0; --i) length = length << 8U | static_cast<unsigned char>(tail[i - 1]);
  out.footer_bytes = static_cast<std::int64_t>(length) + 8;
}

Result<ParquetParts> write_all_of(BatchStream& rows, const ParquetPartsOptions& options) {
  auto sink = arrow::io::BufferOutputStream::Create();
  if (!sink.ok()) return std::unexpected(translated(sink.status()).error());
  const SchemaPtr schema = rows.schema();
  auto writer = parquet::arrow::FileWriter::Open(*schema, arrow::default_memory_pool(), *sink,
                                                 properties_of(*schema, options.row_group_rows));
  if (!writer.ok()) return std::unexpected(translated(writer.status()).error());
  while (true) {
    CANVASBACK_ASSIGN(const BatchPtr batch, rows.next());
    if (!batch) break;
    CANVASBACK_TRY(translated((*writer)->WriteRecordBatch(*batch)));
    const auto written = (*sink)->Tell();
    if (!written.ok()) return std::unexpected(translated(written.status()).error());
    if (static_cast<std::uint64_t>(*written) > options.bytes_max) {
      static_cast<void>((*writer)->Close());
      return fail(ErrorCode::PayloadTooLarge, "The file is larger than it may be.");
    }
  }
  CANVASBACK_TRY(translated((*writer)->Close()));
  auto buffer = (*sink)->Finish();
  if (!buffer.ok()) return std::unexpected(translated(buffer.status()).error());
  ParquetParts out;
  out.bytes = (*buffer)->ToString();
  if (out.bytes.size() > options.bytes_max) {
    return fail(ErrorCode::PayloadTooLarge, "The file is larger than it may be.");
  }
  describe(*(*writer)->metadata(), out);
  return out;
}

}  // namespace

Result<ParquetParts> write_parquet_parts(BatchStream& rows, const ParquetPartsOptions& options) {
  // libparquet throws below its Arrow interface.
  try {
    return write_all_of(rows, options);
  } catch (const std::exception& exception) {
    return fail(ErrorCode::DataProcessing, "A rollup could not be written.", exception.what());
  }
}

}  // namespace canvasback
