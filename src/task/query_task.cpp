#include "task/query_task.hpp"

#include <utility>

#include "base/text_list.hpp"

namespace canvasback {
namespace {

Json optional_integer(const std::optional<std::int64_t>& value) { return value ? Json(*value) : Json(); }

std::optional<std::int64_t> optional_integer(const Json& json) {
  if (!json.is_integer()) return std::nullopt;
  return json.as_int();
}

Json to_json(const Statement& statement) {
  Json out;
  out.set("sql", statement.sql);
  out.set("parameters", statement.parameters);
  if (!statement.narrowing.empty()) out.set("narrowing", to_json(statement.narrowing));
  return out;
}

Statement statement_from_json(const Json& json) {
  Statement statement;
  statement.sql = json.at("sql").as_string();
  statement.parameters = json.at("parameters");
  if (const Json* narrowing = json.find("narrowing")) statement.narrowing = narrowing_from_json(*narrowing);
  return statement;
}

}  // namespace

Json to_json(const RowsWork& work) {
  Json out;
  out.set("dataset", work.dataset);
  out.set("selection", to_json(work.selection));
  out.set("known_total", optional_integer(work.known_total));
  return out;
}

Result<RowsWork> rows_work_from_json(const Json& json) {
  RowsWork work;
  work.dataset = json.at("dataset").as_string();
  work.selection = selection_from_json(json.at("selection"));
  work.known_total = optional_integer(json.at("known_total"));
  return work;
}

Json to_json(const SqlWork& work) {
  Json out;
  out.set("statement", to_json(work.statement));
  if (work.range) out.set("range", to_json(*work.range));
  out.set("row_limit", optional_integer(work.row_limit));
  return out;
}

Result<SqlWork> sql_work_from_json(const Json& json) {
  SqlWork work;
  work.statement = statement_from_json(json.at("statement"));
  if (const Json* range = json.find("range")) work.range = record_range_from_json(*range);
  work.row_limit = optional_integer(json.at("row_limit"));
  return work;
}

Json to_json(const InspectWork& work) {
  Json out;
  out.set("listed", to_json(work.listed));
  return out;
}

Result<InspectWork> inspect_work_from_json(const Json& json) {
  InspectWork work;
  CANVASBACK_ASSIGN(work.listed, dataset_from_json(json.at("listed")));
  return work;
}

Json to_json(const AnalyseWork& work) {
  Json out;
  out.set("dataset", work.dataset);
  out.set("analysis", to_json(work.analysis));
  out.set("selection", to_json(work.selection));
  return out;
}

Result<AnalyseWork> analyse_work_from_json(const Json& json) {
  AnalyseWork work;
  work.dataset = json.at("dataset").as_string();
  work.analysis = analysis_from_json(json.at("analysis"));
  work.selection = selection_from_json(json.at("selection"));
  return work;
}

Json to_json(const ViewWork& work) {
  Json out;
  out.set("dataset", work.dataset);
  out.set("selection", to_json(work.selection));
  out.set("statement", to_json(work.statement));
  out.set("build", to_json(work.build));
  return out;
}

Result<ViewWork> view_work_from_json(const Json& json) {
  ViewWork work;
  work.dataset = json.at("dataset").as_string();
  work.selection = selection_from_json(json.at("selection"));
  work.statement = statement_from_json(json.at("statement"));
  work.build = view_build_from_json(json.at("build"));
  return work;
}

Json to_json(const WindowWork& work) {
  Json out;
  out.set("dataset", work.dataset);
  out.set("columns", text_list(work.columns));
  out.set("window", to_json(work.window));
  return out;
}

Result<WindowWork> window_work_from_json(const Json& json) {
  WindowWork work;
  work.dataset = json.at("dataset").as_string();
  work.columns = texts_of(json.at("columns"));
  work.window = view_window_from_json(json.at("window"));
  return work;
}

Json to_json(const SearchWork& work) {
  Json out;
  out.set("dataset", work.dataset);
  out.set("search", to_json(work.search));
  return out;
}

Result<SearchWork> search_work_from_json(const Json& json) {
  SearchWork work;
  work.dataset = json.at("dataset").as_string();
  CANVASBACK_ASSIGN(work.search, search_from_json(json.at("search")));
  return work;
}

Json to_json(const TileWork& work) {
  Json out;
  out.set("dataset", work.dataset);
  out.set("tile", to_json(work.tile));
  out.set("selection", to_json(work.selection));
  return out;
}

Result<TileWork> tile_work_from_json(const Json& json) {
  TileWork work;
  work.dataset = json.at("dataset").as_string();
  work.tile = tile_from_json(json.at("tile"));
  work.selection = selection_from_json(json.at("selection"));
  return work;
}

}  // namespace canvasback
