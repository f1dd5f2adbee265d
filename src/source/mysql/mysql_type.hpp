// The types of MySQL and MariaDB, read from a column's declaration, and the Arrow types that hold their values exactly.
// Pure; stands before the decoder (row_decoder.hpp).
//
//   TINYINT … BIGINT [UNSIGNED]    int8 … uint64 (TINYINT(1), too: 2 and -3 are values)
//   DECIMAL(p,s)                   decimal128 to 38 digits, decimal256 beyond
//   FLOAT, DOUBLE                  float32, float64
//   BIT(1), BIT(n)                 bool, uint64
//   YEAR                           int16
//   DATE, DATETIME(n)              date32, timestamp[us]: zero and partial dates are NULL, and counted
//   TIMESTAMP(n)                   timestamp[us, UTC], the same
//   TIME(n)                        utf8, as MySQL writes it ("-838:59:59.000000"): no Parquet type reaches 838 hours
//   CHAR, VARCHAR, TEXT, ENUM,     utf8, converted from the column's character set; an invalid ENUM is ''
//   SET, JSON, UUID, INET4, INET6
//   BINARY, VARBINARY, BLOB        binary
//   GEOMETRY and its kind          binary, WKB: the SRID is left out, and counted where it is not 0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace canvasback {

enum class MysqlKind {
  TinyInt,
  SmallInt,
  MediumInt,
  Int,
  BigInt,
  Decimal,
  Float,
  Double,
  Bit,
  Year,
  Date,
  DateTime,
  Timestamp,
  Time,
  Text,  // CHAR, VARCHAR, TEXT and what else arrives as text
  Enum,
  Set,
  Json,
  Binary,
  Spatial
};

struct MysqlType {
  MysqlKind kind = MysqlKind::Text;
  bool is_unsigned = false;  // numbers
  int precision = 0;         // DECIMAL: digits; BIT: bits; FLOAT, DOUBLE: digits shown, 0 where none are declared
  int scale = 0;             // DECIMAL: digits of the fraction; DATETIME, TIMESTAMP, TIME: those of the seconds
  std::int64_t length = 0;   // CHAR, VARCHAR: characters; BINARY, VARBINARY: bytes; otherwise 0

  bool operator==(const MysqlType&) const = default;
};

// Reads COLUMN_TYPE: "int(10) unsigned", "enum('a','b')", "decimal(12,2)". Errors: InvalidData for a type that this
// program does not know.
Result<MysqlType> mysql_type_from(std::string_view declaration);

struct MysqlColumn {
  std::string name = {};
  std::string declared = {};  // COLUMN_TYPE, as the server has it
  MysqlType type = {};
  bool nullable = true;
  std::string collation = {};  // of text columns, else empty
  bool pads = false;           // the collation ignores trailing spaces: 'a' = 'a '
  std::string extra = {};      // "auto_increment", "VIRTUAL GENERATED", "on update CURRENT_TIMESTAMP", …
  bool generated = false;
  bool invisible = false;
  std::string read_as = {};  // the source file's type for it ("decimal(12,2)"); empty: the type of the table above

  bool operator==(const MysqlColumn&) const = default;
};

// A type that a source's file declares for a column: boolean, int8 to int64, uint8 to uint64, decimal(p,s), float,
// double, date, time, timestamp, timestamptz, text, binary. Every value is converted exactly, or the read fails with
// column and value: a DOUBLE read as decimal(12,2) is the number of its shortest digits.
Result<std::shared_ptr<arrow::DataType>> mysql_override_from(std::string_view name);

// The Arrow type of a column: its override's, else that of the table above. Errors: InvalidData that names the column,
// for a read_as that is no type or that values of the column's type cannot have.
Result<std::shared_ptr<arrow::DataType>> arrow_type_of(const MysqlColumn& column);

// Every field may be NULL: zero dates are, and so are columns of joins.
Result<std::shared_ptr<arrow::Schema>> arrow_schema_of(const std::vector<MysqlColumn>& columns);

}  // namespace canvasback
