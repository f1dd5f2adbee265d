#include "sql/record_range_sql.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace canvasback {

std::string record_time_sql(const std::vector<std::string>& time_columns) {
  std::vector<std::string> parts;
  for (const std::string& column : time_columns) {
    const std::string time = fmt::format("TRY_CAST({} AS TIMESTAMP)", sql_identifier(column));
    parts.push_back(
        fmt::format("CASE WHEN {0} >= TIMESTAMP '1970-01-01' AND {0} < TIMESTAMP '2200-01-01' THEN {0} END", time));
  }
  parts.push_back(sql_identifier(kIngestedAtColumn));
  return parts.size() == 1 ? parts[0] : fmt::format("COALESCE({})", fmt::join(parts, ", "));
}

SqlStatement record_range_sql(const RecordRange& range) {
  const std::string time = record_time_sql(range.time_columns);
  SqlStatement out;
  const auto bound = [&](const std::string& text) {
    out.parameters.push_back(text);
    return fmt::format("CAST(${} AS TIMESTAMP)", out.parameters.size());
  };
  std::vector<std::string> conditions;
  if (range.start) conditions.push_back(fmt::format("{} >= {}", time, bound(*range.start)));
  if (range.end) {
    // A day is meant with all of its hours.
    const bool is_day = range.end->size() == std::string_view("2025-10-01").size();
    const std::string_view rest = is_day ? " + INTERVAL 1 DAY" : " + INTERVAL 1 MICROSECOND";
    conditions.push_back(fmt::format("{} < {}{}", time, bound(*range.end), rest));
  }
  out.sql = fmt::format("SELECT * FROM {}{}{} ORDER BY {} LIMIT {}", sql_identifier(range.collection),
                        conditions.empty() ? "" : " WHERE ", fmt::join(conditions, " AND "), time, range.limit);
  return out;
}

}  // namespace canvasback
