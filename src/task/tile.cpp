#include "task/tile.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "base/limits.hpp"
#include "base/text.hpp"

namespace canvasback {
namespace {

constexpr std::array<std::string_view, 3> kScales{"linear", "log", "eq_hist"};

bool is_date(std::string_view type) { return type == "DATE" || type.starts_with("TIMESTAMP"); }
bool is_number(std::string_view type) {
  for (std::string_view known : {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT",
                                 "UINTEGER", "UBIGINT", "UHUGEINT", "FLOAT", "DOUBLE"}) {
    if (type == known) return true;
  }
  return type.starts_with("DECIMAL") && type.ends_with(')');
}

// A value of the column as the number that it is drawn at.
std::string number_of(const std::string& value, std::string_view type) {
  if (is_date(type)) return fmt::format("CAST(epoch_us(CAST({} AS TIMESTAMP)) AS DOUBLE)", value);
  return fmt::format("CAST({} AS DOUBLE)", value);
}

std::string finite(const std::string& column, std::string_view type) {
  const bool may_be_infinite = is_date(type) || type == "DOUBLE" || type == "FLOAT";
  return may_be_infinite ? fmt::format("isfinite({})", column) : fmt::format("{} IS NOT NULL", column);
}

Status check_axis(const std::string& name, std::string_view parameter, const Dataset& dataset, bool dates) {
  if (name.empty()) return fail(ErrorCode::InvalidData, fmt::format("Say by ?{}= which column.", parameter));
  const DatasetColumn* column = dataset.find_column(name);
  if (column == nullptr) {
    return fail(ErrorCode::InvalidData, fmt::format("{}: there is no column \"{}\".", parameter, name.substr(0, 256)));
  }
  if (is_number(column->type) || (dates && is_date(column->type))) return {};
  return fail(ErrorCode::InvalidData, fmt::format("{}: \"{}\" is {}; a tile needs numbers{}.", parameter, name,
                                                  column->type, dates ? " or dates" : ""));
}

Status check_range(const std::optional<double>& low, const std::optional<double>& high, std::string_view axis) {
  for (const auto& bound : {low, high}) {
    if (bound && !std::isfinite(*bound)) {
      return fail(ErrorCode::InvalidData, fmt::format("{}_min and {}_max are finite numbers.", axis, axis));
    }
  }
  if (low && high && !(*low < *high && std::isfinite(*high - *low))) {
    return fail(ErrorCode::InvalidData, fmt::format("{}_min must be below {}_max.", axis, axis));
  }
  return {};
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
  const std::string identifier = sql_identifier(name);
  return fmt::format("(SELECT {}({}) FROM {} WHERE {}{})", high ? "max" : "min", number_of(identifier, column.type),
                     relation_sql(dataset), finite(identifier, column.type), where.empty() ? "" : " AND " + where);
}

Json optional_json(const std::optional<double>& value) { return value ? Json(*value) : Json(); }
std::optional<double> optional_double(const Json& json) {
  return json.is_number() ? std::optional(json.as_double()) : std::nullopt;
}

}  // namespace

std::optional<TileScale> tile_scale_from(std::string_view name) {
  for (std::size_t i = 0; i < kScales.size(); ++i) {
    if (kScales[i] == name) return static_cast<TileScale>(i);
  }
  return std::nullopt;
}

Status check_tile(const Tile& tile, const Dataset& dataset) {
  CANVASBACK_TRY(check_axis(tile.x, "x", dataset, true));
  CANVASBACK_TRY(check_axis(tile.y, "y", dataset, true));
  if (tile.measure != "count" && tile.measure != "sum" && tile.measure != "mean") {
    return fail(ErrorCode::InvalidData, "measure is count, sum or mean.");
  }
  if (tile.measure != "count") CANVASBACK_TRY(check_axis(tile.value, "value", dataset, false));
  if (tile.measure == "count" && !tile.value.empty()) {
    return fail(ErrorCode::InvalidData, "value goes with measure=sum or measure=mean.");
  }
  const std::int64_t tiles = std::int64_t{1} << tile.zoom;
  if (tile.column >= tiles || tile.row >= tiles) {
    return fail(ErrorCode::InvalidData, fmt::format("At z={} tx and ty are from 0 to {}.", tile.zoom, tiles - 1));
  }
  CANVASBACK_TRY(check_range(tile.x_min, tile.x_max, "x"));
  return check_range(tile.y_min, tile.y_max, "y");
}

Json to_json(const Tile& tile) {
  Json out;
  out.set("x", tile.x);
  out.set("y", tile.y);
  out.set("value", tile.value);
  out.set("measure", tile.measure);
  out.set("scale", kScales[static_cast<std::size_t>(tile.scale)]);
  out.set("size", tile.size);
  out.set("zoom", tile.zoom);
  out.set("column", tile.column);
  out.set("row", tile.row);
  out.set("x_min", optional_json(tile.x_min));
  out.set("x_max", optional_json(tile.x_max));
  out.set("y_min", optional_json(tile.y_min));
  out.set("y_max", optional_json(tile.y_max));
  out.set("picture", tile.picture);
  return out;
}

Tile tile_from_json(const Json& json) {
  Tile tile;
  tile.x = json.at("x").as_string();
  tile.y = json.at("y").as_string();
  tile.value = json.at("value").as_string();
  tile.measure = json.at("measure").as_string();
  tile.scale = tile_scale_from(json.at("scale").as_string()).value_or(TileScale::EqualHistogram);
  tile.size = static_cast<int>(json.at("size").as_int(tile.size));
  tile.zoom = static_cast<int>(json.at("zoom").as_int());
  tile.column = json.at("column").as_int();
  tile.row = json.at("row").as_int();
  tile.x_min = optional_double(json.at("x_min"));
  tile.x_max = optional_double(json.at("x_max"));
  tile.y_min = optional_double(json.at("y_min"));
  tile.y_max = optional_double(json.at("y_max"));
  tile.picture = json.at("picture").as_bool(true);
  return tile;
}

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

TileBounds bounds_of(const Tile& tile, const TileBounds& whole) {
  const double tiles = std::ldexp(1.0, tile.zoom);
  const double width = (whole.x_max - whole.x_min) / tiles;
  const double height = (whole.y_max - whole.y_min) / tiles;
  TileBounds out;
  out.x_min = whole.x_min + width * static_cast<double>(tile.column);
  out.x_max = out.x_min + width;
  out.y_max = whole.y_max - height * static_cast<double>(tile.row);
  out.y_min = out.y_max - height;
  return out;
}

Result<SqlStatement> tile_sql(const Dataset& dataset, const Tile& tile, const Selection& selection,
                              const TileBounds& whole) {
  CANVASBACK_ASSIGN(SqlStatement statement, condition_sql(dataset, selection));
  const std::string condition = statement.sql.empty() ? "" : " AND " + statement.sql;
  const std::string& x_type = dataset.find_column(tile.x)->type;
  const std::string& y_type = dataset.find_column(tile.y)->type;
  const std::string x = sql_identifier(tile.x);
  const std::string y = sql_identifier(tile.y);
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
    value = fmt::format("{}(CAST({} AS DOUBLE))", tile.measure == "sum" ? "sum" : "avg", sql_identifier(tile.value));
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
