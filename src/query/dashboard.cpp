#include "query/dashboard.hpp"

#include <algorithm>

namespace canvasback {

const MetricsModel* Dashboard::model_of(const DashboardTile& tile) const {
  if (tile.metrics.empty()) return models.empty() ? nullptr : &models.front();
  const auto found = std::ranges::find(models, tile.metrics, &MetricsModel::name);
  return found == models.end() ? nullptr : &*found;
}

Json to_json(const DashboardProblem& problem) {
  Json out;
  out.set("line", problem.line > 0 ? Json(problem.line) : Json());
  out.set("column", problem.column > 0 ? Json(problem.column) : Json());
  out.set("path", problem.path);
  out.set("severity", problem.is_warning ? "warning" : "error");
  out.set("message", problem.message);
  out.set("nearest", problem.nearest.empty() ? Json() : Json(problem.nearest));
  return out;
}

}  // namespace canvasback
