#include "query/narrowing.hpp"

#include <map>

#include "base/iso_week.hpp"
#include "storage/table/part_name.hpp"

namespace canvasback {
namespace {

// nullopt: a commit, or a file that nobody of us named.
std::optional<std::int64_t> week_of(const DataFile& file) {
  const auto name = parse_part_name(std::string_view(file.path).substr(file.path.rfind('/') + 1));
  if (!name || name->is_commit) return std::nullopt;
  return week_number_of(name->week);
}

}  // namespace

Json to_json(const Narrowing& narrowing) {
  Json out;
  out.set("collection", narrowing.collection);
  out.set("first_week", narrowing.first_week);
  out.set("last_week", narrowing.last_week);
  Json keys = Json::Array{};
  for (const auto& [key, value] : narrowing.keys) keys.push(Json::Array{Json(key), Json(value)});
  out.set("keys", std::move(keys));
  return out;
}

Narrowing narrowing_from_json(const Json& json) {
  Narrowing out;
  out.collection = json.at("collection").as_string();
  out.first_week = json.at("first_week").as_int(out.first_week);
  out.last_week = json.at("last_week").as_int(out.last_week);
  for (const Json& pair : json.at("keys").as_array()) {
    const auto& values = pair.as_array();
    if (values.size() == 2) out.keys.emplace_back(values[0].as_string(), values[1].as_string());
  }
  return out;
}

bool is_of_weeks(const DataFile& file, const Narrowing& narrowing) {
  const auto week = week_of(file);
  return !week || (*week >= narrowing.first_week && *week <= narrowing.last_week);
}

Dataset only_weeks(Dataset dataset, const Narrowing& narrowing) {
  std::erase_if(dataset.files, [&](const DataFile& file) { return !is_of_weeks(file, narrowing); });
  return dataset;
}

std::int64_t last_week_of_first(const Dataset& dataset, std::int64_t from_us, std::int64_t wanted) {
  const std::int64_t first = week_number_of(from_us);
  std::map<std::int64_t, std::int64_t> rows;
  for (const DataFile& file : dataset.files) {
    const auto week = week_of(file);
    // Of the week it begins in not all records lie behind it.
    if (week && *week > first) rows[*week] += file.rows - file.dead_rows();
  }
  for (const auto& [week, count] : rows) {
    wanted -= count;
    if (wanted <= 0) return week;
  }
  return std::numeric_limits<std::int64_t>::max();
}

}  // namespace canvasback
