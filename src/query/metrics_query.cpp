#include "query/metrics_query.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "base/text_list.hpp"

namespace canvasback {
namespace {

constexpr std::int64_t kTableRows = 50;
constexpr std::int64_t kSeries = 8;
constexpr std::int64_t kBars = 20;

// Values beyond the top ones of the tile's only dimension are shown as one.
std::int64_t top_of(const DashboardTile& tile, const MetricsModel& model) {
  const MetricDimension* dimension = tile.by.size() == 1 ? model.find_dimension(tile.by.front()) : nullptr;
  return dimension == nullptr ? 0 : dimension->top;
}

void set_limit(const DashboardTile& tile, const MetricsModel& model, MetricsQuery& out) {
  const std::int64_t top = top_of(tile, model);
  const bool charts = tile.type == "line" || tile.type == "area" || tile.type == "bar";
  if (tile.by.empty()) {
    out.limit = limits::kDashboardGroupsMax;
    return;
  }
  if (charts) {
    out.limit = tile.limit.value_or(out.has_time() ? kSeries : kBars);
    if (top > 0) out.limit = std::min(out.limit, top);
    out.has_rest = true;
  } else if (tile.type == "table") {
    out.limit = tile.limit.value_or(kTableRows);
    if (top > 0) out.limit = std::clamp<std::int64_t>(top - tile.offset, 0, out.limit);
    out.has_rest = top > 0 && tile.offset == 0;
    out.has_total = true;
  } else {
    out.limit = tile.limit.value_or(limits::kDashboardGroupsMax);
  }
}

}  // namespace

Json to_json(const MetricsQuery& query) {
  Json out;
  out.set("measures", text_list(query.measures));
  out.set("dimensions", text_list(query.dimensions));
  out.set("grain", name_of(query.grain));
  out.set("grain_fits", query.grain_fits);
  out.set("spark", name_of(query.spark));
  out.set("compare", name_of(query.compare));
  out.set("sort", query.sort);
  out.set("descending", query.descending);
  out.set("limit", query.limit);
  out.set("offset", query.offset);
  out.set("has_rest", query.has_rest);
  out.set("has_total", query.has_total);
  out.set("search", query.search);
  Json where = Json::Array{};
  for (const MetricCondition& condition : query.where) where.push(to_json(std::vector{condition}));
  out.set("where", std::move(where));
  out.set("unused_filters", text_list(query.unused_filters));
  return out;
}

MetricsQuery metrics_query_from_json(const Json& json) {
  MetricsQuery out;
  out.measures = texts_of(json.at("measures"));
  out.dimensions = texts_of(json.at("dimensions"));
  out.grain = grain_from(json.at("grain").as_string()).value_or(Grain::None);
  out.grain_fits = json.at("grain_fits").as_bool();
  out.spark = grain_from(json.at("spark").as_string()).value_or(Grain::None);
  out.compare = comparison_from(json.at("compare").as_string()).value_or(Comparison::None);
  out.sort = json.at("sort").as_string();
  out.descending = json.at("descending").as_bool();
  out.limit = json.at("limit").as_int();
  out.offset = json.at("offset").as_int();
  out.has_rest = json.at("has_rest").as_bool();
  out.has_total = json.at("has_total").as_bool();
  out.search = json.at("search").as_string();
  for (const Json& where : json.at("where").as_array()) {
    auto conditions = conditions_from_json(where);
    if (conditions) out.where.insert(out.where.end(), conditions->begin(), conditions->end());
  }
  out.unused_filters = texts_of(json.at("unused_filters"));
  return out;
}

MetricsQuery metrics_query_of(const DashboardTile& tile, const Dashboard& dashboard, const MetricsChoices& choices) {
  const MetricsModel& model = *dashboard.model_of(tile);
  MetricsQuery out;
  out.measures = tile.measures;
  out.dimensions = tile.by;
  out.grain_fits = !tile.grain && !model.time.empty();
  out.grain = tile.grain.value_or(Grain::None);
  out.spark = tile.spark.value_or(Grain::None);
  const bool can_compare =
      tile.type == "card" || tile.type == "table" || tile.type == "line" || tile.type == "area" || tile.type == "bar";
  if (can_compare && !model.time.empty()) {
    out.compare = tile.compare.value_or(dashboard.compare);
    if (!choices.compare.empty()) out.compare = comparison_from(choices.compare).value_or(out.compare);
  }
  out.offset = tile.offset;
  out.search = tile.search;
  out.descending = tile.sort.starts_with('-');
  out.sort = tile.sort.substr(out.descending ? 1 : 0);
  set_limit(tile, model, out);
  out.where = tile.where;
  for (const MetricCondition& filter : choices.filters) {
    if (model.find_dimension(filter.name) == nullptr) {
      out.unused_filters.push_back(filter.name);
    } else {
      out.where.push_back(filter);
    }
  }
  return out;
}

}  // namespace canvasback
