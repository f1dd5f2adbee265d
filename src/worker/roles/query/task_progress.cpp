#include "worker/roles/query/task_progress.hpp"

#include <algorithm>

namespace canvasback {

void TaskProgress::begin() {
  rows_sent_ = 0;
  bytes_sent_ = 0;
  rows_expected_ = -1;
  share_done_ = -1;
  begin_step(0, 1);
}

void TaskProgress::begin_step(double done_before, double weight) {
  share_from_ = done_before;
  share_weight_ = weight;
}

Json TaskProgress::json(const std::function<double()>& engine_share) const {
  Json out;
  const std::int64_t rows = rows_sent_;
  const std::int64_t expected = rows_expected_;
  out.set("rows", rows);
  out.set("bytes", bytes_sent_.load());
  out.set("rows_expected", expected >= 0 ? Json(expected) : Json());
  double share = share_done_;
  if (expected > 0) share = std::min(1.0, static_cast<double>(rows) / static_cast<double>(expected));
  if (share < 0) share = engine_share();
  out.set("share", share >= 0 ? share_from_ + share_weight_ * share : share_from_ > 0 ? share_from_.load() : share);
  return out;
}

}  // namespace canvasback
