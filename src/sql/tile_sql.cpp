#include "sql/tile_sql.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "record/column_type.hpp"
#include "sql/column_names.hpp"

namespace canvasback {
namespace {

// A value of the column as the number that it is drawn at.
std::string number_of(const std::string& value, std::string_view type) {
  if (is_date_type(type)) return fmt::format("CAST(epoch_us(CAST({} AS TIMESTAMP)) AS DOUBLE)", value);
  return fmt::format("CAST({} AS DOUBLE)", value);
}

std::string finite(const std::string& column, std::string_view type) {
  return may_be_infinite(type) ? fmt::format("isfinite({})", column) : fmt::format("{} IS NOT NULL", column);
}

// One end of an axis: what was asked for, what the footers say, or what the rows say.
std::string end_sql(const Dataset& dataset, const std::string& name, const std::optional<double>& asked, bool high,
                    const std::string& where) {
  if (asked) return fmt::format("CAST({} AS DOUBLE)", *asked);
  const DatasetColumn& column = *dataset.find_column(name);
  const auto& known = high ? column.max : column.min;
  // Of floating point, footers leave out NaN, but not infinities.
  if (where.empty() && known && !column.type.starts_with("FLOAT") && column.type != "DOUBLE") {
    return number_of(fmt::format("CAST({} AS {})", sql_literal(*known), column.type), column.type);
  }
  const std::string identifier = ColumnNames(dataset).sql(name);
  return fmt::format("(SELECT {}({}) FROM {} WHERE {}{})", high ? "max" : "min", number_of(identifier, column.type),
                     relation_sql(dataset), finite(identifier, column.type), where.empty() ? "" : " AND " + where);
}

}  // namespace

Result<SqlStatement> tile_bounds_sql(const Dataset& dataset, const Tile& tile, const Selection& selection) {
  CANVASBACK_ASSIGN(SqlStatement statement, condition_sql(dataset, selection));
  const std::string where = statement.sql;
  statement.sql = fmt::format(
      "SELECT {} AS x_min, {} AS x_max, {} AS y_min, {} AS y_max", end_sql(dataset, tile.x, tile.x_min, false, where),
      end_sql(dataset, tile.x, tile.x_max, true, where), end_sql(dataset, tile.y, tile.y_min, false, where),
      end_sql(dataset, tile.y, tile.y_max, true, where));
  const bool uses_condition = statement.sql.find('$') != std::string::npos;
  if (!uses_condition) statement.parameters.clear();
  return statement;
}

Result<SqlStatement> tile_sql(const Dataset& dataset, const Tile& tile, const Selection& selection,
                              const TileBounds& whole) {
  CANVASBACK_ASSIGN(SqlStatement statement, condition_sql(dataset, selection));
  const std::string condition = statement.sql.empty() ? "" : " AND " + statement.sql;
  const std::string& x_type = dataset.find_column(tile.x)->type;
  const std::string& y_type = dataset.find_column(tile.y)->type;
  const ColumnNames names(dataset);
  const std::string x = names.sql(tile.x);
  const std::string y = names.sql(tile.y);
  // Places in the whole picture, in cells: neighbouring tiles meet exactly, and the ends belong to the outermost cells.
  const std::int64_t cells = (std::int64_t{1} << tile.zoom) * tile.size;
  const auto place = [&](const std::string& number, double low, double high, bool downwards) {
    const std::string share =
        downwards ? fmt::format("({} - {}) / {}", high, number, high - low)
                  : fmt::format("({} - {}) / {}", number, fmt::format("CAST({} AS DOUBLE)", low), high - low);
    return fmt::format("CAST(least(floor({} * {}), {}) AS BIGINT)", share, cells, cells - 1);
  };
  const std::string number_x = number_of(x, x_type);
  const std::string number_y = number_of(y, y_type);
  std::string value = "CAST(count(*) AS DOUBLE)";
  if (tile.measure != "count") {
    value = fmt::format("{}(CAST({} AS DOUBLE))", tile.measure == "sum" ? "sum" : "avg", names.sql(tile.value));
  }
  const TileBounds part = bounds_of(tile, whole);
  // A little more than the tile is read, and cut by the cell: the bounds are rounded, the cells are not.
  const double x_slack = (part.x_max - part.x_min) / tile.size;
  const double y_slack = (part.y_max - part.y_min) / tile.size;
  statement.sql = fmt::format(
      "SELECT CAST(cx - {tx} AS INTEGER) AS \"column\", CAST(cy - {ty} AS INTEGER) AS \"row\", \"count\", \"value\" "
      "FROM (SELECT {px} AS cx, {py} AS cy, count(*) AS \"count\", {value} AS \"value\" FROM {relation} "
      "WHERE {fx} AND {fy} AND {nx} BETWEEN {x0} AND {x1} AND {ny} BETWEEN {y0} AND {y1}{condition} GROUP BY 1, 2) "
      "WHERE cx >= {tx} AND cx < {tx} + {size} AND cy >= {ty} AND cy < {ty} + {size} ORDER BY 2, 1",
      fmt::arg("tx", tile.column * tile.size), fmt::arg("ty", tile.row * tile.size), fmt::arg("size", tile.size),
      fmt::arg("px", place(number_x, whole.x_min, whole.x_max, false)),
      fmt::arg("py", place(number_y, whole.y_min, whole.y_max, true)), fmt::arg("value", value),
      fmt::arg("relation", relation_sql(dataset)), fmt::arg("fx", finite(x, x_type)), fmt::arg("fy", finite(y, y_type)),
      fmt::arg("nx", number_x), fmt::arg("ny", number_y), fmt::arg("x0", std::max(whole.x_min, part.x_min - x_slack)),
      fmt::arg("x1", std::min(whole.x_max, part.x_max + x_slack)),
      fmt::arg("y0", std::max(whole.y_min, part.y_min - y_slack)),
      fmt::arg("y1", std::min(whole.y_max, part.y_max + y_slack)), fmt::arg("condition", condition));
  return statement;
}

}  // namespace canvasback
