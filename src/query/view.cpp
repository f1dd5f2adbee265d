#include "query/view.hpp"

#include <array>
#include <string_view>

namespace canvasback {
namespace {

constexpr std::array<std::string_view, 3> kMethods{"direct", "rows", "positions"};

std::string_view name_of(ViewMethod method) { return kMethods[static_cast<std::size_t>(method)]; }

ViewMethod method_from(std::string_view name) {
  for (std::size_t i = 0; i < kMethods.size(); ++i) {
    if (kMethods[i] == name) return static_cast<ViewMethod>(i);
  }
  return ViewMethod::Direct;
}

Json parts_json(const std::vector<ViewPart>& parts) {
  Json out = Json::Array{};
  for (const ViewPart& part : parts) {
    Json entry;
    entry.set("key", part.key);
    entry.set("rows", part.rows);
    out.push(std::move(entry));
  }
  return out;
}

std::vector<ViewPart> parts_from(const Json& json) {
  std::vector<ViewPart> parts;
  for (const Json& entry : json.as_array()) {
    parts.push_back({std::string(entry.at("key").as_string()), entry.at("rows").as_int()});
  }
  return parts;
}

}  // namespace

std::int64_t rows_of(const std::vector<ViewPart>& parts) {
  std::int64_t rows = 0;
  for (const ViewPart& part : parts) rows += part.rows;
  return rows;
}

Json to_json(const ViewBuild& build) {
  Json out;
  out.set("key", build.key);
  out.set("search", build.search);
  out.set("source", parts_json(build.source));
  out.set("first", build.first);
  out.set("bytes_max", build.bytes_max);
  return out;
}

ViewBuild view_build_from_json(const Json& json) {
  ViewBuild build;
  build.key = json.at("key").as_string();
  build.search = json.at("search").as_string();
  build.source = parts_from(json.at("source"));
  build.first = json.at("first").as_int();
  build.bytes_max = json.at("bytes_max").as_uint();
  return build;
}

Json to_json(const ViewState& state) {
  Json out;
  out.set("method", name_of(state.method));
  Json columns = Json::Array{};
  for (const DatasetColumn& column : state.columns) {
    Json entry;
    entry.set("name", column.name);
    entry.set("type", column.type);
    columns.push(std::move(entry));
  }
  out.set("columns", std::move(columns));
  out.set("first", parts_json(state.first));
  out.set("parts", parts_json(state.parts));
  out.set("rows", state.rows);
  out.set("rows_exact", state.rows_exact);
  out.set("limited", state.limited);
  return out;
}

ViewState view_state_from_json(const Json& json) {
  ViewState state;
  state.method = method_from(json.at("method").as_string());
  for (const Json& entry : json.at("columns").as_array()) {
    DatasetColumn column;
    column.name = entry.at("name").as_string();
    column.type = entry.at("type").as_string();
    state.columns.push_back(std::move(column));
  }
  state.first = parts_from(json.at("first"));
  state.parts = parts_from(json.at("parts"));
  state.rows = json.at("rows").as_int(-1);
  state.rows_exact = json.at("rows_exact").as_bool();
  state.limited = json.at("limited").as_string();
  return state;
}

Json to_json(const ViewWindow& window) {
  Json out;
  out.set("method", name_of(window.method));
  out.set("version", window.version);
  out.set("from", window.from);
  out.set("to", window.to);
  out.set("parts", parts_json(window.parts));
  out.set("parts_from", window.parts_from);
  out.set("row_ids", window.row_ids);
  out.set("places_in_parts", window.places_in_parts);
  out.set("cell_bytes", window.cell_bytes);
  return out;
}

ViewWindow view_window_from_json(const Json& json) {
  ViewWindow window;
  window.method = method_from(json.at("method").as_string());
  window.version = json.at("version").as_string();
  window.from = json.at("from").as_int();
  window.to = json.at("to").as_int();
  window.parts = parts_from(json.at("parts"));
  window.parts_from = json.at("parts_from").as_int();
  window.row_ids = json.at("row_ids").as_bool();
  window.places_in_parts = json.at("places_in_parts").as_bool();
  window.cell_bytes = json.at("cell_bytes").as_int();
  return window;
}

}  // namespace canvasback
