#include "query/analysis.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "record/column_type.hpp"

namespace canvasback {
namespace {

struct Function {
  std::string_view name;
  bool of_numbers;
};
constexpr std::array kFunctions{
    Function{"count", false},
    Function{"count_distinct", false},
    Function{"approx_distinct", false},
    Function{"sum", true},
    Function{"mean", true},
    Function{"min", false},
    Function{"max", false},
    Function{"std", true},
    Function{"variance", true},
    Function{"median", true},
    Function{"quantile", true},
    Function{"any", false},
};
constexpr std::array<std::string_view, 7> kPeriods{"year", "quarter", "month", "week", "day", "hour", "minute"};

const Function* find_function(std::string_view name) {
  if (name == "avg") name = "mean";
  if (name == "stddev") name = "std";
  const auto* found = std::ranges::find(kFunctions, name, &Function::name);
  return found == kFunctions.end() ? nullptr : found;
}

template <class Range, class Projection>
std::string names_of(const Range& range, Projection projection) {
  std::string out;
  for (const auto& item : range) out += fmt::format("{}{}", out.empty() ? "" : " ", projection(item));
  return out;
}

Status check_members(const Json& object, std::initializer_list<std::string_view> known, std::string_view what) {
  for (const auto& [name, value] : object.as_object()) {
    if (std::ranges::find(known, name) == known.end()) {
      return fail(ErrorCode::InvalidData, fmt::format("{} has an unknown member \"{}\".", what, name.substr(0, 64)));
    }
  }
  return {};
}

Result<std::string> text_member(const Json& object, std::string_view name, std::string_view what) {
  const Json& value = object.at(name);
  if (value.is_null()) return std::string();
  if (!value.is_string())
    return fail(ErrorCode::InvalidData, fmt::format("\"{}\" of {} must be a string.", name, what));
  return std::string(value.as_string());
}

Result<GroupKey> group_key_from(const Json& json) {
  GroupKey key;
  if (json.is_string()) {
    key.column = key.name = json.as_string();
    return key;
  }
  if (!json.is_object()) {
    return fail(ErrorCode::InvalidData, "group_by must contain columns, or objects with \"column\".");
  }
  // "every" is the earlier name of "granularity".
  CANVASBACK_TRY(check_members(json, {"column", "granularity", "as", "every"}, "A key of group_by"));
  CANVASBACK_ASSIGN(key.column, text_member(json, "column", "a key"));
  CANVASBACK_ASSIGN(key.every, text_member(json, "granularity", "a key"));
  CANVASBACK_ASSIGN(std::string earlier, text_member(json, "every", "a key"));
  if (!key.every.empty() && !earlier.empty()) {
    return fail(ErrorCode::InvalidData, "\"granularity\" and \"every\" are aliases; use one of them.");
  }
  if (key.every.empty()) key.every = std::move(earlier);
  CANVASBACK_ASSIGN(key.name, text_member(json, "as", "a key"));
  if (key.name.empty()) key.name = key.every.empty() ? key.column : key.column + "_" + key.every;
  return key;
}

Result<Measure> measure_from(const Json& json) {
  Measure measure;
  if (json.is_string()) {
    measure.function = measure.name = json.as_string();
    return measure;
  }
  if (!json.is_object())
    return fail(ErrorCode::InvalidData, "measures must contain objects with \"function\" and \"column\".");
  CANVASBACK_TRY(check_members(json, {"function", "column", "q", "as"}, "A measure"));
  CANVASBACK_ASSIGN(measure.function, text_member(json, "function", "a measure"));
  CANVASBACK_ASSIGN(measure.column, text_member(json, "column", "a measure"));
  CANVASBACK_ASSIGN(measure.name, text_member(json, "as", "a measure"));
  if (const Json* q = json.find("q"); q != nullptr) {
    if (measure.function != "quantile" || !q->is_number() || !(q->as_double() >= 0 && q->as_double() <= 1)) {
      return fail(ErrorCode::InvalidData, "\"q\" must be a probability from 0 to 1.");
    }
    measure.probability = q->as_double();
  }
  if (measure.name.empty()) {
    measure.name = measure.column.empty() ? measure.function : measure.column + "_" + measure.function;
  }
  return measure;
}

Status unknown_column(std::string_view column, const Dataset& dataset) {
  return fail(ErrorCode::InvalidData,
              fmt::format("Dataset \"{}\" has no column \"{}\".", dataset.name, column.substr(0, 128)));
}

Status check_key(const GroupKey& key, const Dataset& dataset) {
  const DatasetColumn* column = dataset.find_column(key.column);
  if (column == nullptr) return unknown_column(key.column, dataset);
  if (key.every.empty()) return {};
  if (std::ranges::find(kPeriods, key.every) == kPeriods.end()) {
    return fail(ErrorCode::InvalidData, fmt::format("\"granularity\" must be one of {}.", fmt::join(kPeriods, " ")));
  }
  if (is_date_type(column->type)) return {};
  return fail(ErrorCode::InvalidData,
              fmt::format("\"{}\" is not a date or time, so it has no {}.", key.column, key.every));
}

Status check_measure(const Measure& measure, const Dataset& dataset) {
  const Function* function = find_function(measure.function);
  if (function == nullptr) {
    return fail(ErrorCode::InvalidData,
                fmt::format("Unknown measure \"{}\"; use one of {}.", measure.function.substr(0, 64),
                            names_of(kFunctions, [](const Function& known) { return known.name; })));
  }
  if (measure.column.empty()) {
    if (function->name == "count") return {};
    return fail(ErrorCode::InvalidData, fmt::format("The measure {} needs a column.", function->name));
  }
  const DatasetColumn* column = dataset.find_column(measure.column);
  if (column == nullptr) return unknown_column(measure.column, dataset);
  if (!function->of_numbers || is_number_type(column->type)) return {};
  const bool ordered = function->name == "median" || function->name == "quantile";
  if (ordered && is_date_type(column->type)) return {};
  return fail(ErrorCode::InvalidData,
              fmt::format("\"{}\" is {}: the measure {} needs numbers.", measure.column, column->type, function->name));
}

Status check_aggregate(const Analysis& analysis, const Selection& selection, const Dataset& dataset) {
  if (analysis.measures.empty() && analysis.group_by.empty()) {
    return fail(ErrorCode::InvalidData, "An aggregate needs group_by or measures.");
  }
  if (analysis.measures.size() + analysis.group_by.size() > limits::kAggregateColumnsMax) {
    return fail(ErrorCode::InvalidData, "The aggregate has too many keys and measures.");
  }
  std::set<std::string, std::less<>> names;
  auto add_name = [&](const std::string& name) -> Status {
    if (name.empty() || name.size() > 256 || name.find('\0') != std::string::npos) {
      return fail(ErrorCode::InvalidData, "The name of a result column must have 1 to 256 bytes.");
    }
    // Names in SQL mean the same in any case.
    if (names.insert(lower(name)).second) return {};
    return fail(ErrorCode::InvalidData,
                fmt::format("Two result columns are named \"{}\"; rename one with \"as\".", name));
  };
  for (const GroupKey& key : analysis.group_by) {
    CANVASBACK_TRY(check_key(key, dataset));
    CANVASBACK_TRY(add_name(key.name));
  }
  for (const Measure& measure : analysis.measures) {
    CANVASBACK_TRY(check_measure(measure, dataset));
    CANVASBACK_TRY(add_name(measure.name));
  }
  for (const SortKey& key : selection.sort) {
    if (!names.contains(lower(key.column))) {
      return fail(ErrorCode::InvalidData,
                  fmt::format("sort must name a result column; there is no \"{}\".", key.column.substr(0, 128)));
    }
  }
  return {};
}

std::string_view kind_name(Analysis::Kind kind) {
  switch (kind) {
    case Analysis::Kind::Profile: return "profile";
    case Analysis::Kind::Histogram: return "histogram";
    case Analysis::Kind::Top: return "top";
    case Analysis::Kind::Aggregate: return "aggregate";
    case Analysis::Kind::None: break;
  }
  return "";
}

}  // namespace

std::vector<std::string_view> measure_functions() {
  std::vector<std::string_view> out;
  for (const Function& function : kFunctions) out.push_back(function.name);
  return out;
}

std::string_view measure_function_named(std::string_view name) {
  const Function* function = find_function(name);
  return function == nullptr ? std::string_view() : function->name;
}

Result<Analysis> aggregate_from_json(const Json& group_by, const Json& measures) {
  Analysis analysis;
  analysis.kind = Analysis::Kind::Aggregate;
  for (const Json* list : {&group_by, &measures}) {
    if (!list->is_null() && !list->is_array()) {
      return fail(ErrorCode::InvalidData, "group_by and measures must be arrays.");
    }
    if (list->as_array().size() > limits::kAggregateColumnsMax) {
      return fail(ErrorCode::InvalidData, "The aggregate has too many keys and measures.");
    }
  }
  for (const Json& json : group_by.as_array()) {
    CANVASBACK_ASSIGN(GroupKey key, group_key_from(json));
    analysis.group_by.push_back(std::move(key));
  }
  for (const Json& json : measures.as_array()) {
    CANVASBACK_ASSIGN(Measure measure, measure_from(json));
    analysis.measures.push_back(std::move(measure));
  }
  return analysis;
}

Status check_analysis(const Analysis& analysis, const Selection& selection, const Dataset& dataset) {
  Selection without_sort = selection;
  without_sort.sort.clear();
  CANVASBACK_TRY(check_selection(without_sort, dataset));
  switch (analysis.kind) {
    case Analysis::Kind::None: break;
    case Analysis::Kind::Profile:
      for (std::string_view known : {"summary", "profile", "quality"}) {
        if (analysis.profile_type == known) return {};
      }
      return fail(ErrorCode::InvalidData, "type must be summary, profile or quality.");
    case Analysis::Kind::Aggregate: return check_aggregate(analysis, selection, dataset);
    case Analysis::Kind::Histogram:
    case Analysis::Kind::Top: {
      const DatasetColumn* column = dataset.find_column(analysis.column);
      if (column == nullptr) return unknown_column(analysis.column, dataset);
      if (analysis.kind == Analysis::Kind::Top || is_number_type(column->type) || is_date_type(column->type)) return {};
      return fail(ErrorCode::InvalidData,
                  fmt::format("\"{}\" is {}: a histogram needs numbers or dates.", analysis.column, column->type));
    }
  }
  return {};
}

Json to_json(const Analysis& analysis) {
  Json out;
  out.set("kind", kind_name(analysis.kind));
  out.set("profile_type", analysis.profile_type);
  out.set("column", analysis.column);
  out.set("bins", analysis.bins);
  out.set("top", analysis.top);
  Json keys = Json::Array{};
  for (const GroupKey& key : analysis.group_by) {
    Json entry;
    entry.set("column", key.column);
    entry.set("every", key.every);
    entry.set("name", key.name);
    keys.push(std::move(entry));
  }
  out.set("group_by", std::move(keys));
  Json measures = Json::Array{};
  for (const Measure& measure : analysis.measures) {
    Json entry;
    entry.set("function", measure.function);
    entry.set("column", measure.column);
    entry.set("probability", measure.probability);
    entry.set("name", measure.name);
    measures.push(std::move(entry));
  }
  out.set("measures", std::move(measures));
  return out;
}

Analysis analysis_from_json(const Json& json) {
  Analysis analysis;
  for (auto kind :
       {Analysis::Kind::Profile, Analysis::Kind::Histogram, Analysis::Kind::Top, Analysis::Kind::Aggregate}) {
    if (kind_name(kind) == json.at("kind").as_string()) analysis.kind = kind;
  }
  analysis.profile_type = json.at("profile_type").as_string();
  analysis.column = json.at("column").as_string();
  analysis.bins = json.at("bins").as_int(analysis.bins);
  analysis.top = json.at("top").as_int(analysis.top);
  for (const Json& key : json.at("group_by").as_array()) {
    analysis.group_by.push_back({std::string(key.at("column").as_string()), std::string(key.at("every").as_string()),
                                 std::string(key.at("name").as_string())});
  }
  for (const Json& measure : json.at("measures").as_array()) {
    analysis.measures.push_back({std::string(measure.at("function").as_string()),
                                 std::string(measure.at("column").as_string()), measure.at("probability").as_double(),
                                 std::string(measure.at("name").as_string())});
  }
  return analysis;
}

}  // namespace canvasback
