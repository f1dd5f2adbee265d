// MysqlRows: the rows of a batch as the text of MySQL 5.7 and its relatives: literals of statements, or the fields of a
// file for LOAD DATA with its default options. Whole numbers and decimals with all digits, DATETIME as
// '2025-01-31 12:00:00' with the fraction that there is, NULL, and text in UTF-8 under the default sql_mode (a
// backslash escapes). Other types are refused. Thread-safe once built.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/format.hpp"
#include "stream/batch_stream.hpp"

namespace canvasback {

class MysqlRows {
 public:
  enum class Form { Literals, Fields };

  // Errors: DataProcessing that names the column and its type.
  static Status check(const arrow::Schema& schema);

  // The schema must have passed check(). Keeps the batch's arrays alive.
  MysqlRows(const arrow::RecordBatch& batch, Form form);

  // All values of a row, with this byte between them.
  void append_row(std::int64_t row, char separator, TextWriter& out) const;
  // `name` = value, …: of all columns but those named.
  void append_assignments(std::int64_t row, const std::vector<std::string_view>& without, TextWriter& out) const;
  void append_value(std::size_t column, std::int64_t row, TextWriter& out) const;

 private:
  arrow::ArrayVector columns_;
  std::vector<std::string> names_;  // in backticks
  std::vector<std::string> bare_names_;
  Form form_;
};

// A name in backticks.
std::string mysql_identifier(std::string_view name);

}  // namespace canvasback
