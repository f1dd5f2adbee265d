// Tile: the rows of a dataset counted on a grid over two of its columns, for a map or a scatter plot of any number of
// points. The whole picture spans bounds in both columns (given, or those of the data); zoom level z cuts it into 2^z
// by 2^z tiles of size by size cells. Columns are numbers or dates, a date counting as its microseconds since 1970.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "task/sql_builder.hpp"

namespace canvasback {

enum class TileScale { Linear, Log, EqualHistogram };

struct TileBounds {
  double x_min = 0;
  double x_max = 0;
  double y_min = 0;
  double y_max = 0;
};

struct Tile {
  std::string x;
  std::string y;
  std::string value;              // a number, for sum and mean
  std::string measure = "count";  // count, sum, mean
  TileScale scale = TileScale::EqualHistogram;
  int size = 256;
  int zoom = 0;
  std::int64_t column = 0;  // of the tile: 0 is at the smallest x,
  std::int64_t row = 0;     // 0 at the largest y
  std::optional<double> x_min, x_max, y_min, y_max;
  bool picture = true;  // else the cells as rows
};

std::optional<TileScale> tile_scale_from(std::string_view name);

// The columns are there and of fitting types, the numbers within bounds. Errors: InvalidData.
Status check_tile(const Tile& tile, const Dataset& dataset);

Json to_json(const Tile& tile);
Tile tile_from_json(const Json& json);

// One row of four DOUBLE columns: x_min, x_max, y_min, y_max of the finite values, from what the files' footers say
// where they do; NULL where there is no value.
Result<SqlStatement> tile_bounds_sql(const Dataset& dataset, const Tile& tile, const Selection& selection);

// The tile's cells with rows in them: column and row (INTEGER, from the upper left), count (BIGINT) and value (DOUBLE:
// what the measure says). `whole`: the bounds of the whole picture.
Result<SqlStatement> tile_sql(const Dataset& dataset, const Tile& tile, const Selection& selection,
                              const TileBounds& whole);
// The bounds of the tile alone.
TileBounds bounds_of(const Tile& tile, const TileBounds& whole);

}  // namespace canvasback
