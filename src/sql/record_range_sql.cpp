#include "sql/record_range_sql.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "record/record_schema.hpp"

namespace canvasback {
namespace {

// The years that the names of weeks can say.
constexpr std::string_view kRecordTimes = "TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999'";

// That one of the columns has the id; the types are known to be of these two kinds.
std::string id_condition(const RecordRange& range, const ColumnNames& names, SqlStatement& out) {
  out.parameters.push_back(*range.id);
  const std::string id = fmt::format("${}", out.parameters.size());
  std::vector<std::string> parts;
  for (const auto& [name, type] : range.id_columns) {
    parts.push_back(type == "VARCHAR" ? fmt::format("{} = {}", names.sql(name), id)
                                      : fmt::format("{} = TRY_CAST({} AS {})", names.sql(name), id, type));
  }
  return fmt::format("({})", fmt::join(parts, " OR "));
}

}  // namespace

std::string record_time_sql(const std::vector<std::string>& time_columns, const ColumnNames& names) {
  std::vector<std::string> parts;
  for (const std::string& column : time_columns) {
    // By way of the type with a time zone, which honours an offset; times without one are UTC. The engine wants seconds
    // where there is an offset.
    const std::string time = fmt::format(
        "CAST(COALESCE(TRY_CAST({0} AS TIMESTAMPTZ), TRY_CAST(regexp_replace(CAST({0} AS VARCHAR), "
        "'([T ][0-9]{{2}}:[0-9]{{2}})(Z|[+-][0-9:]+)$', '\\1:00\\2') AS TIMESTAMPTZ)) AS TIMESTAMP)",
        names.sql(column));
    parts.push_back(fmt::format("CASE WHEN {0} BETWEEN {1} THEN {0} END", time, kRecordTimes));
  }
  parts.push_back(names.sql(kIngestedAtColumn));
  return parts.size() == 1 ? parts[0] : fmt::format("COALESCE({})", fmt::join(parts, ", "));
}

SqlStatement record_range_sql(const RecordRange& range, const ColumnNames& names) {
  const std::string time = record_time_sql(range.time_columns, names);
  SqlStatement out;
  const auto bound = [&](const std::string& text) {
    // As the collection's schemas read a time: an offset is honoured.
    if (const auto time_us = parse_iso_time(text)) return fmt::format("make_timestamp({})", *time_us);
    out.parameters.push_back(text);
    return fmt::format("CAST(${} AS TIMESTAMP)", out.parameters.size());
  };
  std::vector<std::string> conditions;
  if (range.id) conditions.push_back(id_condition(range, names, out));
  if (range.start) conditions.push_back(fmt::format("{} >= {}", time, bound(*range.start)));
  if (range.end) {
    // A day is meant with all of its hours.
    const bool is_day = range.end->size() == std::string_view("2025-10-01").size();
    const std::string_view rest = is_day ? " + INTERVAL 1 DAY" : " + INTERVAL 1 MICROSECOND";
    conditions.push_back(fmt::format("{} < {}{}", time, bound(*range.end), rest));
  }
  const std::string order = range.newest_first ? names.sql(kIngestedAtColumn) + " DESC" : time;
  out.sql = fmt::format("SELECT * FROM {}{}{} ORDER BY {} LIMIT {}", sql_identifier(range.collection),
                        conditions.empty() ? "" : " WHERE ", fmt::join(conditions, " AND "), order, range.limit);
  return out;
}

}  // namespace canvasback
