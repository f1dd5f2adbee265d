// Rows for a MySQL client: `sql`, INSERT statements of kMysqlRowsPerInsert rows into the table that DocumentInfo::title
// names; `tsv`, a file for LOAD DATA with its default options (fields end with a tab, lines with a line feed, \N is
// NULL; no header row). Values: encode/mysql/mysql_text.hpp. The same rows give the same bytes, however many threads
// format them.
#pragma once

#include "encode/block_encoder.hpp"

namespace canvasback {

inline constexpr std::int64_t kMysqlRowsPerInsert = 500;

std::unique_ptr<BlockFormatter> make_mysql_sql_formatter(const EncodeOptions& options);
std::unique_ptr<BlockFormatter> make_mysql_tsv_formatter(const EncodeOptions& options);

}  // namespace canvasback
