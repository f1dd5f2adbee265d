#include "task/task.hpp"

#include <array>
#include <utility>

#include "base/text_list.hpp"

namespace canvasback {
namespace {

using FromJson = Result<TaskWork> (*)(const Json&);

template <auto kFromJson>
Result<TaskWork> made(const Json& json) {
  CANVASBACK_ASSIGN(auto work, kFromJson(json));
  return TaskWork(std::move(work));
}

template <auto kFromJson>
Result<TaskWork> made_surely(const Json& json) {
  return TaskWork(kFromJson(json));
}

struct WorkKind {
  std::string_view name;
  FromJson from_json;
};

// By the index in TaskWork.
constexpr std::array<WorkKind, std::variant_size_v<TaskWork>> kKinds{{
    {"rows", made<rows_work_from_json>},
    {"sql", made<sql_work_from_json>},
    {"inspect", made<inspect_work_from_json>},
    {"analyse", made<analyse_work_from_json>},
    {"view", made<view_work_from_json>},
    {"window", made<window_work_from_json>},
    {"search", made<search_work_from_json>},
    {"tile", made<tile_work_from_json>},
    {"record", made_surely<record_work_from_json>},
    {"generate", made_surely<generate_work_from_json>},
    {"metrics", made<metrics_work_from_json>},
    {"rollup", made<rollup_work_from_json>},
    {"ingest", made_surely<ingest_work_from_json>},
    {"merge", made<merge_work_from_json>},
    {"keys", made<keys_work_from_json>},
    {"examine", made<examine_work_from_json>},
    {"check", made<check_work_from_json>},
    {"pull", made<pull_work_from_json>},
    {"pulled_merge", made<pulled_merge_work_from_json>},
}};

Json to_json(const FileTerms& terms) {
  Json out;
  out.set("left_out", text_list(terms.left_out));
  out.set("closed", text_list(terms.closed));
  out.set("as_listed", terms.as_listed);
  return out;
}

FileTerms file_terms_from_json(const Json& json) {
  return {texts_of(json.at("left_out")), texts_of(json.at("closed")), json.at("as_listed").as_bool()};
}

}  // namespace

std::string_view name_of(const TaskWork& work) { return kKinds.at(work.index()).name; }

bool runs_statement(const TaskWork& work) {
  if (const auto* view = std::get_if<ViewWork>(&work)) return !view->statement.sql.empty();
  if (const auto* metrics = std::get_if<MetricsWork>(&work)) return metrics->model.has_user_sql();
  if (const auto* rollup = std::get_if<RollupWork>(&work)) return rollup->model.has_user_sql();
  return std::holds_alternative<SqlWork>(work);
}

Json to_json(const Task& task) {
  Json out;
  out.set("id", task.id);
  out.set("kind", name_of(task.work));
  out.set("work", std::visit([](const auto& work) { return to_json(work); }, task.work));
  out.set("output", to_json(task.output));
  out.set("timeout_ms", task.timeout_ms);
  out.set("received_ns", task.received_ns);
  out.set("queue_ms", task.queue_ms);
  out.set("worker_number", task.worker_number);
  out.set("threads", task.threads);
  out.set("files", to_json(task.files));
  if (!task.unchecked.empty()) out.set("unchecked", text_list(task.unchecked));
  return out;
}

Result<Task> task_from_json(const Json& json) {
  Task task;
  task.id = json.at("id").as_uint();
  const std::string_view name = json.at("kind").as_string();
  const WorkKind* kind = nullptr;
  for (const WorkKind& known : kKinds) {
    if (known.name == name) kind = &known;
  }
  if (kind == nullptr) return fail(ErrorCode::DataProcessing, "A task has no known kind.", json.dump());
  CANVASBACK_ASSIGN(task.work, kind->from_json(json.at("work")));
  task.output = output_options_from_json(json.at("output"));
  task.timeout_ms = json.at("timeout_ms").as_int();
  task.received_ns = json.at("received_ns").as_int();
  task.queue_ms = json.at("queue_ms").as_double();
  task.worker_number = static_cast<int>(json.at("worker_number").as_int());
  task.threads = static_cast<int>(json.at("threads").as_int());
  task.files = file_terms_from_json(json.at("files"));
  task.unchecked = texts_of(json.at("unchecked"));
  return task;
}

}  // namespace canvasback
