#include "task/task.hpp"

#include <array>
#include <utility>

namespace canvasback {
namespace {

constexpr std::array<std::pair<TaskKind, std::string_view>, 14> kKinds{{
    {TaskKind::Rows, "rows"},
    {TaskKind::Sql, "sql"},
    {TaskKind::Inspect, "inspect"},
    {TaskKind::Analyse, "analyse"},
    {TaskKind::View, "view"},
    {TaskKind::Window, "window"},
    {TaskKind::Search, "search"},
    {TaskKind::Tile, "tile"},
    {TaskKind::Ingest, "ingest"},
    {TaskKind::Merge, "merge"},
    {TaskKind::Keys, "keys"},
    {TaskKind::Examine, "examine"},
    {TaskKind::Check, "check"},
    {TaskKind::Record, "record"},
}};

Json optional_integer(const std::optional<std::int64_t>& value) { return value ? Json(*value) : Json(); }

std::optional<std::int64_t> optional_integer(const Json& json) {
  if (!json.is_integer()) return std::nullopt;
  return json.as_int();
}

}  // namespace

Json to_json(const Task& task) {
  Json out;
  out.set("id", task.id);
  for (const auto& [kind, name] : kKinds) {
    if (kind == task.kind) out.set("kind", name);
  }
  out.set("dataset", task.dataset);
  if (task.kind != TaskKind::Sql && task.kind != TaskKind::Inspect) out.set("selection", to_json(task.selection));
  if (task.kind == TaskKind::View) out.set("view", to_json(task.view));
  if (task.kind == TaskKind::Tile) out.set("tile", to_json(task.tile));
  if (task.kind == TaskKind::Window) out.set("window", to_json(task.window));
  if (task.kind == TaskKind::Analyse) out.set("analysis", to_json(task.analysis));
  out.set("sql", task.sql);
  out.set("parameters", task.parameters);
  out.set("row_limit", optional_integer(task.row_limit));
  out.set("format", task.format);
  out.set("compression", task.compression);
  out.set("content_encoding", task.content_encoding);
  out.set("numbers_exact", task.numbers_exact);
  out.set("row_objects", task.row_objects);
  out.set("batch_rows", task.batch_rows);
  out.set("timeout_ms", task.timeout_ms);
  out.set("received_ns", task.received_ns);
  out.set("queue_ms", task.queue_ms);
  out.set("known_total", optional_integer(task.known_total));
  out.set("worker_number", task.worker_number);
  out.set("threads", task.threads);
  out.set("work", task.work);
  if (!task.unchecked.empty()) {
    Json unchecked = Json::Array{};
    for (const std::string& path : task.unchecked) unchecked.push(path);
    out.set("unchecked", std::move(unchecked));
  }
  if (task.kind == TaskKind::Inspect) out.set("inspected", to_json(task.inspected));
  return out;
}

Result<Task> task_from_json(const Json& json) {
  Task task;
  task.id = json.at("id").as_uint();
  bool known = false;
  for (const auto& [kind, name] : kKinds) {
    if (name == json.at("kind").as_string()) {
      task.kind = kind;
      known = true;
    }
  }
  if (!known) return fail(ErrorCode::DataProcessing, "A task has no known kind.", json.dump());
  task.dataset = json.at("dataset").as_string();
  task.selection = selection_from_json(json.at("selection"));
  task.analysis = analysis_from_json(json.at("analysis"));
  task.view = view_build_from_json(json.at("view"));
  if (task.kind == TaskKind::Tile) task.tile = tile_from_json(json.at("tile"));
  task.window = view_window_from_json(json.at("window"));
  task.sql = json.at("sql").as_string();
  task.parameters = json.at("parameters");
  task.row_limit = optional_integer(json.at("row_limit"));
  task.format = json.at("format").as_string();
  task.compression = json.at("compression").as_string();
  task.content_encoding = json.at("content_encoding").as_string();
  task.numbers_exact = json.at("numbers_exact").as_bool(true);
  task.row_objects = json.at("row_objects").as_bool();
  task.batch_rows = json.at("batch_rows").as_int();
  task.timeout_ms = json.at("timeout_ms").as_int();
  task.received_ns = json.at("received_ns").as_int();
  task.queue_ms = json.at("queue_ms").as_double();
  task.known_total = optional_integer(json.at("known_total"));
  task.worker_number = static_cast<int>(json.at("worker_number").as_int());
  task.threads = static_cast<int>(json.at("threads").as_int());
  task.work = json.at("work");
  for (const Json& path : json.at("unchecked").as_array()) task.unchecked.emplace_back(path.as_string());
  if (task.kind == TaskKind::Inspect) {
    CANVASBACK_ASSIGN(task.inspected, dataset_from_json(json.at("inspected")));
  }
  return task;
}

}  // namespace canvasback
