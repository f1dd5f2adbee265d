#include "transport/websocket/message.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>

#include "base/exact_number.hpp"
#include "base/limits.hpp"

namespace canvasback::websocket {
namespace {

std::unexpected<Error> invalid(std::string message) { return fail(ErrorCode::InvalidData, std::move(message)); }

// An object with only these members.
Status check_members(const Json& json, std::string_view what, std::initializer_list<std::string_view> known) {
  if (!json.is_object()) return invalid(fmt::format("\"{}\" must be an object.", what));
  for (const auto& [name, value] : json.as_object()) {
    if (std::ranges::find(known, std::string_view(name)) == known.end()) {
      return invalid(fmt::format("\"{}\" has no member \"{}\".", what, name.substr(0, 64)));
    }
  }
  return {};
}

Result<std::int64_t> integer(const Json& json, std::string_view name, std::int64_t min, std::int64_t max) {
  const std::int64_t low = json.as_int(min - 1);
  if (!json.is_integer() || low < min || low > max) {
    return invalid(fmt::format("\"{}\" must be an integer from {} to {}.", name, min, max));
  }
  return low;
}

Result<std::uint32_t> request_id(const Json& json, std::string_view name) {
  CANVASBACK_ASSIGN(const std::int64_t id, integer(json, name, 1, UINT32_MAX));
  return static_cast<std::uint32_t>(id);
}

Result<std::vector<std::string>> column_names(const Json& json) {
  std::vector<std::string> columns;
  if (json.is_null()) return columns;
  const bool texts = json.is_array() && std::ranges::all_of(json.as_array(), &Json::is_string);
  if (!texts || json.as_array().empty()) return invalid("\"columns\" must be an array of one or more names.");
  if (json.as_array().size() > limits::kColumnsMax) return invalid("There are too many columns.");
  for (const Json& name : json.as_array()) columns.emplace_back(name.as_string());
  return columns;
}

Result<std::vector<SortKey>> sort_keys(const Json& json) {
  std::vector<SortKey> keys;
  if (json.is_null() || (json.is_string() && json.as_string().empty())) return keys;
  if (json.is_string()) return parse_sort(json.as_string());
  if (!json.is_array()) return invalid("\"sort\" must be a string such as -price,id or an array of objects.");
  if (json.as_array().size() > limits::kSortKeysMax) return invalid("\"sort\" has too many columns.");
  for (const Json& entry : json.as_array()) {
    CANVASBACK_TRY(check_members(entry, "sort", {"column", "descending"}));
    const Json& descending = entry.at("descending");
    if (!entry.at("column").is_string() || !(descending.is_null() || descending.is_bool())) {
      return invalid("An entry of \"sort\" must have \"column\" and may have \"descending\".");
    }
    keys.push_back({std::string(entry.at("column").as_string()), descending.as_bool()});
  }
  return keys;
}

Result<std::string> text(const Json& json, std::string_view name) {
  if (!json.is_null() && !json.is_string()) return invalid(fmt::format("\"{}\" must be a string.", name));
  return std::string(json.as_string());
}

Result<OpenMessage> open_message(const Json& json) {
  CANVASBACK_TRY(check_members(
      json, "open",
      {"dataset", "sql", "parameters", "view", "columns", "filter", "search", "sort", "replaces", "first"}));
  OpenMessage out;
  CANVASBACK_ASSIGN(out.view.dataset, text(json.at("dataset"), "dataset"));
  CANVASBACK_ASSIGN(out.view.sql, text(json.at("sql"), "sql"));
  if (!json.at("view").is_null()) {
    CANVASBACK_ASSIGN(out.source, request_id(json.at("view"), "view"));
  }
  const int bases = (out.view.dataset.empty() ? 0 : 1) + (out.view.sql.empty() ? 0 : 1) + (out.source ? 1 : 0);
  if (bases != 1) return invalid("\"open\" must name exactly one of: a dataset, a statement (sql), an open view.");
  out.view.parameters = json.at("parameters");
  if (!out.view.parameters.is_null() && out.view.sql.empty()) return invalid("\"parameters\" requires \"sql\".");
  CANVASBACK_ASSIGN(out.view.selection.columns, column_names(json.at("columns")));
  const Json& filter = json.at("filter");
  if (!filter.is_null() && !filter.is_object()) return invalid("\"filter\" must be an object.");
  if (!filter.as_object().empty()) out.view.selection.filter = filter;
  CANVASBACK_ASSIGN(out.view.search, text(json.at("search"), "search"));
  CANVASBACK_ASSIGN(out.view.selection.sort, sort_keys(json.at("sort")));
  if (!json.at("replaces").is_null()) {
    CANVASBACK_ASSIGN(out.replaces, request_id(json.at("replaces"), "replaces"));
  }
  if (!json.at("first").is_null()) {
    CANVASBACK_ASSIGN(out.view.first, integer(json.at("first"), "first", 1, limits::kViewFirstRowsMax));
  }
  return out;
}

Result<WindowMessage> window_message(const Json& json) {
  CANVASBACK_TRY(check_members(json, "window", {"view", "from", "to", "columns", "row_ids", "cell_bytes", "slot"}));
  WindowMessage out;
  CANVASBACK_ASSIGN(out.view, request_id(json.at("view"), "view"));
  CANVASBACK_ASSIGN(out.window.from, integer(json.at("from"), "from", 0, INT64_MAX / 2));
  CANVASBACK_ASSIGN(out.window.to, integer(json.at("to"), "to", out.window.from, INT64_MAX / 2));
  if (out.window.to - out.window.from > limits::kWindowRowsMax) {
    return invalid(fmt::format("A window may have at most {} rows.", limits::kWindowRowsMax));
  }
  CANVASBACK_ASSIGN(out.window.columns, column_names(json.at("columns")));
  const Json& row_ids = json.at("row_ids");
  if (!row_ids.is_null() && !row_ids.is_bool()) return invalid("\"row_ids\" must be true or false.");
  out.window.row_ids = row_ids.as_bool();
  if (!json.at("cell_bytes").is_null()) {
    CANVASBACK_ASSIGN(out.window.cell_bytes, integer(json.at("cell_bytes"), "cell_bytes", limits::kWindowCellBytesMin,
                                                     static_cast<std::int64_t>(limits::kWindowRowBytesMax)));
  }
  if (const Json* slot = json.find("slot")) {
    out.slot.reset();
    if (!slot->is_null()) {
      CANVASBACK_ASSIGN(const std::int64_t number, integer(*slot, "slot", 0, limits::kStreamSlots - 1));
      out.slot = static_cast<int>(number);
    }
  }
  return out;
}

}  // namespace

Result<Message> parse_message(std::string_view frame, std::uint32_t& id) {
  id = 0;
  CANVASBACK_ASSIGN(const Json json,
                    Json::parse(long_numbers_kept(frame, LongNumbers::Text), limits::kFilterDepthMax * 2 + 8));
  if (!json.is_object()) return invalid("A message must be a JSON object.");
  CANVASBACK_ASSIGN(id, request_id(json.at("id"), "id"));
  CANVASBACK_TRY(check_members(json, "message", {"id", "open", "window", "cancel", "close", "credits"}));
  if (json.as_object().size() != 2) return invalid("A message must have an id and exactly one request.");
  Message out;
  out.id = id;
  if (const Json* open = json.find("open")) {
    CANVASBACK_ASSIGN(out.body, open_message(*open));
  } else if (const Json* window = json.find("window")) {
    CANVASBACK_ASSIGN(out.body, window_message(*window));
  } else if (const Json* cancel = json.find("cancel")) {
    CANVASBACK_ASSIGN(const std::uint32_t request, request_id(*cancel, "cancel"));
    out.body = CancelMessage{request};
  } else if (const Json* close = json.find("close")) {
    CANVASBACK_ASSIGN(const std::uint32_t view, request_id(*close, "close"));
    out.body = CloseMessage{view};
  } else {
    CANVASBACK_ASSIGN(const std::int64_t count, integer(json.at("credits"), "credits", 1, limits::kStreamCreditsMax));
    out.body = CreditsMessage{count};
  }
  return out;
}

}  // namespace canvasback::websocket
