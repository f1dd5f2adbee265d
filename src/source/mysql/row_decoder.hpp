// RowDecoder: packets of MySQL's protocol, one for each row, as Arrow batches. Knows no connection: bytes in, batches
// out, so that it can be tested and fuzzed alone. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "source/mysql/column_decoder.hpp"
#include "source/mysql/mysql_rows.hpp"
#include "source/mysql/mysql_type.hpp"
#include "stream/batch_stream.hpp"

namespace canvasback {

class RowDecoder {
 public:
  // batch_rows and batch_bytes of the options bound a batch; of columns that are many, fewer rows make one.
  static Result<RowDecoder> make(const std::vector<MysqlColumn>& columns, const MysqlStreamOptions& options);

  const SchemaPtr& schema() const { return schema_; }

  // Adds a row. Errors: InvalidData with the column's name, for a malformed row or a value that the declared type
  // cannot have; nothing can be added after one.
  Status add(std::string_view packet);
  bool is_full() const { return rows_ == rows_max_ || bytes_ >= bytes_max_; }
  std::int64_t rows() const { return rows_; }
  // The rows added since the last batch, at least one.
  Result<BatchPtr> finish();

  std::vector<MysqlColumnCounts> counts() const;

 private:
  RowDecoder() = default;
  Status add_binary(CellCursor row);
  Status add_text(CellCursor row);
  Status malformed(const ColumnDecoder* column) const;

  SchemaPtr schema_;
  std::vector<ColumnDecoder> columns_;
  MysqlProtocol protocol_ = MysqlProtocol::Binary;
  std::int64_t rows_max_ = 0;
  std::size_t bytes_max_ = 0;
  std::int64_t rows_ = 0;
  std::size_t bytes_ = 0;
  bool started_ = false;
};

}  // namespace canvasback
