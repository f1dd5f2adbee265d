// ColumnDecoder: the cells of one column, as MySQL's binary or text protocol has them, into a ColumnBuffer. What a cell
// is read by is chosen once for a column, so that a row costs one indirect call for each of its cells. Parses outside
// bytes: malformed ones are an error. Used by row_decoder.hpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "source/mysql/cell.hpp"
#include "source/mysql/column_buffer.hpp"
#include "source/mysql/mysql_rows.hpp"
#include "source/mysql/mysql_type.hpp"
#include "source/mysql/text_value.hpp"

namespace canvasback {

class ColumnDecoder {
 public:
  // Errors: InvalidData as arrow_type_of() says; also for FLOAT in the text protocol.
  static Result<ColumnDecoder> make(const MysqlColumn& column, MysqlProtocol protocol, std::int64_t rows_max);

  // The cell of a row that is not NULL; false: error() says what is wrong with it.
  bool read(CellCursor& cell, std::int64_t row) { return read_(*this, cell, row); }
  void set_null(std::int64_t row) { buffer_.set_null(row); }
  Status start() { return buffer_.start(); }
  // The batch's values. Errors: InvalidData for text that is not valid UTF-8.
  Result<std::shared_ptr<arrow::Array>> finish(std::int64_t rows);

  Error error() const;
  const MysqlColumnCounts& counts() const { return counts_; }

 private:
  friend struct CellReaders;
  using Read = bool (*)(ColumnDecoder& decoder, CellCursor& cell, std::int64_t row);

  ColumnDecoder(const MysqlColumn& column, std::shared_ptr<arrow::DataType> type, std::int64_t rows_max)
      : column_(column), buffer_(std::move(type), rows_max) {}

  bool refuse(std::string_view value);

  MysqlColumn column_;
  ColumnBuffer buffer_;
  Read read_ = nullptr;
  StoreText store_ = nullptr;  // where a value is stored by its text
  MysqlColumnCounts counts_;
  std::string refused_;  // the value that the type cannot have
  bool is_refused_ = false;
};

}  // namespace canvasback
