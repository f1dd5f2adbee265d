// The SQL of record times and of ranges of them (query/record_range.hpp). Pure.
#pragma once

#include <string>
#include <vector>

#include "query/record_range.hpp"
#include "sql/column_names.hpp"
#include "sql/sql_builder.hpp"

namespace canvasback {

// The time of a record as a TIMESTAMP; time_columns: record_time_columns() of the collection, whose columns have these
// names in SQL.
std::string record_time_sql(const std::vector<std::string>& time_columns, const ColumnNames& names);

SqlStatement record_range_sql(const RecordRange& range, const ColumnNames& names);

}  // namespace canvasback
