#include "query/rollup_plan.hpp"

#include <algorithm>
#include <utility>

#include "base/text_list.hpp"

namespace canvasback {
namespace {

using Names = std::vector<std::string>;

bool has(const Names& names, std::string_view name) { return std::ranges::find(names, name) != names.end(); }

void add(Names& names, const std::string& name) {
  if (!has(names, name)) names.push_back(name);
}

// In the model's order, so that the same set is the same list.
Names in_order(const MetricsModel& model, const Names& names) {
  Names out;
  for (const MetricDimension& dimension : model.dimensions) {
    if (has(names, dimension.name)) out.push_back(dimension.name);
  }
  return out;
}

// The measures of a kind that a tile is of, also where it shows a ratio of them.
Names sketches_of(const MetricsModel& model, const Names& measures, MetricKind kind) {
  Names out;
  const auto look = [&](const Metric* metric) {
    if (metric != nullptr && metric->kind == kind) add(out, metric->name);
  };
  for (const std::string& name : measures) {
    const Metric* metric = model.find_measure(name);
    look(metric);
    if (metric == nullptr || metric->kind != MetricKind::Ratio) continue;
    look(model.find_measure(metric->numerator));
    look(model.find_measure(metric->denominator));
  }
  return out;
}

// Collects wishes, each once.
class Planner {
 public:
  Planner(const MetricsModel& model, const RollupNeeds& needs, const std::map<std::string, std::int64_t>& values)
      : model_(model), needs_(needs), values_(values) {}

  std::vector<RollupWish> plan() {
    leaves({});
    for (const RollupTile& tile : needs_.tiles) leaves(tile.dimensions);
    for (const RollupTile& tile : needs_.tiles) details(tile);
    for (const std::string& filter : needs_.filters) leaves({filter});
    sketches();
    for (const RollupTile& tile : needs_.tiles) {
      for (const std::string& filter : needs_.filters) leaves(with(tile.dimensions, {filter}));
    }
    for (const std::string& one : needs_.filters) {
      for (const std::string& other : needs_.filters) leaves({one, other});
    }
    leaves(small_dimensions());
    hours();
    for (const RollupTile& tile : needs_.tiles) {
      for (const std::string& one : needs_.filters) {
        for (const std::string& other : needs_.filters) leaves(with(tile.dimensions, {one, other}));
      }
    }
    // A click on a tile filters the others by what it shows.
    const Names clicked = small_dimensions();
    for (const std::string& one : clicked) leaves({one});
    for (const RollupTile& tile : needs_.tiles) {
      for (const std::string& one : clicked) leaves(with(tile.dimensions, {one}));
    }
    return std::move(wishes_);
  }

 private:
  bool is_small(const std::string& dimension) const {
    const auto found = values_.find(dimension);
    return found != values_.end() && found->second <= kRollupValuesMax;
  }

  Names with(Names dimensions, const Names& more) const {
    for (const std::string& name : more) add(dimensions, name);
    return dimensions;
  }

  // All that tiles show or filters are of, if each is small.
  Names small_dimensions() const {
    Names out;
    for (const RollupTile& tile : needs_.tiles) out = with(std::move(out), tile.dimensions);
    out = with(std::move(out), needs_.filters);
    std::erase_if(out, [&](const std::string& name) { return !is_small(name); });
    return out;
  }

  void wish(RollupWish one) {
    if (!std::ranges::all_of(one.dimensions, [&](const std::string& name) { return is_small(name) || one.details; })) {
      return;
    }
    if (std::ranges::find(wishes_, one) == wishes_.end()) wishes_.push_back(std::move(one));
  }

  void leaves(const Names& dimensions) {
    RollupWish one;
    one.dimensions = in_order(model_, dimensions);
    wish(std::move(one));
  }

  void sketches() {
    for (const auto& [kind, metric_kind] :
         {std::pair{RollupKind::Distinct, MetricKind::Distinct}, {RollupKind::Quantile, MetricKind::Quantile}}) {
      const auto add_wish = [&](const std::string& measure, const Names& dimensions) {
        RollupWish one;
        one.kind = kind;
        one.sketch = measure;
        one.dimensions = in_order(model_, dimensions);
        wish(std::move(one));
      };
      for (const RollupTile& tile : needs_.tiles) {
        for (const std::string& measure : sketches_of(model_, tile.measures, metric_kind)) {
          add_wish(measure, {});
          add_wish(measure, tile.dimensions);
        }
      }
      for (const RollupTile& tile : needs_.tiles) {
        for (const std::string& measure : sketches_of(model_, tile.measures, metric_kind)) {
          for (const std::string& filter : needs_.filters) add_wish(measure, with(tile.dimensions, {filter}));
        }
      }
    }
  }

  void hours() {
    for (const RollupTile& tile : needs_.tiles) {
      if (!tile.hours) continue;
      RollupWish one;
      one.hours = true;
      one.dimensions = in_order(model_, tile.dimensions);
      wish(one);
      for (const std::string& filter : needs_.filters) {
        one.dimensions = in_order(model_, with(tile.dimensions, {filter}));
        wish(one);
      }
    }
  }

  void details(const RollupTile& tile) {
    if (std::ranges::all_of(tile.dimensions, [&](const std::string& name) { return is_small(name); })) return;
    RollupWish one;
    one.details = true;
    one.compared = tile.compares;
    one.sort = tile.sort;
    // As the tile has them: d0 is what is searched for.
    one.dimensions = tile.shown;
    for (const std::string& name : tile.dimensions) add(one.dimensions, name);
    wish(std::move(one));
  }

  const MetricsModel& model_;
  const RollupNeeds& needs_;
  const std::map<std::string, std::int64_t>& values_;
  std::vector<RollupWish> wishes_;
};

// The measure that rows of the tile are in the order of unless the reader sorts by another.
std::string sort_of(const DashboardTile& tile, const MetricsModel& model) {
  const std::string name = tile.sort.substr(tile.sort.starts_with('-') ? 1 : 0);
  const Metric* metric = model.find_measure(name);
  if (metric != nullptr && has_leaves(model, *metric)) return name;
  for (const std::string& measure : tile.measures) {
    const Metric* one = model.find_measure(measure);
    if (one != nullptr && has_leaves(model, *one)) return measure;
  }
  return {};
}

}  // namespace

bool has_leaves(const MetricsModel& model, const Metric& metric) {
  const auto merges = [](const Metric* one) {
    return one != nullptr && one->kind != MetricKind::Distinct && one->kind != MetricKind::Quantile;
  };
  if (metric.kind != MetricKind::Ratio) return merges(&metric);
  return merges(model.find_measure(metric.numerator)) && merges(model.find_measure(metric.denominator));
}

RollupNeeds rollup_needs(const Dashboard& dashboard, const MetricsModel& model, const Names& filters) {
  RollupNeeds out;
  for (const std::string& name : filters) {
    if (model.find_dimension(name) != nullptr) add(out.filters, name);
  }
  for (const DashboardTile& tile : dashboard.tiles) {
    if (tile.type == "text" || dashboard.model_of(tile) != &model) continue;
    const MetricsQuery query = metrics_query_of(tile, dashboard, {});
    RollupTile one;
    one.shown = tile.by;
    Names dimensions = tile.by;
    for (const MetricCondition& condition : tile.where) add(dimensions, condition.name);
    one.dimensions = in_order(model, dimensions);
    one.measures = tile.measures;
    one.sort = sort_of(tile, model);
    one.hours =
        query.grain == Grain::Hour || (query.grain_fits && model.grain == Grain::Hour) || query.spark == Grain::Hour;
    one.compares = query.compare != Comparison::None;
    out.tiles.push_back(std::move(one));
  }
  return out;
}

RollupNeeds rollup_needs(const MetricsModel& model) {
  RollupNeeds out;
  RollupTile tile;
  for (const Metric& metric : model.measures) tile.measures.push_back(metric.name);
  out.tiles.push_back(tile);
  for (const MetricDimension& dimension : model.dimensions) {
    out.filters.push_back(dimension.name);
    tile.dimensions = {dimension.name};
    out.tiles.push_back(tile);
  }
  return out;
}

Json to_json(const RollupNeeds& needs) {
  Json tiles = Json::Array{};
  for (const RollupTile& tile : needs.tiles) {
    Json one;
    one.set("dimensions", text_list(tile.dimensions));
    one.set("shown", text_list(tile.shown));
    one.set("measures", text_list(tile.measures));
    one.set("sort", tile.sort);
    one.set("hours", tile.hours);
    one.set("compares", tile.compares);
    tiles.push(std::move(one));
  }
  Json out;
  out.set("tiles", std::move(tiles));
  out.set("filters", text_list(needs.filters));
  return out;
}

RollupNeeds rollup_needs_from_json(const Json& json) {
  RollupNeeds out;
  for (const Json& tile : json.at("tiles").as_array()) {
    RollupTile one;
    one.dimensions = texts_of(tile.at("dimensions"));
    one.shown = texts_of(tile.at("shown"));
    one.measures = texts_of(tile.at("measures"));
    one.sort = tile.at("sort").as_string();
    one.hours = tile.at("hours").as_bool();
    one.compares = tile.at("compares").as_bool();
    out.tiles.push_back(std::move(one));
  }
  out.filters = texts_of(json.at("filters"));
  return out;
}

std::string_view name_of(RollupKind kind) {
  switch (kind) {
    case RollupKind::Leaves: return "leaves";
    case RollupKind::Distinct: return "distinct";
    case RollupKind::Quantile: return "quantile";
  }
  return "";
}

std::vector<RollupWish> rollup_plan(const MetricsModel& model, const RollupNeeds& needs,
                                    const std::map<std::string, std::int64_t>& values) {
  return Planner(model, needs, values).plan();
}

}  // namespace canvasback
