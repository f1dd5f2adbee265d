// Reads the metrics of a dashboard: see query/dashboard_fields.hpp.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/exact_number.hpp"
#include "base/limits.hpp"
#include "query/dashboard_fields.hpp"

namespace canvasback {
namespace {

constexpr std::int64_t kScaleMax = 18;

// Lower edges, from the smallest up.
std::vector<std::string> bins_of(const DashboardFields& fields) {
  if (!fields.has("bins")) return {};
  std::vector<std::string> out;
  const Json& list = fields.at("bins");
  const std::size_t count = list.as_array().size();
  bool right = list.is_array() && count >= 2 && count <= limits::kDashboardBinsMax;
  double last = 0;
  for (const Json& edge : list.as_array()) {
    right = right && edge.is_number() && (out.empty() || edge.as_double() > last);
    if (!right || !parse_exact_number(edge.scalar_text())) {
      right = false;
      break;
    }
    last = edge.as_double();
    out.push_back(parse_exact_number(edge.scalar_text())->text());
  }
  if (right) return out;
  fields.error("bins",
               fmt::format("\"bins\" must be 2 to {} numbers, from the smallest up.", limits::kDashboardBinsMax));
  return {};
}

MetricDimension dimension_from(const Json& json, const std::string& path, bool has_time, DashboardProblems& problems) {
  MetricDimension out;
  if (json.is_string()) {
    out.name = out.column = json.as_string();
    if (out.name.empty()) add_problem(problems, {path, "The name of a dimension must not be empty."});
    return out;
  }
  const DashboardFields fields(json, path, problems);
  if (!fields.is_object("A dimension")) return out;
  fields.check_keys(dimension_keys(), "A dimension");
  out.name = fields.text("name", true);
  static_cast<void>(fields.text("label"));
  static_cast<void>(fields.text("description"));
  out.column = fields.text("column");
  out.expression = fields.text("expression");
  out.part = fields.word("part", time_part_names(), "");
  out.grain = grain_from(fields.word("grain", grain_names(), "")).value_or(Grain::None);
  out.bins = bins_of(fields);
  out.top = fields.integer("top", {2, limits::kDashboardTopMax}).value_or(0);
  const int ways = (out.part.empty() ? 0 : 1) + (out.grain == Grain::None ? 0 : 1) + (out.bins.empty() ? 0 : 1) +
                   (out.expression.empty() ? 0 : 1);
  if (ways > 1 || (!out.expression.empty() && !out.column.empty())) {
    fields.error("", "A dimension has one of \"part\", \"grain\", \"bins\" and \"expression\".");
  }
  const bool of_time = !out.part.empty() || out.grain != Grain::None;
  if (of_time && out.column.empty() && !has_time) {
    fields.error("", "These metrics have no \"time\": name the \"column\" that the dimension is of.");
  }
  if (out.column.empty() && out.expression.empty() && !of_time) out.column = out.name;
  return out;
}

void read_ratio(const DashboardFields& fields, Metric& out) {
  const Json& of = fields.at("of");
  const auto is_name = [](const Json& item) { return item.is_string(); };
  if (!of.is_array() || of.as_array().size() != 2 || !std::ranges::all_of(of.as_array(), is_name)) {
    fields.error(fields.has("of") ? "of" : "", "A ratio needs \"of: [measure, measure]\".");
    return;
  }
  out.numerator = of.as_array()[0].as_string();
  out.denominator = of.as_array()[1].as_string();
}

void check_display(const DashboardFields& fields) {
  for (std::string_view key : {"label", "description", "currency", "unit"}) static_cast<void>(fields.text(key));
  static_cast<void>(fields.word("format", {"number", "currency", "percent", "duration", "bytes"}, "number"));
  static_cast<void>(fields.word("good", {"up", "down", "neutral"}, "up"));
}

Metric measure_from(const Json& json, const std::string& path, DashboardProblems& problems) {
  Metric out;
  const DashboardFields fields(json, path, problems);
  if (!fields.is_object("A measure")) return out;
  fields.check_keys(measure_keys(), "A measure");
  out.name = fields.text("name", true);
  check_display(fields);
  if (!fields.has("agg")) fields.error("", fmt::format("The key \"agg\" is missing: {}.", one_of(metric_kind_names())));
  out.kind = metric_kind_from(fields.word("agg", metric_kind_names(), "")).value_or(MetricKind::Count);
  out.where = fields.conditions("where");
  if (const auto scale = fields.integer("scale", {0, kScaleMax})) out.scale = static_cast<int>(*scale);
  out.probability = fields.number("q", 0, 1).value_or(0.5);
  out.approximate = fields.flag("approximate");
  const bool can_be_approximate = out.kind == MetricKind::Distinct || out.kind == MetricKind::Quantile;
  if (fields.has("approximate") && !can_be_approximate) {
    fields.error_of_key("approximate", "Only distinct and quantile can be approximate.");
  }
  if (fields.has("q") && out.kind != MetricKind::Quantile) fields.error_of_key("q", "Only a quantile has \"q\".");
  if (out.kind == MetricKind::Ratio) {
    read_ratio(fields, out);
    for (std::string_view key : {"where", "expression"}) {
      if (fields.has(key)) fields.error_of_key(key, fmt::format("A ratio has no \"{}\": its measures may.", key));
    }
    return out;
  }
  out.column = fields.text("of");
  out.expression = fields.text("expression");
  if (!out.column.empty() && !out.expression.empty()) {
    fields.error_of_key("expression", "A measure has \"of\" or \"expression\", not both.");
  }
  const bool needs = out.kind != MetricKind::Count;
  const bool known_kind = metric_kind_from(fields.at("agg").as_string()).has_value();
  if (known_kind && needs && !fields.has("of") && !fields.has("expression")) {
    fields.error("", fmt::format("\"of\" is missing: the column that {} is of.", name_of(out.kind)));
  }
  return out;
}

// Both are measures that are there, and none a ratio itself.
void check_ratios(const MetricsModel& model, const std::string& path, DashboardProblems& problems) {
  std::vector<std::string> known;
  for (const Metric& measure : model.measures) {
    if (measure.kind != MetricKind::Ratio) known.push_back(measure.name);
  }
  for (std::size_t i = 0; i < model.measures.size(); ++i) {
    const Metric& measure = model.measures[i];
    if (measure.kind != MetricKind::Ratio || measure.numerator.empty()) continue;
    const std::string at = fmt::format("{}.measures[{}]", path, i);
    const DashboardFields fields(model.document, at, problems);
    for (int k = 0; k < 2; ++k) {
      const std::string& name = k == 0 ? measure.numerator : measure.denominator;
      const Metric* of = model.find_measure(name);
      if (of != nullptr && of->kind == MetricKind::Ratio) {
        add_problem(problems, {fmt::format("{}.of[{}]", at, k), "A ratio cannot be of another ratio."});
      } else {
        static_cast<void>(fields.check_name(fmt::format("{}.of[{}]", at, k), name, known, "measure"));
      }
    }
  }
}

void check_twice(const std::vector<std::string>& names, const std::string& path, DashboardProblems& problems) {
  std::set<std::string> seen;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty() || seen.insert(names[i]).second) continue;
    add_problem(problems, {fmt::format("{}[{}]", path, i), fmt::format("The name \"{}\" is there twice.", names[i])});
  }
}

void read_source(const DashboardFields& fields, MetricsModel& out) {
  out.source = fields.text("source");
  out.sql = fields.text("sql");
  if (fields.has("source") == fields.has("sql")) {
    fields.error("", "Metrics need \"source\", a dataset, or \"sql\", one SELECT over datasets.");
  }
  out.time = fields.text("time");
  out.timezone = fields.text("timezone");
  if (const std::string zone = fields.text("source_timezone"); !zone.empty()) out.source_timezone = zone;
  out.week_start = fields.word("week_start", {"monday", "sunday", "saturday"}, "monday");
  out.grain = grain_from(fields.word("grain", grain_names(), "day")).value_or(Grain::Day);
  out.until_now = fields.word("until", {"data", "now"}, "data") == "now";
  out.private_columns = fields.texts("private", limits::kColumnsMax);
  for (std::string_view key : {"timezone", "source_timezone"}) {
    const std::string& zone = key == "timezone" ? out.timezone : out.source_timezone;
    const auto is_of_name = [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) || std::string_view("/_+-").find(c) != std::string_view::npos;
    };
    if (!std::ranges::all_of(zone, is_of_name) || zone.size() > 64) {
      fields.error(key, fmt::format("\"{}\" must be the name of a time zone, as Europe/Berlin.", key));
    }
  }
}

}  // namespace

const std::vector<std::string>& metrics_keys() {
  static const std::vector<std::string> keys{"name",     "source",          "sql",        "time",
                                             "timezone", "source_timezone", "week_start", "grain",
                                             "until",    "dimensions",      "measures",   "private"};
  return keys;
}

const std::vector<std::string>& dimension_keys() {
  static const std::vector<std::string> keys{"name", "label", "description", "column", "expression",
                                             "part", "grain", "bins",        "top"};
  return keys;
}

const std::vector<std::string>& measure_keys() {
  static const std::vector<std::string> keys{"name",       "label",    "description", "agg", "of",
                                             "expression", "where",    "scale",       "q",   "approximate",
                                             "format",     "currency", "unit",        "good"};
  return keys;
}

MetricsModel metrics_from_json(const Json& json, const std::string& path, DashboardProblems& problems) {
  MetricsModel out;
  const DashboardFields fields(json, path, problems);
  if (!fields.is_object("metrics")) return out;
  fields.check_keys(metrics_keys(), "metrics");
  out.document = json;
  out.name = fields.text("name");
  read_source(fields, out);
  std::vector<std::string> names;
  const auto list_of = [&](std::string_view key) -> const Json::Array& {
    const Json& list = fields.at(key);
    if (fields.has(key) && (!list.is_array() || list.as_array().size() > limits::kDashboardNamesMax)) {
      fields.error(key, fmt::format("\"{}\" must be a list of up to {}.", key, limits::kDashboardNamesMax));
      static const Json::Array none;
      return none;
    }
    return list.as_array();
  };
  for (const Json& item : list_of("dimensions")) {
    const std::string at = fmt::format("{}.dimensions[{}]", path, out.dimensions.size());
    out.dimensions.push_back(dimension_from(item, at, fields.has("time"), problems));
    names.push_back(out.dimensions.back().name);
  }
  check_twice(names, path + ".dimensions", problems);
  names.clear();
  for (const Json& item : list_of("measures")) {
    const std::string at = fmt::format("{}.measures[{}]", path, out.measures.size());
    out.measures.push_back(measure_from(item, at, problems));
    names.push_back(out.measures.back().name);
    if (!names.back().empty() && out.find_dimension(names.back()) != nullptr) {
      add_problem(problems, {at, fmt::format("There is a dimension \"{}\" already.", names.back())});
    }
  }
  check_twice(names, path + ".measures", problems);
  if (out.measures.empty())
    fields.error(fields.has("measures") ? "measures" : "", "Metrics need at least one measure.");
  check_ratios(out, path, problems);
  return out;
}

}  // namespace canvasback
