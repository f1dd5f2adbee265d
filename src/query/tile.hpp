// Tile: the rows of a dataset counted on a grid over two of its columns, for a map or a scatter plot of any number of
// points. The whole picture spans bounds in both columns (given, or those of the data); zoom level z cuts it into 2^z
// by 2^z tiles of size by size cells. Columns are numbers or dates, a date counting as its microseconds since 1970.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/json.hpp"
#include "storage/dataset.hpp"

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

// The bounds of the tile alone, in the whole picture.
TileBounds bounds_of(const Tile& tile, const TileBounds& whole);

}  // namespace canvasback
