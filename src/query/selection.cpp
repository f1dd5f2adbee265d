#include "query/selection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/limits.hpp"
#include "base/text.hpp"

namespace canvasback {
namespace {

// Of all "in" lists of a filter: an answer of that many rows can be asked for by its keys.
constexpr std::size_t kListedValuesMax = 100'000;

constexpr std::array<std::string_view, 10> kOperators{"eq", "ne",      "lt",   "le",       "gt",
                                                      "ge", "between", "like", "contains", "is_null"};

Status unknown_column(std::string_view column, const Dataset& dataset) {
  return fail(ErrorCode::InvalidData,
              fmt::format("Dataset \"{}\" has no column \"{}\".", dataset.name, column.substr(0, 128)));
}

bool is_scalar(const Json& json) { return !json.is_array() && !json.is_object(); }
bool is_value(const Json& json) { return is_scalar(json) && !json.is_null(); }

struct FilterCheck {
  const Dataset& dataset;
  std::size_t nodes = 0;
  std::size_t values = 0;  // in lists

  Status node(const Json& filter, std::size_t depth) {
    if (depth > limits::kFilterDepthMax || ++nodes > limits::kFilterNodesMax) {
      return fail(ErrorCode::InvalidData, "The filter is too deep or too large.");
    }
    if (!filter.is_object()) {
      return fail(ErrorCode::InvalidData, "A filter must be an object: column → value or condition.");
    }
    for (const auto& [name, value] : filter.as_object()) {
      if (name == "and" || name == "or") {
        if (!value.is_array()) {
          return fail(ErrorCode::InvalidData, fmt::format("\"{}\" in a filter takes an array of filters.", name));
        }
        for (const Json& part : value.as_array()) CANVASBACK_TRY(node(part, depth + 1));
      } else if (name == "not") {
        CANVASBACK_TRY(node(value, depth + 1));
      } else {
        if (dataset.find_column(name) == nullptr) return unknown_column(name, dataset);
        CANVASBACK_TRY(condition(name, value));
      }
    }
    return {};
  }

  Status condition(std::string_view column, const Json& value) {
    ++nodes;
    if (value.is_array())
      return fail(ErrorCode::InvalidData,
                  fmt::format("The filter on \"{}\": use {{\"op\": \"in\", \"value\": […]}}.", column));
    if (!value.is_object()) return {};
    const std::string_view op = value.at("op").as_string();
    for (const auto& [name, ignored] : value.as_object()) {
      if (name != "op" && name != "value") {
        return fail(ErrorCode::InvalidData,
                    fmt::format("The filter on \"{}\" has an unknown member \"{}\".", column, name));
      }
    }
    const Json& operand = value.at("value");
    if (op != "is_null" && value.find("op") != nullptr && value.find("value") == nullptr) {
      return fail(ErrorCode::InvalidData, fmt::format("The condition on \"{}\" needs a \"value\".", column));
    }
    if (op == "in") {
      if (!operand.is_array() || operand.as_array().empty()) {
        return fail(ErrorCode::InvalidData, fmt::format("\"in\" on \"{}\" takes a non-empty array.", column));
      }
      values += operand.as_array().size();
      if (values > kListedValuesMax) {
        return fail(ErrorCode::InvalidData,
                    fmt::format("A filter has {} listed values; at most {} are allowed.", values, kListedValuesMax));
      }
      if (!std::ranges::all_of(operand.as_array(), is_scalar)) {
        return fail(ErrorCode::InvalidData, fmt::format("\"in\" on \"{}\" takes numbers, texts and null.", column));
      }
      return {};
    }
    for (std::string_view known : kOperators) {
      if (known != op) continue;
      const bool needs_pair = op == "between";
      if (needs_pair && (operand.as_array().size() != 2 || !std::ranges::all_of(operand.as_array(), is_value))) {
        return fail(ErrorCode::InvalidData, fmt::format("\"between\" on \"{}\" takes [low, high].", column));
      }
      const bool takes_null = op == "eq" || op == "ne" || op == "is_null";
      if (operand.is_null() && !takes_null) {
        return fail(ErrorCode::InvalidData, fmt::format("\"{}\" on \"{}\" takes a value, not null.", op, column));
      }
      if (!needs_pair && (operand.is_array() || operand.is_object())) {
        return fail(ErrorCode::InvalidData, fmt::format("\"{}\" on \"{}\" takes one value.", op, column));
      }
      return {};
    }
    return fail(ErrorCode::InvalidData,
                fmt::format("The filter on \"{}\" has the unknown op \"{}\"; use one of eq ne lt le gt ge in between "
                            "like contains is_null.",
                            column, op));
  }
};

Json strings(const std::vector<std::string>& texts) {
  Json out = Json::Array{};
  for (const std::string& text : texts) out.push(text);
  return out;
}

// Takes the next name of a list off the text, up to the comma behind it or the end.
Result<std::string> take_name(std::string_view& text, std::string_view parameter) {
  if (!text.starts_with('"')) {
    const std::size_t end = std::min(text.find(','), text.size());
    std::string name(text.substr(0, end));
    text.remove_prefix(end);
    return name;
  }
  std::string name;
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (text[at] != '"') {
      name += text[at];
    } else if (text.substr(at + 1).starts_with('"')) {
      name += text[at++];
    } else {
      text.remove_prefix(at + 1);
      if (text.empty() || text.starts_with(',')) return name;
      break;
    }
  }
  return fail(ErrorCode::InvalidData,
              fmt::format("{}: a name in double quotes ends with one, and a comma or nothing follows.", parameter));
}

}  // namespace

Result<std::vector<std::string>> parse_columns(std::string_view text) {
  std::vector<std::string> names;
  while (true) {
    CANVASBACK_ASSIGN(std::string name, take_name(text, "columns"));
    names.push_back(std::move(name));
    if (text.empty()) return names;
    text.remove_prefix(1);
  }
}

Result<std::vector<SortKey>> parse_sort(std::string_view text) {
  std::vector<SortKey> keys;
  while (true) {
    text = text.substr(std::min(text.find_first_not_of(' '), text.size()));
    SortKey key;
    key.descending = text.starts_with('-');
    if (key.descending || text.starts_with('+')) text.remove_prefix(1);
    const bool quoted = text.starts_with('"');
    CANVASBACK_ASSIGN(key.column, take_name(text, "sort"));
    if (!quoted) key.column = trim(key.column);
    if (key.column.empty()) return fail(ErrorCode::InvalidData, "sort must be a list of columns such as -amount,id.");
    keys.push_back(std::move(key));
    if (text.empty()) break;
    text.remove_prefix(1);
  }
  if (keys.size() > limits::kSortKeysMax) return fail(ErrorCode::InvalidData, "sort has too many columns.");
  return keys;
}

Result<Sample> parse_sample(std::string_view text, std::int64_t seed) {
  const auto bad = [] {
    return fail(ErrorCode::InvalidData, "sample must be a percentage or a number of rows: 1% or 10000 rows.");
  };
  Sample sample;
  sample.seed = seed;
  std::string_view rest = trim(text);
  if (rest.ends_with('%')) {
    rest = trim(rest.substr(0, rest.size() - 1));
    double percent = 0;
    auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), percent);
    if (error != std::errc{} || end != rest.data() + rest.size() || !(percent > 0 && percent <= 100)) return bad();
    sample.share = percent / 100;
    return sample;
  }
  if (rest.ends_with("rows")) rest = trim(rest.substr(0, rest.size() - 4));
  auto rows = parse_integer(rest, "sample", 1, 1'000'000'000);
  if (!rows) return bad();
  sample.rows = *rows;
  return sample;
}

Status check_selection(const Selection& selection, const Dataset& dataset) {
  if (selection.columns.size() > limits::kColumnsMax) return fail(ErrorCode::InvalidData, "Too many columns.");
  for (const std::string& column : selection.columns) {
    if (dataset.find_column(column) == nullptr) return unknown_column(column, dataset);
  }
  for (const SortKey& key : selection.sort) {
    if (dataset.find_column(key.column) == nullptr) return unknown_column(key.column, dataset);
  }
  if (selection.filter.is_null()) return {};
  return FilterCheck{dataset}.node(selection.filter, 0);
}

Json to_json(const Selection& selection) {
  Json out;
  out.set("columns", strings(selection.columns));
  out.set("filter", selection.filter);
  Json sort = Json::Array{};
  for (const SortKey& key : selection.sort) {
    Json entry;
    entry.set("column", key.column);
    entry.set("descending", key.descending);
    sort.push(std::move(entry));
  }
  out.set("sort", std::move(sort));
  if (selection.sample) {
    Json sample;
    sample.set("share", selection.sample->share);
    sample.set("rows", selection.sample->rows);
    sample.set("seed", selection.sample->seed);
    out.set("sample", std::move(sample));
  }
  out.set("offset", selection.offset);
  out.set("limit", selection.limit ? Json(*selection.limit) : Json());
  out.set("after", selection.after);
  return out;
}

Selection selection_from_json(const Json& json) {
  Selection selection;
  for (const Json& column : json.at("columns").as_array()) selection.columns.emplace_back(column.as_string());
  selection.filter = json.at("filter");
  for (const Json& key : json.at("sort").as_array()) {
    selection.sort.push_back({std::string(key.at("column").as_string()), key.at("descending").as_bool()});
  }
  if (const Json* sample = json.find("sample")) {
    selection.sample =
        Sample{sample->at("share").as_double(), sample->at("rows").as_int(), sample->at("seed").as_int()};
  }
  selection.offset = json.at("offset").as_int();
  if (json.at("limit").is_integer()) selection.limit = json.at("limit").as_int();
  selection.after = json.at("after").as_string();
  return selection;
}

}  // namespace canvasback
