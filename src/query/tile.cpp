#include "query/tile.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "record/column_type.hpp"

namespace canvasback {
namespace {

constexpr std::array<std::string_view, 3> kScales{"linear", "log", "eq_hist"};

Status check_axis(const std::string& name, std::string_view parameter, const Dataset& dataset, bool dates) {
  if (name.empty()) {
    return fail(ErrorCode::InvalidData, fmt::format("The parameter \"{}\" is required: a column.", parameter));
  }
  const DatasetColumn* column = dataset.find_column(name);
  if (column == nullptr) {
    return fail(ErrorCode::InvalidData, fmt::format("{}: there is no column \"{}\".", parameter, name.substr(0, 256)));
  }
  if (is_number_type(column->type) || (dates && is_date_type(column->type))) return {};
  return fail(ErrorCode::InvalidData, fmt::format("{}: \"{}\" is {}; a tile needs numbers{}.", parameter, name,
                                                  column->type, dates ? " or dates" : ""));
}

Status check_range(const std::optional<double>& low, const std::optional<double>& high, std::string_view axis) {
  for (const auto& bound : {low, high}) {
    if (bound && !std::isfinite(*bound)) {
      return fail(ErrorCode::InvalidData, fmt::format("{}_min and {}_max must be finite numbers.", axis, axis));
    }
  }
  if (low && high && !(*low < *high && std::isfinite(*high - *low))) {
    return fail(ErrorCode::InvalidData, fmt::format("{}_min must be below {}_max.", axis, axis));
  }
  return {};
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
    return fail(ErrorCode::InvalidData, "measure must be count, sum or mean.");
  }
  if (tile.measure != "count") CANVASBACK_TRY(check_axis(tile.value, "value", dataset, false));
  if (tile.measure == "count" && !tile.value.empty()) {
    return fail(ErrorCode::InvalidData, "value requires measure=sum or measure=mean.");
  }
  const std::int64_t tiles = std::int64_t{1} << tile.zoom;
  if (tile.column >= tiles || tile.row >= tiles) {
    return fail(ErrorCode::InvalidData, fmt::format("At z={}, tx and ty must be from 0 to {}.", tile.zoom, tiles - 1));
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

}  // namespace canvasback
