#include "worker/roles/query/tile_task.hpp"

#include <arrow/array.h>

#include <cmath>
#include <limits>

#include "base/clock.hpp"
#include "encode/png/colour_scale.hpp"
#include "encode/png/png_writer.hpp"
#include "sql/tile_sql.hpp"
#include "worker/roles/query/answer.hpp"

namespace canvasback {
namespace {

// Bounds that are one value apart from nothing get some room around it.
void widen(double& low, double& high) {
  if (high > low) return;
  const double room = std::max(0.5, std::abs(low) * 1e-9);
  low -= room;
  high += room;
}

Result<std::vector<double>> cells_of(BatchStream& stream, int size, const CancelToken& cancel) {
  std::vector<double> cells(static_cast<std::size_t>(size) * static_cast<std::size_t>(size),
                            std::numeric_limits<double>::quiet_NaN());
  while (true) {
    CANVASBACK_TRY(cancel.check());
    CANVASBACK_ASSIGN(BatchPtr batch, stream.next());
    if (!batch) return cells;
    const auto& columns = static_cast<const arrow::Int32Array&>(*batch->column(0));
    const auto& rows = static_cast<const arrow::Int32Array&>(*batch->column(1));
    const auto& values = static_cast<const arrow::DoubleArray&>(*batch->column(3));
    for (std::int64_t i = 0; i < batch->num_rows(); ++i) {
      const std::int64_t at = std::int64_t{rows.Value(i)} * size + columns.Value(i);
      if (at < 0 || at >= static_cast<std::int64_t>(cells.size()) || values.IsNull(i)) continue;
      cells[static_cast<std::size_t>(at)] = values.Value(i);
    }
  }
}

ColourScale colour_scale(TileScale scale) {
  switch (scale) {
    case TileScale::Linear: return ColourScale::Linear;
    case TileScale::Log: return ColourScale::Log;
    case TileScale::EqualHistogram: break;
  }
  return ColourScale::EqualHistogram;
}

}  // namespace

Status run_tile(TaskContext& context, const TileWork& work) {
  CANVASBACK_ASSIGN(const Dataset* found, context.datasets.find(work.dataset));
  const Dataset& dataset = *found;
  CANVASBACK_TRY(context.files.check(dataset, context.cancel));
  const Tile& tile = work.tile;
  CANVASBACK_TRY(check_tile(tile, dataset));
  CANVASBACK_TRY(context.engine.define(dataset));
  TaskMetrics& metrics = context.metrics;
  metrics.method = "duckdb";
  Stopwatch watch;
  CANVASBACK_ASSIGN(SqlStatement asked, tile_bounds_sql(dataset, tile, work.selection));
  CANVASBACK_ASSIGN(auto answer, context.engine.execute(std::move(asked), context.cancel));
  CANVASBACK_ASSIGN(BatchPtr row, answer->next());
  if (!row) return fail(ErrorCode::Database, "The bounds of a tile gave no row.");
  answer.reset();
  std::array<double, 4> ends{};
  bool empty = false;
  for (int i = 0; i < 4; ++i) {
    const auto& end = static_cast<const arrow::DoubleArray&>(*row->column(i));
    empty = empty || end.IsNull(0);
    ends[static_cast<std::size_t>(i)] = end.IsNull(0) ? 0 : end.Value(0);
  }
  TileBounds whole{ends[0], ends[1], ends[2], ends[3]};
  if (empty) whole = {0, 1, 0, 1};
  if (whole.x_max < whole.x_min || whole.y_max < whole.y_min) {
    return fail(ErrorCode::InvalidData, "The bounds that were given leave nothing of the picture.");
  }
  widen(whole.x_min, whole.x_max);
  widen(whole.y_min, whole.y_max);
  if (!std::isfinite(whole.x_max - whole.x_min) || !std::isfinite(whole.y_max - whole.y_min)) {
    return fail(ErrorCode::InvalidData, "The values lie too far apart for a picture; give bounds.");
  }
  CANVASBACK_ASSIGN(SqlStatement statement, tile_sql(dataset, tile, work.selection, whole));
  if (empty) statement.sql = "SELECT * FROM (" + statement.sql + ") LIMIT 0";
  CANVASBACK_ASSIGN(auto stream, context.engine.execute(std::move(statement), context.cancel));
  metrics.engine_ms += watch.elapsed_ms();
  const TileBounds part = bounds_of(tile, whole);
  Json bounds;
  bounds.set("x_min", part.x_min);
  bounds.set("x_max", part.x_max);
  bounds.set("y_min", part.y_min);
  bounds.set("y_max", part.y_max);
  context.end.done.set("bounds", bounds);
  if (!tile.picture) {
    auto tail = [&] {
      Json out;
      out.set("bounds", bounds);
      out.set("size", tile.size);
      out.set("total_rows", metrics.rows);
      out.set("total_exact", true);
      add_left_out(out, context.task.files.left_out);
      out.set("next", Json());
      out.set("performance_metrics", metrics_json(context));
      return out;
    };
    return write_answer(context, *stream, tail);
  }
  watch.restart();
  CANVASBACK_ASSIGN(std::vector<double> cells, cells_of(*stream, tile.size, context.cancel));
  metrics.engine_ms += watch.elapsed_ms();
  watch.restart();
  const auto colours = colours_of(cells, colour_scale(tile.scale));
  CANVASBACK_ASSIGN(std::string bytes, png_picture(tile.size, tile.size, colours, density_palette()));
  metrics.encode_ms += watch.elapsed_ms();
  metrics.rows = static_cast<std::int64_t>(cells.size());
  CANVASBACK_TRY(context.sink.write(bytes));
  return context.sink.finish();
}

}  // namespace canvasback
