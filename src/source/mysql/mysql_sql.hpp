// SQL for MySQL 5.7, 8 and MariaDB: names, literals, keyset predicates, and keys that compare as a column's collation
// does. Pure text; for a session as MysqlConnection sets it up (utf8mb4, no sql_mode: a backslash escapes).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "source/mysql/mysql_type.hpp"

namespace canvasback::mysql {

// `a ``quoted`` name`
std::string identifier(std::string_view name);
// `shop`.`orders`
std::string identifier(std::string_view database, std::string_view table);

// 'it\'s' as utf8mb4, whatever bytes it has.
std::string text_literal(std::string_view text);
// x'00ff', or '' for no bytes.
std::string binary_literal(std::string_view bytes);

// A value as it is written in text (a key of a batch, say), as a literal that compares exactly with a column of this
// type: numbers bare, times quoted with their fraction, bytes in hexadecimal, values of ENUM and SET as their numbers,
// by which the server sorts them (the declaration must be information_schema's). Errors: InvalidData for a text that is
// no value of the type.
Result<std::string> literal(const MysqlColumn& column, std::string_view value);

// What stands behind ORDER BY: "`a`, `b`".
std::string column_list(std::span<const std::string> names);

// Rows behind a position in the order of these columns, which must all be NOT NULL; literals has one for each:
//   `a` > 1 OR (`a` = 1 AND `b` > 2)
// A row constructor says the same and is a full scan in MySQL 5.7.
// or_equal: the position itself, too.
std::string rows_after(std::span<const std::string> names, std::span<const std::string> literals,
                       bool or_equal = false);
// Rows before a position, the same way.
std::string rows_before(std::span<const std::string> names, std::span<const std::string> literals,
                        bool or_equal = false);

// An expression whose bytes are equal where two values of a text column are equal under its collation (trailing spaces
// included where it pads), and are in the server's order. Of a column without a collation: the column itself.
// A TEXT column, which has no length that its keys could be padded to, must be of a collation that does not pad.
Result<std::string> key_bytes(const MysqlColumn& column);

}  // namespace canvasback::mysql
