#include "query/published_dashboard.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "base/text.hpp"
#include "base/text_list.hpp"
#include "query/dashboard_reader.hpp"
#include "query/metrics_query.hpp"

namespace canvasback {
namespace {

using Names = std::vector<std::string>;

bool is_of_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// Whether an expression mentions the column, in whatever case.
bool mentions(const std::string& expression, const std::string& column) {
  const std::string text = lower(expression);
  const std::string name = lower(column);
  for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name, at + 1)) {
    const bool begins = at == 0 || !is_of_word(text[at - 1]) || !is_of_word(name.front());
    const std::size_t end = at + name.size();
    const bool ends = end == text.size() || !is_of_word(text[end]) || !is_of_word(name.back());
    if (begins && ends) return true;
  }
  return false;
}

// The private columns of one of the metrics, and what is made of them.
class Privacy {
 public:
  explicit Privacy(const MetricsModel& model) : model_(model) {
    for (const std::string& column : model.private_columns) columns_.insert(lower(column));
    for (const MetricDimension& dimension : model.dimensions) {
      const std::string& column =
          dimension.column.empty() && dimension.expression.empty() ? model.time : dimension.column;
      if (const std::string why = of(column, dimension.expression); !why.empty()) {
        dimensions_.emplace(dimension.name, why);
      }
    }
    for (const Metric& metric : model.measures) {
      std::string why = of(metric.column, metric.expression);
      for (const MetricCondition& condition : metric.where) {
        const auto dimension = dimensions_.find(condition.name);
        if (why.empty() && dimension != dimensions_.end()) why = dimension->second;
        if (why.empty() && model.find_dimension(condition.name) == nullptr) why = of(condition.name, {});
      }
      if (!why.empty()) measures_.emplace(metric.name, why);
    }
    for (const Metric& metric : model.measures) {
      for (const std::string& part : {metric.numerator, metric.denominator}) {
        const auto found = measures_.find(part);
        if (metric.kind == MetricKind::Ratio && found != measures_.end()) measures_.emplace(metric.name, found->second);
      }
    }
    time_ = of(model.time, {});
  }

  // The private column that it is made of, or "".
  std::string of_dimension(const std::string& name) const { return found_in(dimensions_, name); }
  std::string of_measure(const std::string& name) const { return found_in(measures_, name); }
  const std::string& of_time() const { return time_; }

 private:
  static std::string found_in(const std::map<std::string, std::string>& all, const std::string& name) {
    const auto found = all.find(name);
    return found == all.end() ? std::string() : found->second;
  }

  std::string of(const std::string& column, const std::string& expression) const {
    if (!column.empty() && columns_.contains(lower(column))) return column;
    for (const std::string& name : model_.private_columns) {
      if (!expression.empty() && !name.empty() && mentions(expression, name)) return name;
    }
    return {};
  }

  const MetricsModel& model_;
  std::set<std::string> columns_;
  std::map<std::string, std::string> dimensions_;
  std::map<std::string, std::string> measures_;
  std::string time_;
};

std::string name_in(const Json& item) {
  return std::string(item.is_string() ? item.as_string() : item.at("name").as_string());
}

Json without(const Json& object, const Names& keys) {
  Json out = Json::Object{};
  for (const auto& [key, value] : object.as_object()) {
    if (std::ranges::find(keys, key) == keys.end()) out.set(key, value);
  }
  return out;
}

Json kept_metrics(const Json& metrics, const Privacy& privacy) {
  Json dimensions = Json::Array{};
  for (const Json& item : metrics.at("dimensions").as_array()) {
    if (privacy.of_dimension(name_in(item)).empty()) dimensions.push(item);
  }
  Json measures = Json::Array{};
  for (const Json& item : metrics.at("measures").as_array()) {
    if (privacy.of_measure(name_in(item)).empty()) measures.push(item);
  }
  Json out = without(metrics, {"private"});
  if (metrics.find("dimensions") != nullptr) out.set("dimensions", std::move(dimensions));
  out.set("measures", std::move(measures));
  return out;
}

// Of readers: what is measured is not told.
Json shown_metrics(const Json& metrics) {
  Json out = without(metrics, {"sql", "source"});
  for (const char* list : {"dimensions", "measures"}) {
    if (metrics.find(list) == nullptr) continue;
    Json items = Json::Array{};
    for (const Json& item : metrics.at(list).as_array()) {
      items.push(item.is_object() ? without(item, {"expression"}) : item);
    }
    out.set(list, std::move(items));
  }
  return out;
}

// Why a tile cannot be published, or "".
std::string withheld_of(const DashboardTile& tile, const MetricsModel& model, const Privacy& privacy) {
  const auto told = [](std::string_view what, const std::string& name, const std::string& column) {
    return fmt::format("the {} \"{}\" is made of the private column \"{}\"", what, name, column);
  };
  if (!privacy.of_time().empty()) return told("time", model.time, privacy.of_time());
  for (const std::string& name : tile.measures) {
    if (const std::string why = privacy.of_measure(name); !why.empty()) return told("measure", name, why);
  }
  Names dimensions = tile.by;
  for (const MetricCondition& condition : tile.where) dimensions.push_back(condition.name);
  for (const std::string& name : dimensions) {
    if (const std::string why = privacy.of_dimension(name); !why.empty()) return told("dimension", name, why);
  }
  return {};
}

std::string title_of(const Json& tile, std::size_t index) {
  return tile.at("title").is_string() ? std::string(tile.at("title").as_string()) : fmt::format("tile {}", index + 1);
}

Json text_tile(const Json& tile) {
  Json out;
  out.set("type", "text");
  for (const char* key : {"title", "width", "height"}) {
    if (tile.find(key) != nullptr) out.set(key, tile.at(key));
  }
  // A card's width is 3 unless it says otherwise; a text's is 12.
  if (tile.find("width") == nullptr && tile.at("type").as_string() == "card") out.set("width", 3);
  out.set("text", "Not in this published site: it is made of private columns.");
  return out;
}

// What leaves of the tiles of one of the metrics.
void list_columns(const Dashboard& dashboard, const MetricsModel& model, const Names& filters,
                  std::vector<PublishedColumn>& out) {
  Names dimensions = filters;
  Names measures;
  bool used = false;
  for (const DashboardTile& tile : dashboard.tiles) {
    if (tile.type == "text" || dashboard.model_of(tile) != &model) continue;
    used = true;
    dimensions.insert(dimensions.end(), tile.by.begin(), tile.by.end());
    for (const MetricCondition& condition : tile.where) dimensions.push_back(condition.name);
    for (const std::string& name : tile.measures) {
      measures.push_back(name);
      const Metric* metric = model.find_measure(name);
      if (metric == nullptr || metric->kind != MetricKind::Ratio) continue;
      measures.push_back(metric->numerator);
      measures.push_back(metric->denominator);
    }
  }
  if (!used) return;
  const std::string metrics = !model.name.empty() ? model.name : !model.source.empty() ? model.source : "statement";
  const auto add = [&](const std::string& column, const std::string& expression, std::string use) {
    out.push_back({metrics, !column.empty() ? column : fmt::format("({})", expression), std::move(use)});
  };
  if (!model.time.empty()) add(model.time, {}, "days of the rows, and the newest time");
  for (const MetricDimension& dimension : model.dimensions) {
    if (std::ranges::find(dimensions, dimension.name) == dimensions.end()) continue;
    const bool of_time = dimension.column.empty() && dimension.expression.empty();
    add(of_time ? model.time : dimension.column, dimension.expression,
        fmt::format("values of the dimension {}", dimension.name));
  }
  for (const Metric& metric : model.measures) {
    if (std::ranges::find(measures, metric.name) == measures.end() || metric.kind == MetricKind::Ratio) continue;
    const std::string use = fmt::format("{} for the measure {}", name_of(metric.kind), metric.name);
    if (!metric.column.empty() || !metric.expression.empty()) add(metric.column, metric.expression, use);
    for (const MetricCondition& condition : metric.where) {
      add(condition.name, {}, fmt::format("condition of the measure {}", metric.name));
    }
  }
}

}  // namespace

std::vector<std::string> filters_of(const Json& document, const Dashboard& dashboard) {
  const Json* filters = document.find("filters");
  if (filters != nullptr) return filters->is_string() ? Names{std::string(filters->as_string())} : texts_of(*filters);
  Names out;
  for (const MetricDimension& dimension : dashboard.models.front().dimensions) out.push_back(dimension.name);
  return out;
}

Result<PublishedDashboard> published_dashboard(const Json& document) {
  DashboardProblems problems;
  const Dashboard whole = dashboard_from_json(document, problems);
  CANVASBACK_TRY(first_error(problems));
  std::vector<Privacy> privacies;
  privacies.reserve(whole.models.size());
  for (const MetricsModel& model : whole.models) privacies.emplace_back(model);
  PublishedDashboard out;
  out.document = document;

  Json tiles = Json::Array{};
  std::set<const MetricsModel*> used;
  for (std::size_t i = 0; i < whole.tiles.size(); ++i) {
    const DashboardTile& tile = whole.tiles[i];
    const Json& item = document.at("tiles").as_array()[i];
    const MetricsModel* model = whole.model_of(tile);
    const bool asks = tile.type != "text" && model != nullptr;
    const Privacy* privacy = asks ? &privacies[static_cast<std::size_t>(model - whole.models.data())] : nullptr;
    const std::string why = asks ? withheld_of(tile, *model, *privacy) : std::string();
    if (asks && why.empty()) used.insert(model);
    if (!why.empty()) out.withheld.push_back(fmt::format("{}: {}", title_of(item, i), why));
    tiles.push(why.empty() ? item : text_tile(item));
  }
  if (used.empty()) return fail(ErrorCode::InvalidData, "No tile is left: all are made of private columns.");

  // Metrics that no tile is of any more are left out: their tiles are texts.
  Json kept = Json::Array{};
  Json shown = Json::Array{};
  std::set<std::string> names;
  for (std::size_t i = 0; i < whole.models.size(); ++i) {
    const MetricsModel& model = whole.models[i];
    if (!used.contains(&model)) continue;
    const Json metrics = kept_metrics(model.document, privacies[i]);
    for (const Json& dimension : metrics.at("dimensions").as_array()) names.insert(name_in(dimension));
    shown.push(shown_metrics(metrics));
    kept.push(metrics);
  }
  const bool is_list = document.at("metrics").is_array();
  out.document.set("metrics", is_list ? kept : kept.as_array().front());
  out.document.set("tiles", tiles);
  if (document.find("filters") != nullptr) {
    Names filters = filters_of(document, whole);
    std::erase_if(filters, [&](const std::string& name) { return !names.contains(name); });
    out.document.set("filters", text_list(filters));
  }
  out.shown = out.document;
  out.shown.set("metrics", is_list ? shown : shown.as_array().front());
  out.dashboard = dashboard_from_json(out.document, problems);
  CANVASBACK_TRY(first_error(problems));
  const Names filters = filters_of(out.document, out.dashboard);
  for (const MetricsModel& model : out.dashboard.models) list_columns(out.dashboard, model, filters, out.columns);
  return out;
}

}  // namespace canvasback
