// A dashboard's file: YAML, then its keys and names. What is read is written and reads the same; what is wrong is said
// with a place in the text.
#include "query/dashboard_check.hpp"
#include "query/metrics_query.hpp"
#include "service/dashboard/yaml_text.hpp"

#include "fuzz/support.hpp"

using namespace canvasback;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  DashboardProblem problem;
  const auto yaml = YamlText::parse(fuzz::text_of(data, size), &problem);
  if (!yaml) {
    FUZZ_CHECK(problem.line > 0 && problem.column > 0 && !problem.message.empty());
    return 0;
  }
  const auto again = YamlText::parse(yaml_of(yaml->json()));
  FUZZ_CHECK(again && again->json().dump() == yaml->json().dump());
  DashboardProblems problems;
  const Dashboard dashboard = dashboard_from_json(yaml->json(), problems);
  const std::vector<DatasetColumn> columns{{"ts", "TIMESTAMP", {}, {}, {}}, {"amount", "DOUBLE", {}, {}, {}}};
  for (std::size_t i = 0; i < dashboard.models.size(); ++i) {
    check_metrics(dashboard.models[i], metrics_path(yaml->json(), i), columns, problems);
  }
  for (const DashboardProblem& one : problems) {
    const TextPlace at = yaml->place_of(one.path, one.is_of_key);
    FUZZ_CHECK(at.line > 0 && at.column > 0 && !one.message.empty());
  }
  if (has_errors(problems)) return 0;
  for (const DashboardTile& tile : dashboard.tiles) {
    if (tile.type == "text") continue;
    const MetricsQuery query = metrics_query_of(tile, dashboard, {});
    FUZZ_CHECK(to_json(metrics_query_from_json(to_json(query))).dump() == to_json(query).dump());
  }
  return 0;
}
