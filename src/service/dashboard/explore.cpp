#include "service/dashboard/explore.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.hpp"
#include "record/column_type.hpp"

namespace canvasback {
namespace {

constexpr std::int64_t kSampleRows = 200'000;
constexpr std::size_t kColumnsCounted = 64;
constexpr std::size_t kDimensionsMax = 8;
constexpr std::size_t kMeasuresMax = 6;
constexpr std::int64_t kValuesMax = 2000;  // of a dimension
constexpr std::int64_t kTop = 20;          // values of one that is shown whole
constexpr std::int64_t kShownMax = 100;    // of others

bool ends_with_any(std::string_view name, std::initializer_list<std::string_view> endings) {
  return std::ranges::any_of(endings, [&](std::string_view ending) { return name.ends_with(ending); });
}

bool has_any(std::string_view name, std::initializer_list<std::string_view> words) {
  return std::ranges::any_of(words, [&](std::string_view word) { return name.find(word) != std::string_view::npos; });
}

bool is_integer(std::string_view type) { return type.ends_with("INT") || type == "INTEGER"; }

bool is_id(std::string_view name) {
  return name == "id" || name == "uuid" || ends_with_any(name, {"_id", "_key", "_uuid", "_code", "_no", "_number"});
}

// A number that says what kind of thing a row is, rather than how much of it.
bool is_rating(std::string_view name) {
  return has_any(name, {"rating", "score", "rate", "percent", "pct", "latitude", "longitude", "temperature", "delay",
                        "age", "price", "duration", "distance", "year", "stars"}) ||
         name == "lat" || name == "lon";
}

bool is_money(const SampledColumn& column) {
  return column.type.starts_with("DECIMAL") && column.type.ends_with(",2)");
}

std::string label_of(std::string_view name) {
  std::string out(name);
  std::ranges::replace(out, '_', ' ');
  if (!out.empty() && out[0] >= 'a' && out[0] <= 'z') out[0] = static_cast<char>(out[0] - 'a' + 'A');
  return out;
}

// How well a column does as the time of all rows: the smaller the better.
std::optional<int> time_rank(const SampledColumn& column, std::int64_t rows) {
  if (!is_date_type(column.type)) return std::nullopt;
  const std::string name = lower(column.name);
  constexpr std::array<std::string_view, 10> kNames{"created_at", "timestamp",  "ts",      "time",    "date",
                                                    "datetime",   "event_time", "created", "ordered", "day"};
  const auto* known = std::ranges::find(kNames, name);
  int rank = known != kNames.end() ? static_cast<int>(known - kNames.begin()) : 20;
  if (known == kNames.end() && ends_with_any(name, {"_at", "_time", "_date", "_ts"})) rank = 15;
  if (has_any(name, {"updated", "modified"})) rank += 10;
  if (rows > 0 && column.values < rows) rank += 20;  // some rows have none
  return rank;
}

bool is_dimension(const SampledColumn& column) {
  const bool is_kind = column.type == "VARCHAR" || column.type == "BOOLEAN" || column.type.starts_with("ENUM") ||
                       (is_integer(column.type) && column.distinct <= 50 && !is_id(lower(column.name)));
  // A column with as many values as rows names rows and splits none.
  const bool is_split = column.distinct >= 2 && column.distinct <= kValuesMax && column.distinct * 2 <= column.values;
  return is_kind && is_split;
}

Json measure_of(const SampledColumn& column, std::string_view agg) {
  Json out;
  const bool average = agg == "average";
  out.set("name", fmt::format("{}_{}", average ? "average" : "total", column.name));
  out.set("label", label_of(fmt::format("{} {}", average ? "average" : "total", column.name)));
  out.set("agg", agg);
  out.set("of", column.name);
  if (!average && is_money(column)) out.set("scale", 2);
  return out;
}

Json tile_of(std::string_view type, std::initializer_list<std::pair<const char*, Json>> members) {
  Json out;
  out.set("type", type);
  for (const auto& [key, value] : members) out.set(key, value);
  return out;
}

}  // namespace

std::vector<SampledColumn> sampled_columns(const Dataset& dataset) {
  std::vector<SampledColumn> out;
  for (const DatasetColumn& column : dataset.columns) {
    if (out.size() == kColumnsCounted) break;
    const bool counts = is_number_type(column.type) || is_date_type(column.type) || column.type == "VARCHAR" ||
                        column.type == "BOOLEAN" || column.type.starts_with("ENUM");
    if (counts) out.push_back({column.name, column.type, 0, 0});
  }
  return out;
}

Json sample_metrics(const Dataset& dataset, const std::vector<SampledColumn>& columns, bool distinct) {
  Json measures = Json::Array{};
  for (const SampledColumn& column : columns) {
    Json measure;
    measure.set("name", fmt::format("n{}", measures.as_array().size()));
    measure.set("agg", distinct ? "distinct" : "count");
    measure.set("of", column.name);
    if (distinct) measure.set("approximate", true);
    measures.push(std::move(measure));
  }
  Json out;
  out.set("sql", fmt::format("SELECT * FROM {} LIMIT {}", sql_identifier(dataset.name), kSampleRows));
  out.set("measures", std::move(measures));
  return out;
}

namespace {

const SampledColumn* time_of(const std::vector<SampledColumn>& columns, std::int64_t rows) {
  const SampledColumn* best = nullptr;
  for (const SampledColumn& column : columns) {
    const auto rank = time_rank(column, rows);
    if (rank && (best == nullptr || *rank < *time_rank(*best, rows))) best = &column;
  }
  return best;
}

// The columns that split numbers, those with the fewest values first.
std::vector<const SampledColumn*> splits_of(const std::vector<SampledColumn>& columns) {
  std::vector<const SampledColumn*> out;
  for (const SampledColumn& column : columns) {
    if (is_dimension(column)) out.push_back(&column);
  }
  std::ranges::stable_sort(out, {}, &SampledColumn::distinct);
  if (out.size() > kDimensionsMax) out.resize(kDimensionsMax);
  return out;
}

Json dimensions_of(const std::vector<const SampledColumn*>& splits) {
  Json out = Json::Array{};
  for (const SampledColumn* column : splits) {
    Json entry(column->name);
    if (column->distinct > kTop) {
      entry = Json();
      entry.set("name", column->name);
      entry.set("top", kShownMax);
    }
    out.push(std::move(entry));
  }
  return out;
}

// Rows, and what can be added up or averaged.
Json measures_of(const std::vector<SampledColumn>& columns, const std::vector<const SampledColumn*>& splits) {
  Json out = Json::Array{};
  Json count;
  const bool taken = std::ranges::find(splits, "rows", &SampledColumn::name) != splits.end();
  count.set("name", taken ? "row_count" : "rows");
  count.set("label", "Rows");
  count.set("agg", "count");
  out.push(std::move(count));
  for (const SampledColumn& column : columns) {
    const std::string name = lower(column.name);
    const bool names_rows = is_integer(column.type) && column.distinct * 10 > column.values * 9;
    if (!is_number_type(column.type) || is_id(name) || names_rows || column.values == 0) continue;
    if (out.as_array().size() == kMeasuresMax) break;
    out.push(measure_of(column, is_rating(name) ? "average" : "sum"));
  }
  return out;
}

Json tiles_of(const Json& names, const std::vector<const SampledColumn*>& splits, bool has_time) {
  Json out = Json::Array{};
  const Json::Array& measures = names.as_array();
  for (std::size_t i = 0; i < std::min<std::size_t>(4, measures.size()); ++i) {
    out.push(tile_of("card", {{"measure", measures[i]}, {"width", 3}}));
  }
  if (has_time) out.push(tile_of("area", {{"measure", measures.size() > 1 ? measures[1] : measures[0]}}));
  for (const SampledColumn* column : splits) {
    out.push(tile_of("table", {{"measures", names}, {"by", column->name}, {"limit", 10}, {"width", 6}}));
  }
  return out;
}

}  // namespace

Json explore_document(const Dataset& dataset, const std::vector<SampledColumn>& columns) {
  std::int64_t rows = 0;
  for (const SampledColumn& column : columns) rows = std::max(rows, column.values);
  const SampledColumn* time = time_of(columns, rows);
  const std::vector<const SampledColumn*> splits = splits_of(columns);
  Json measures = measures_of(columns, splits);
  Json names = Json::Array{};
  for (const Json& measure : measures.as_array()) names.push(measure.at("name"));
  Json metrics;
  metrics.set("source", dataset.name);
  if (time != nullptr) {
    metrics.set("time", time->name);
    metrics.set("grain", time->type == "DATE" ? "day" : "hour");
  }
  if (!splits.empty()) metrics.set("dimensions", dimensions_of(splits));
  metrics.set("measures", std::move(measures));
  Json out;
  out.set("title", label_of(dataset.name));
  out.set("metrics", std::move(metrics));
  if (time != nullptr) {
    out.set("period", "last_90_days");
    out.set("compare", "previous_period");
  }
  out.set("tiles", tiles_of(names, splits, time != nullptr));
  return out;
}

}  // namespace canvasback
