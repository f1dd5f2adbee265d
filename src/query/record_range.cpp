#include "query/record_range.hpp"

#include <fmt/format.h>

namespace canvasback {
namespace {

std::optional<std::string> optional_text(const Json& json) {
  return json.is_string() ? std::optional<std::string>(json.as_string()) : std::nullopt;
}

}  // namespace

std::vector<std::string> record_time_columns(const Kinds& all) {
  std::vector<std::string> out;
  const auto columns = columns_of_members(all);
  for (const char* key : {"timestamp", "ts", "created_at", "date"}) {
    for (const KindColumn& column : columns) {
      const bool text = column.role == ColumnRole::Strings || column.role == ColumnRole::Odd;
      if (column.key == key && (text || column.role == ColumnRole::Times)) out.push_back(column.name);
    }
  }
  return out;
}

std::string text_of(const RecordRange& range) {
  if (range.id) return fmt::format("records of {} with an id", range.collection);
  return fmt::format("records of {}{}{}", range.collection, range.start ? " from " + *range.start : std::string(),
                     range.end ? " to " + *range.end : std::string());
}

Json to_json(const RecordRange& range) {
  Json out;
  out.set("collection", range.collection);
  Json columns = Json::Array{};
  for (const std::string& column : range.time_columns) columns.push(column);
  out.set("time_columns", std::move(columns));
  if (range.start) out.set("start", *range.start);
  if (range.end) out.set("end", *range.end);
  if (range.id) out.set("id", *range.id);
  Json ids = Json::Array{};
  for (const auto& [name, type] : range.id_columns) {
    Json column;
    column.set("name", name);
    column.set("type", type);
    ids.push(std::move(column));
  }
  out.set("id_columns", std::move(ids));
  out.set("newest_first", range.newest_first);
  out.set("limit", range.limit);
  return out;
}

RecordRange record_range_from_json(const Json& json) {
  RecordRange out;
  out.collection = json.at("collection").as_string();
  for (const Json& column : json.at("time_columns").as_array()) out.time_columns.emplace_back(column.as_string());
  out.start = optional_text(json.at("start"));
  out.end = optional_text(json.at("end"));
  out.id = optional_text(json.at("id"));
  for (const Json& column : json.at("id_columns").as_array()) {
    out.id_columns.push_back({std::string(column.at("name").as_string()), std::string(column.at("type").as_string())});
  }
  out.newest_first = json.at("newest_first").as_bool();
  out.limit = json.at("limit").as_int();
  return out;
}

}  // namespace canvasback
