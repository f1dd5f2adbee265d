#include "source/mysql/row_decoder.hpp"

#include <algorithm>

namespace canvasback {
namespace {

constexpr std::int64_t kBatchRowsMin = 1024;
constexpr std::size_t kValueBytesMax = 32;  // of a value of fixed size
constexpr char kTextNull = '\xfb';

}  // namespace

Result<RowDecoder> RowDecoder::make(const std::vector<MysqlColumn>& columns, const MysqlStreamOptions& options) {
  RowDecoder decoder;
  CANVASBACK_ASSIGN(decoder.schema_, arrow_schema_of(columns));
  decoder.protocol_ = options.protocol;
  decoder.bytes_max_ = options.batch_bytes;
  // Room is made for all rows of a batch beforehand: of hundreds of columns that would be too much.
  const auto rows_of_bytes =
      static_cast<std::int64_t>(4 * options.batch_bytes / (kValueBytesMax * std::max<std::size_t>(columns.size(), 1)));
  decoder.rows_max_ = std::min(options.batch_rows, std::max(rows_of_bytes, kBatchRowsMin));
  decoder.columns_.reserve(columns.size());
  for (const MysqlColumn& column : columns) {
    CANVASBACK_ASSIGN(ColumnDecoder made, ColumnDecoder::make(column, options.protocol, decoder.rows_max_));
    decoder.columns_.push_back(std::move(made));
  }
  return decoder;
}

Status RowDecoder::add(std::string_view packet) {
  if (!started_) {
    for (ColumnDecoder& column : columns_) CANVASBACK_TRY(column.start());
    started_ = true;
  }
  const CellCursor row{packet.data(), packet.data() + packet.size()};
  CANVASBACK_TRY(protocol_ == MysqlProtocol::Binary ? add_binary(row) : add_text(row));
  ++rows_;
  bytes_ += packet.size();
  return {};
}

// A zero, a bitmap of NULLs that begins at its third bit, and the cells of the others.
Status RowDecoder::add_binary(CellCursor row) {
  std::uint8_t header = 0xff;
  const std::size_t bitmap_bytes = (columns_.size() + 7 + 2) / 8;
  if (!row.read(header) || header != 0 || row.left() < bitmap_bytes) return malformed(nullptr);
  const char* nulls = row.at;
  row.at += bitmap_bytes;
  std::size_t bit = 2;
  for (ColumnDecoder& column : columns_) {
    if ((static_cast<unsigned char>(nulls[bit / 8]) >> (bit % 8) & 1) != 0) {
      column.set_null(rows_);
    } else if (!column.read(row, rows_)) {
      return malformed(&column);
    }
    ++bit;
  }
  if (row.at != row.end) return malformed(nullptr);
  return {};
}

Status RowDecoder::add_text(CellCursor row) {
  for (ColumnDecoder& column : columns_) {
    if (row.at != row.end && *row.at == kTextNull) {
      ++row.at;
      column.set_null(rows_);
    } else if (!column.read(row, rows_)) {
      return malformed(&column);
    }
  }
  if (row.at != row.end) return malformed(nullptr);
  return {};
}

Status RowDecoder::malformed(const ColumnDecoder* column) const {
  if (column) return std::unexpected(column->error());
  return fail(ErrorCode::InvalidData, "The server sent a malformed row.");
}

Result<BatchPtr> RowDecoder::finish() {
  arrow::ArrayVector arrays;
  arrays.reserve(columns_.size());
  for (ColumnDecoder& column : columns_) {
    CANVASBACK_ASSIGN(std::shared_ptr<arrow::Array> array, column.finish(rows_));
    arrays.push_back(std::move(array));
  }
  const std::int64_t rows = rows_;
  rows_ = 0;
  bytes_ = 0;
  started_ = false;
  return arrow::RecordBatch::Make(schema_, rows, std::move(arrays));
}

std::vector<MysqlColumnCounts> RowDecoder::counts() const {
  std::vector<MysqlColumnCounts> counts;
  for (const ColumnDecoder& column : columns_) counts.push_back(column.counts());
  return counts;
}

}  // namespace canvasback
