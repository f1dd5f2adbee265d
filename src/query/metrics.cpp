#include "query/metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/limits.hpp"

namespace canvasback {
namespace {

constexpr std::array kGrains{
    std::pair{Grain::Hour, std::string_view("hour")},       std::pair{Grain::Day, std::string_view("day")},
    std::pair{Grain::Week, std::string_view("week")},       std::pair{Grain::Month, std::string_view("month")},
    std::pair{Grain::Quarter, std::string_view("quarter")}, std::pair{Grain::Year, std::string_view("year")},
};
constexpr std::array kKinds{
    std::pair{MetricKind::Count, std::string_view("count")},
    std::pair{MetricKind::Sum, std::string_view("sum")},
    std::pair{MetricKind::Min, std::string_view("min")},
    std::pair{MetricKind::Max, std::string_view("max")},
    std::pair{MetricKind::Average, std::string_view("average")},
    std::pair{MetricKind::Distinct, std::string_view("distinct")},
    std::pair{MetricKind::Quantile, std::string_view("quantile")},
    std::pair{MetricKind::Ratio, std::string_view("ratio")},
};
constexpr std::array<std::string_view, 6> kParts{"hour", "weekday", "day", "month", "quarter", "year"};

template <class Table>
std::vector<std::string> names_of(const Table& table) {
  std::vector<std::string> out;
  for (const auto& [value, name] : table) out.emplace_back(name);
  return out;
}

template <class Table, class Value>
std::string_view name_in(const Table& table, Value value) {
  for (const auto& [known, name] : table) {
    if (known == value) return name;
  }
  return "";
}

bool is_scalar(const Json& json) { return !json.is_array() && !json.is_object(); }

Status check_values(const std::string& name, const Json& list) {
  if (list.as_array().size() > limits::kDashboardValuesMax) {
    return fail(ErrorCode::InvalidData,
                fmt::format("The filter of \"{}\" has more than {} values.", name, limits::kDashboardValuesMax));
  }
  if (std::ranges::all_of(list.as_array(), is_scalar)) return {};
  return fail(ErrorCode::InvalidData,
              fmt::format("Values of the filter of \"{}\" must be texts, numbers, true, false or null.", name));
}

Result<MetricCondition> condition_from(const std::string& name, const Json& json) {
  MetricCondition out;
  out.name = name;
  if (is_scalar(json)) {
    out.values.push_back(json);
    return out;
  }
  if (json.is_array()) {
    CANVASBACK_TRY(check_values(name, json));
    out.values = json.as_array();
    return out;
  }
  if (const Json* excluded = json.find("not"); excluded != nullptr && json.as_object().size() == 1) {
    out.negated = true;
    if (is_scalar(*excluded)) {
      out.values.push_back(*excluded);
      return out;
    }
    if (excluded->is_array()) {
      CANVASBACK_TRY(check_values(name, *excluded));
      out.values = excluded->as_array();
      return out;
    }
  }
  for (const auto& [key, value] : json.as_object()) {
    if ((key == "from" || key == "to") && is_scalar(value)) continue;
    return fail(ErrorCode::InvalidData,
                fmt::format("The filter of \"{}\" must be a value, an array of values, {{\"not\": …}} or "
                            "{{\"from\": …, \"to\": …}}.",
                            name));
  }
  out.is_range = true;
  out.from = json.at("from");
  out.to = json.at("to");
  return out;
}

}  // namespace

std::string_view name_of(Grain grain) { return name_in(kGrains, grain); }
std::vector<std::string> grain_names() { return names_of(kGrains); }
std::optional<Grain> grain_from(std::string_view name) {
  for (const auto& [grain, known] : kGrains) {
    if (known == name) return grain;
  }
  return std::nullopt;
}

std::string_view name_of(MetricKind kind) { return name_in(kKinds, kind); }
std::vector<std::string> metric_kind_names() { return names_of(kKinds); }
std::optional<MetricKind> metric_kind_from(std::string_view name) {
  for (const auto& [kind, known] : kKinds) {
    if (known == name) return kind;
  }
  return std::nullopt;
}

std::vector<std::string> time_part_names() { return {kParts.begin(), kParts.end()}; }

Json to_json(const MetricCondition& condition) {
  if (condition.is_range) {
    Json out = Json::Object{};
    if (!condition.from.is_null()) out.set("from", condition.from);
    if (!condition.to.is_null()) out.set("to", condition.to);
    return out;
  }
  if (!condition.negated) return condition.values;
  Json out;
  out.set("not", condition.values);
  return out;
}

Json to_json(const std::vector<MetricCondition>& conditions) {
  Json out = Json::Object{};
  for (const MetricCondition& condition : conditions) out.set(condition.name, to_json(condition));
  return out;
}

Result<std::vector<MetricCondition>> conditions_from_json(const Json& json) {
  if (!json.is_null() && !json.is_object()) {
    return fail(ErrorCode::InvalidData, "Filters must be an object: names of dimensions and what their values are.");
  }
  std::vector<MetricCondition> out;
  for (const auto& [name, value] : json.as_object()) {
    CANVASBACK_ASSIGN(MetricCondition condition, condition_from(name, value));
    out.push_back(std::move(condition));
  }
  return out;
}

const MetricDimension* MetricsModel::find_dimension(std::string_view dimension) const {
  const auto found = std::ranges::find(dimensions, dimension, &MetricDimension::name);
  return found == dimensions.end() ? nullptr : &*found;
}

const Metric* MetricsModel::find_measure(std::string_view measure) const {
  const auto found = std::ranges::find(measures, measure, &Metric::name);
  return found == measures.end() ? nullptr : &*found;
}

bool MetricsModel::has_user_sql() const {
  return !sql.empty() || std::ranges::any_of(dimensions, [](const auto& one) { return !one.expression.empty(); }) ||
         std::ranges::any_of(measures, [](const auto& one) { return !one.expression.empty(); });
}

}  // namespace canvasback
