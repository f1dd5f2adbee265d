// The SQL of a tile (query/tile.hpp) that was checked against its dataset. Pure.
#pragma once

#include <string>

#include "base/error.hpp"
#include "query/tile.hpp"
#include "sql/sql_builder.hpp"

namespace canvasback {

// One row of four DOUBLE columns: x_min, x_max, y_min, y_max of the finite values, from what the files' footers say
// where they do; NULL where there is no value.
Result<SqlStatement> tile_bounds_sql(const Dataset& dataset, const Tile& tile, const Selection& selection);

// The tile's cells with rows in them: column and row (INTEGER, from the upper left), count (BIGINT) and value (DOUBLE:
// what the measure says). `whole`: the bounds of the whole picture.
Result<SqlStatement> tile_sql(const Dataset& dataset, const Tile& tile, const Selection& selection,
                              const TileBounds& whole);

}  // namespace canvasback
