#include "query/dashboard_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/limits.hpp"
#include "base/nearest_name.hpp"
#include "query/dashboard_fields.hpp"

namespace canvasback {
namespace {

const std::vector<std::string> kDashboardKeys{"title",   "description", "metrics",   "period",
                                              "compare", "filters",     "refresh_s", "tiles"};
const std::vector<std::string> kCommonKeys{"type", "title", "description", "metrics", "where", "width", "height"};

struct TileType {
  std::string_view name;
  std::vector<std::string> keys;  // beside the common ones
};
const std::vector<TileType>& tile_types() {
  static const std::vector<TileType> types{
      {"card", {"measure", "compare", "spark"}},
      {"line", {"measure", "measures", "by", "grain", "limit", "compare"}},
      {"area", {"measure", "measures", "by", "grain", "limit", "compare", "stacked"}},
      {"bar", {"measure", "measures", "by", "grain", "limit", "compare", "sort", "stacked"}},
      {"table", {"measure", "measures", "by", "sort", "limit", "compare"}},
      {"pivot", {"measure", "rows", "columns", "limit"}},
      {"cohort", {"measure", "rows", "columns", "limit"}},
      {"heatmap", {"measure", "x", "y"}},
      {"funnel", {"measures"}},
      {"histogram", {"measure", "by"}},
      {"map", {"measure", "by"}},
      {"text", {"text"}},
  };
  return types;
}

const TileType* find_type(std::string_view name) {
  const auto found = std::ranges::find(tile_types(), name, &TileType::name);
  return found == tile_types().end() ? nullptr : &*found;
}

std::vector<std::string> keys_of(const TileType& type) {
  std::vector<std::string> out = kCommonKeys;
  out.insert(out.end(), type.keys.begin(), type.keys.end());
  return out;
}

std::vector<std::string> names_of(const std::vector<Metric>& measures) {
  std::vector<std::string> out;
  for (const Metric& measure : measures) out.push_back(measure.name);
  return out;
}

std::vector<std::string> names_of(const std::vector<MetricDimension>& dimensions) {
  std::vector<std::string> out;
  for (const MetricDimension& dimension : dimensions) out.push_back(dimension.name);
  return out;
}

void read_measures(const DashboardFields& fields, const MetricsModel* model, DashboardTile& out) {
  if (fields.has("measure") && fields.has("measures")) {
    fields.error_of_key("measures", "A tile has \"measure\" or \"measures\", not both.");
  }
  const std::string_view key = fields.has("measures") ? "measures" : "measure";
  out.measures = fields.texts(key, limits::kDashboardNamesMax);
  const bool single = key == "measure";
  if (single && out.measures.size() > 1) {
    fields.error(key, "\"measure\" is one name; several are \"measures\".");
  }
  if (!fields.has(key)) fields.error("", "The tile needs a measure.");
  for (std::size_t i = 0; model != nullptr && i < out.measures.size(); ++i) {
    const std::string at = fields.at(key).is_array() ? fmt::format("{}[{}]", key, i) : std::string(key);
    static_cast<void>(fields.check_name(fields.path_of(at), out.measures[i], names_of(model->measures), "measure"));
  }
}

// `keys`: where its dimensions stand, in order; all of them required but `by` of lines and bars.
void read_dimensions(const DashboardFields& fields, const MetricsModel* model, DashboardTile& out) {
  const std::string& type = out.type;
  const bool two = type == "pivot" || type == "cohort";
  std::vector<std::string> keys{"by"};
  if (two) keys = {"rows", "columns"};
  if (type == "heatmap") keys = {"x", "y"};
  const bool required = two || type == "heatmap" || type == "table" || type == "histogram" || type == "map";
  const std::size_t count_max = type == "table" ? 4 : 1;
  for (const std::string& key : keys) {
    if (!fields.has(key)) {
      if (required) fields.error("", fmt::format("The key \"{}\" is missing: a dimension.", key));
      continue;
    }
    const std::vector<std::string> names = fields.texts(key, count_max);
    for (std::size_t i = 0; i < names.size(); ++i) {
      const std::string at = fields.at(key).is_array() ? fmt::format("{}[{}]", key, i) : key;
      if (model != nullptr &&
          !fields.check_name(fields.path_of(at), names[i], names_of(model->dimensions), "dimension")) {
        continue;
      }
      if (std::ranges::find(out.by, names[i]) != out.by.end()) {
        fields.error(at, fmt::format("The dimension \"{}\" is there twice.", names[i]));
        continue;
      }
      out.by.push_back(names[i]);
    }
  }
  if (type == "histogram" && model != nullptr && !out.by.empty()) {
    const MetricDimension* dimension = model->find_dimension(out.by.front());
    if (dimension != nullptr && dimension->bins.empty()) {
      fields.error("by", fmt::format("A histogram is by a dimension with \"bins\"; \"{}\" has none.", out.by.front()));
    }
  }
}

void read_time(const DashboardFields& fields, const MetricsModel* model, DashboardTile& out) {
  const bool has_time = model != nullptr && !model->time.empty();
  const bool charts_time = out.type == "line" || out.type == "area";
  if (fields.has("grain")) {
    if (auto grain = grain_from(fields.word("grain", grain_names(), ""))) {
      out.grain = *grain;
      if (model != nullptr && *grain < model->grain) {
        fields.error("grain", fmt::format("The smallest grain of these metrics is {}.", name_of(model->grain)));
      }
    }
  } else if (!charts_time) {
    out.grain = Grain::None;
  }
  const bool wants_time = charts_time || (fields.has("grain") && out.grain != Grain::None);
  if (model != nullptr && !has_time && wants_time) {
    fields.error(fields.has("grain") ? "grain" : "", "These metrics have no \"time\".");
  }
  if (out.type == "card") {
    const Json& spark = fields.at("spark");
    out.spark = has_time ? std::max(Grain::Day, model->grain) : Grain::None;
    if (spark.is_bool() && !spark.as_bool()) {
      out.spark = Grain::None;
    } else if (fields.has("spark")) {
      out.spark = grain_from(fields.word("spark", grain_names(), "")).value_or(Grain::None);
      if (model != nullptr && !has_time) fields.error("spark", "These metrics have no \"time\".");
    }
  }
  if (fields.has("compare")) {
    out.compare = comparison_from(fields.word("compare", {"previous_period", "year_before", "none"}, "none"));
    if (model != nullptr && !has_time && *out.compare != Comparison::None) {
      fields.error("compare", "These metrics have no \"time\".");
    }
  } else if (out.type != "card" && out.type != "table") {
    out.compare = Comparison::None;
  }
}

void read_order(const DashboardFields& fields, DashboardTile& out) {
  const std::int64_t most = out.type == "table"                           ? 1000
                            : out.type == "pivot" || out.type == "cohort" ? limits::kDashboardGroupsMax
                                                                          : limits::kDashboardTopMax;
  out.limit = fields.integer("limit", {1, most});
  out.sort = fields.text("sort");
  if (!out.sort.empty()) {
    std::vector<std::string> known = out.measures;
    known.insert(known.end(), out.by.begin(), out.by.end());
    const std::string_view name = std::string_view(out.sort).substr(out.sort.starts_with('-') ? 1 : 0);
    static_cast<void>(fields.check_name(fields.path_of("sort"), name, known, "measure or dimension of the tile"));
  }
  if (out.measures.size() > 1 && out.grain != Grain::None && !out.by.empty()) {
    fields.error("measures", "A chart of several measures over time has no \"by\".");
  }
}

void read_models(const DashboardFields& fields, Dashboard& out) {
  const Json& metrics = fields.at("metrics");
  if (metrics.is_array()) {
    if (metrics.as_array().empty() || metrics.as_array().size() > limits::kDashboardModelsMax) {
      fields.error("metrics", fmt::format("\"metrics\" must be a mapping, or a list of up to {} of them.",
                                          limits::kDashboardModelsMax));
    }
    std::set<std::string> names;
    for (const Json& item : metrics.as_array()) {
      if (out.models.size() == limits::kDashboardModelsMax) break;
      const std::string path = fmt::format("metrics[{}]", out.models.size());
      out.models.push_back(metrics_from_json(item, path, fields.problems()));
      const std::string& name = out.models.back().name;
      if (metrics.as_array().size() > 1 && item.is_object() && name.empty()) {
        add_problem(fields.problems(), {path, "Where there are several, each of the metrics needs a \"name\"."});
      } else if (!name.empty() && !names.insert(name).second) {
        add_problem(fields.problems(), {path + ".name", fmt::format("The name \"{}\" is there twice.", name)});
      }
    }
    return;
  }
  if (!fields.has("metrics")) {
    fields.error("", "The key \"metrics\" is missing.");
    return;
  }
  out.models.push_back(metrics_from_json(metrics, "metrics", fields.problems()));
}

void read_settings(const DashboardFields& fields, Dashboard& out) {
  if (auto period = period_from_json(fields.has("period") ? fields.at("period") : Json("last_30_days"))) {
    out.period = *period;
  } else {
    fields.error("period", period.error().message);
  }
  out.compare = comparison_from(fields.word("compare", {"previous_period", "year_before", "none"}, "none"))
                    .value_or(Comparison::None);
  static_cast<void>(fields.integer("refresh_s", {5, 86'400}));
  std::vector<std::string> known;
  for (const MetricsModel& model : out.models) {
    for (const MetricDimension& dimension : model.dimensions) known.push_back(dimension.name);
  }
  const std::vector<std::string> filters = fields.texts("filters", limits::kDashboardNamesMax);
  for (std::size_t i = 0; i < filters.size(); ++i) {
    const std::string at = fields.at("filters").is_array() ? fmt::format("filters[{}]", i) : "filters";
    static_cast<void>(fields.check_name(at, filters[i], known, "dimension"));
  }
}

}  // namespace

DashboardTile dashboard_tile_from_json(const Json& json, const Dashboard& dashboard, const std::string& path,
                                       DashboardProblems& problems) {
  DashboardTile out;
  const DashboardFields fields(json, path, problems);
  if (!fields.is_object("A tile")) return out;
  if (!fields.has("type")) {
    fields.error("", fmt::format("The key \"type\" is missing: {}.", one_of(dashboard_tile_types())));
    return out;
  }
  out.type = fields.word("type", dashboard_tile_types(), "");
  const TileType* type = find_type(out.type);
  if (type == nullptr) return out;
  fields.check_keys(keys_of(*type), fmt::format("A tile of the type {}", out.type));
  static_cast<void>(fields.text("title"));
  static_cast<void>(fields.text("description"));
  static_cast<void>(fields.integer("width", {1, 12}));
  static_cast<void>(fields.integer("height", {1, 20}));
  if (out.type == "text") {
    static_cast<void>(fields.text("text", true));
    return out;
  }
  out.metrics = fields.text("metrics");
  std::vector<std::string> models;
  for (const MetricsModel& model : dashboard.models) models.push_back(model.name);
  if (!out.metrics.empty() && !fields.check_name(fields.path_of("metrics"), out.metrics, models, "metrics")) return out;
  const MetricsModel* model = dashboard.model_of(out);
  static_cast<void>(fields.flag("stacked"));
  read_measures(fields, model, out);
  read_dimensions(fields, model, out);
  read_time(fields, model, out);
  read_order(fields, out);
  out.where = fields.conditions("where");
  for (const MetricCondition& condition : out.where) {
    if (model == nullptr) break;
    static_cast<void>(fields.check_name(fields.path_of("where." + condition.name), condition.name,
                                        names_of(model->dimensions), "dimension"));
  }
  return out;
}

Dashboard dashboard_from_json(const Json& json, DashboardProblems& problems) {
  Dashboard out;
  const DashboardFields fields(json, "", problems);
  if (!fields.is_object("A dashboard")) return out;
  fields.check_keys(kDashboardKeys, "A dashboard");
  out.title = fields.text("title", true);
  out.description = fields.text("description");
  read_models(fields, out);
  read_settings(fields, out);
  const Json& tiles = fields.at("tiles");
  if (!tiles.is_array() || tiles.as_array().empty() || tiles.as_array().size() > limits::kDashboardTilesMax) {
    fields.error(fields.has("tiles") ? "tiles" : "",
                 fmt::format("A dashboard needs \"tiles\": a list of 1 to {}.", limits::kDashboardTilesMax));
    return out;
  }
  for (const Json& tile : tiles.as_array()) {
    out.tiles.push_back(dashboard_tile_from_json(tile, out, fmt::format("tiles[{}]", out.tiles.size()), problems));
  }
  return out;
}

bool has_errors(const DashboardProblems& problems) {
  return std::ranges::any_of(problems, [](const DashboardProblem& problem) { return !problem.is_warning; });
}

Status first_error(const DashboardProblems& problems) {
  for (const DashboardProblem& problem : problems) {
    if (problem.is_warning) continue;
    const std::string where = problem.path.empty() ? std::string() : problem.path + ": ";
    return fail(ErrorCode::InvalidData, where + problem.message);
  }
  return {};
}

std::vector<std::string> dashboard_keys(std::string_view object) {
  if (object == "dashboard") return kDashboardKeys;
  if (object == "metrics") return metrics_keys();
  if (object == "dimension") return dimension_keys();
  if (object == "measure") return measure_keys();
  const TileType* type = find_type(object);
  return type == nullptr ? std::vector<std::string>() : keys_of(*type);
}

std::vector<std::string> dashboard_tile_types() {
  std::vector<std::string> out;
  for (const TileType& type : tile_types()) out.emplace_back(type.name);
  return out;
}

}  // namespace canvasback
