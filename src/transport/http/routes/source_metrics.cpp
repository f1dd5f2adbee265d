#include "transport/http/routes/source_metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace canvasback::http {
namespace {

std::string label_value(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

std::string source_metrics(const Services& services) {
  std::string out;
  if (services.pulls == nullptr || services.tables->tables().empty()) return out;
  auto line = std::back_inserter(out);
  fmt::format_to(line, "# TYPE canvasback_pulled_rows gauge\n");
  for (const auto& [name, entry] : services.tables->tables()) {
    fmt::format_to(line, "canvasback_pulled_rows{{source=\"{}\"}} {}\n", label_value(name), entry.rows);
  }
  fmt::format_to(line, "# TYPE canvasback_pulled_as_of_seconds gauge\n");
  for (const auto& [name, entry] : services.tables->tables()) {
    fmt::format_to(line, "canvasback_pulled_as_of_seconds{{source=\"{}\"}} {:.3f}\n", label_value(name),
                   static_cast<double>(entry.table.cursor.checked_us) / 1e6);
  }
  fmt::format_to(line, "# TYPE canvasback_pull_failures gauge\n");
  for (const auto& [name, turn] : services.pull_schedule->turns()) {
    fmt::format_to(line, "canvasback_pull_failures{{source=\"{}\"}} {}\n", label_value(name), turn.failures);
  }
  return out;
}

std::string rollup_metrics(const Services& services) {
  const LiveRollups* rollups = services.dashboards == nullptr ? nullptr : services.dashboards->answers().rollups();
  if (rollups == nullptr) return {};
  const LiveRollups::Figures figures = rollups->figures();
  return fmt::format(
      "# TYPE canvasback_rollup_sets gauge\ncanvasback_rollup_sets {}\n"
      "# TYPE canvasback_rollup_bytes gauge\ncanvasback_rollup_bytes {}\n"
      "# TYPE canvasback_rollups_made_total counter\ncanvasback_rollups_made_total {}\n"
      "# TYPE canvasback_rollups_failed_total counter\ncanvasback_rollups_failed_total {}\n",
      figures.sets, figures.bytes, figures.made, figures.failed);
}

bool sources_pulled(const Services& services) {
  if (services.pulls == nullptr) return true;
  if (!services.table_scrub->damaged().empty()) return false;
  return std::ranges::none_of(services.pull_schedule->turns(), [&](const auto& turn) {
    return turn.second.failures > 0 && !services.pull_schedule->is_paused(turn.first);
  });
}

}  // namespace canvasback::http
