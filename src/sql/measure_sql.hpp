// The SQL of one measure of an aggregate (query/analysis.hpp), written so that its value is right for its column's
// type: what the engine's own function would cut, wrap round or blur is computed another way, or refused. Pure.
#pragma once

#include <string>

#include "query/analysis.hpp"
#include "sql/column_names.hpp"

namespace canvasback {

// `type`: the SQL type of the measure's column.
std::string measure_sql(const Measure& measure, const std::string& type, const ColumnNames& names);

}  // namespace canvasback
