#include "task/rollup_task.hpp"

#include "query/dashboard_fields.hpp"

namespace canvasback {

Json to_json(const RollupWork& work) {
  Json out;
  out.set("for_server", work.for_server);
  out.set("model", work.model.document);
  out.set("timezone", work.timezone);
  out.set("now_us", work.now_us);
  out.set("period", work.period);
  out.set("compare", name_of(work.compare));
  out.set("needs", to_json(work.needs));
  out.set("part_bytes_max", work.part_bytes_max);
  out.set("detail_bytes_max", work.detail_bytes_max);
  out.set("bytes_max", work.bytes_max);
  return out;
}

Result<RollupWork> rollup_work_from_json(const Json& json) {
  RollupWork work;
  work.for_server = json.at("for_server").as_bool();
  DashboardProblems problems;
  work.model = metrics_from_json(json.at("model"), "metrics", problems);
  CANVASBACK_TRY(first_error(problems));
  work.timezone = json.at("timezone").as_string();
  work.now_us = json.at("now_us").as_int();
  work.period = json.at("period");
  work.compare = comparison_from(json.at("compare").as_string()).value_or(Comparison::None);
  work.needs = rollup_needs_from_json(json.at("needs"));
  work.part_bytes_max = json.at("part_bytes_max").as_int();
  work.detail_bytes_max = json.at("detail_bytes_max").as_int();
  work.bytes_max = json.at("bytes_max").as_int();
  return work;
}

}  // namespace canvasback
