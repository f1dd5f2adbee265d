#include "task/metrics_task.hpp"

#include <utility>

#include "query/dashboard_fields.hpp"

namespace canvasback {

Json to_json(const MetricsWork& work) {
  Json out;
  out.set("model", work.model.document);
  out.set("period", work.period);
  out.set("timezone", work.timezone);
  out.set("now_us", work.now_us);
  out.set("compare", name_of(work.compare));
  Json queries = Json::Array{};
  for (const MetricsQuery& query : work.queries) queries.push(to_json(query));
  out.set("queries", std::move(queries));
  return out;
}

Result<MetricsWork> metrics_work_from_json(const Json& json) {
  MetricsWork work;
  DashboardProblems problems;
  work.model = metrics_from_json(json.at("model"), "metrics", problems);
  CANVASBACK_TRY(first_error(problems));
  work.period = json.at("period");
  work.timezone = json.at("timezone").as_string();
  work.now_us = json.at("now_us").as_int();
  work.compare = comparison_from(json.at("compare").as_string()).value_or(Comparison::None);
  for (const Json& query : json.at("queries").as_array()) work.queries.push_back(metrics_query_from_json(query));
  return work;
}

}  // namespace canvasback
