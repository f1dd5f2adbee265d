// What a result says of its columns, and how that fits what a reader expects. Numbers are those of MySQL's protocol;
// pure, without the client library's headers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "source/mysql/mysql_type.hpp"

namespace canvasback {

struct MysqlWireColumn {
  std::string name = {};
  std::string table = {};   // of a column of a table, as it is there; else empty
  std::string column = {};  // its name there
  std::string database = {};
  unsigned type = 0;  // enum_field_types
  unsigned flags = 0;
  unsigned charset = 0;
  unsigned decimals = 0;
  std::uint64_t length = 0;
};

// The column with its type; `declared` is made of it. Errors: InvalidData for a type that is not known, with the
// column's name.
Result<MysqlColumn> column_from_wire(const MysqlWireColumn& wire);

// Errors: SchemaValidation where the result is not what is expected: other names, or types of other values.
Status check_wire(const std::vector<MysqlColumn>& expected, const std::vector<MysqlWireColumn>& found);

}  // namespace canvasback
