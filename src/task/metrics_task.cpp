#include "task/metrics_task.hpp"

#include <utility>

#include "base/text_list.hpp"
#include "query/dashboard_fields.hpp"

namespace canvasback {
namespace {

Json to_json(const LiveRollup& rollup) {
  Json out;
  out.set("groups", to_json(rollup.groups));
  out.set("dimensions", text_list(rollup.dimensions));
  out.set("measures", text_list(rollup.measures));
  return out;
}

Result<LiveRollup> live_rollup_from_json(const Json& json) {
  CANVASBACK_ASSIGN(Dataset groups, dataset_from_json(json.at("groups")));
  return LiveRollup{std::move(groups), texts_of(json.at("dimensions")), texts_of(json.at("measures"))};
}

}  // namespace

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
  if (!work.rollups.empty()) {
    Json rollups = Json::Array{};
    for (const LiveRollup& rollup : work.rollups) rollups.push(to_json(rollup));
    out.set("rollups", std::move(rollups));
  }
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
  for (const Json& one : json.at("rollups").as_array()) {
    CANVASBACK_ASSIGN(LiveRollup rollup, live_rollup_from_json(one));
    work.rollups.push_back(std::move(rollup));
  }
  return work;
}

}  // namespace canvasback
