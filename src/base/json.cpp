#include "base/json.hpp"

#include <simdjson.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <unordered_set>

#include "base/limits.hpp"
#include "base/text.hpp"

namespace canvasback {
namespace {

Result<Json> convert(simdjson::dom::element element);

Result<Json> convert_object(simdjson::dom::object object) {
  Json::Object members;
  members.reserve(object.size());
  std::unordered_set<std::string_view> seen;
  for (auto [key, value] : object) {
    if (!seen.insert(key).second) {
      return fail(ErrorCode::InvalidData, "JSON object has the key \"" + std::string(key) + "\" twice.");
    }
    CANVASBACK_ASSIGN(Json tree, convert(value));
    members.emplace_back(std::string(key), std::move(tree));
  }
  return Json(std::move(members));
}

// Recursion is bounded by the parser's depth limit.
Result<Json> convert(simdjson::dom::element element) {
  using Type = simdjson::dom::element_type;
  switch (element.type()) {
    case Type::NULL_VALUE: return Json();
    case Type::BOOL: return Json(bool(element));
    case Type::INT64: return Json(std::int64_t(element));
    case Type::UINT64: return Json(std::uint64_t(element));
    case Type::DOUBLE: return Json(double(element));
    case Type::STRING: return Json(std::string_view(element));
    case Type::OBJECT: return convert_object(simdjson::dom::object(element));
    case Type::ARRAY: {
      Json::Array items;
      for (simdjson::dom::element item : simdjson::dom::array(element)) {
        CANVASBACK_ASSIGN(Json tree, convert(item));
        items.push_back(std::move(tree));
      }
      return Json(std::move(items));
    }
  }
  return fail(ErrorCode::InvalidData, "JSON value of an unknown type.");
}

void append_number(std::string& out, double number) {
  if (!std::isfinite(number)) {
    out += "null";
    return;
  }
  char buffer[32];
  auto end = std::to_chars(buffer, buffer + sizeof buffer, number).ptr;
  std::string_view text(buffer, static_cast<std::size_t>(end - buffer));
  out += text;
  // A double stays a double when read back: 1.0 is not written as 1.
  if (text.find_first_of(".en") == std::string_view::npos) out += ".0";
}

template <class Integer>
void append_integer(std::string& out, Integer number) {
  char buffer[24];
  auto end = std::to_chars(buffer, buffer + sizeof buffer, number).ptr;
  out.append(buffer, static_cast<std::size_t>(end - buffer));
}

}  // namespace

Result<Json> Json::parse(std::string_view text, std::size_t depth_max) {
  const std::size_t depth = depth_max == 0 ? limits::kJsonDepthMax : depth_max;
  simdjson::dom::parser parser;
  // Capacity and depth are both fixed before the first byte is read: memory is bounded by the text's length.
  if (parser.allocate(std::max<std::size_t>(text.size(), 64), depth) != simdjson::SUCCESS) {
    return fail(ErrorCode::InvalidData, "JSON text is too large.");
  }
  simdjson::padded_string padded(text);
  simdjson::dom::element element;
  if (auto code = parser.parse(padded).get(element); code != simdjson::SUCCESS) {
    if (code == simdjson::DEPTH_ERROR) {
      return fail(ErrorCode::InvalidData, "JSON is nested deeper than " + std::to_string(depth) + " levels.");
    }
    return fail(ErrorCode::InvalidData, std::string("Malformed JSON: ") + simdjson::error_message(code));
  }
  return convert(element);
}

bool Json::as_bool(bool fallback) const {
  auto* value = std::get_if<bool>(&value_);
  return value ? *value : fallback;
}

std::int64_t Json::as_int(std::int64_t fallback) const {
  if (auto* value = std::get_if<std::int64_t>(&value_)) return *value;
  if (auto* value = std::get_if<std::uint64_t>(&value_)) {
    if (*value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      return static_cast<std::int64_t>(*value);
    }
  }
  return fallback;
}

std::uint64_t Json::as_uint(std::uint64_t fallback) const {
  if (auto* value = std::get_if<std::uint64_t>(&value_)) return *value;
  if (auto* value = std::get_if<std::int64_t>(&value_)) {
    if (*value >= 0) return static_cast<std::uint64_t>(*value);
  }
  return fallback;
}

double Json::as_double(double fallback) const {
  if (auto* value = std::get_if<double>(&value_)) return *value;
  if (auto* value = std::get_if<std::int64_t>(&value_)) return static_cast<double>(*value);
  if (auto* value = std::get_if<std::uint64_t>(&value_)) return static_cast<double>(*value);
  return fallback;
}

std::string_view Json::as_string(std::string_view fallback) const {
  auto* value = std::get_if<std::string>(&value_);
  return value ? std::string_view(*value) : fallback;
}

const Json::Array& Json::as_array() const {
  static const Array empty;
  auto* value = std::get_if<Array>(&value_);
  return value ? *value : empty;
}

const Json::Object& Json::as_object() const {
  static const Object empty;
  auto* value = std::get_if<Object>(&value_);
  return value ? *value : empty;
}

const Json* Json::find(std::string_view key) const {
  for (const auto& [name, value] : as_object()) {
    if (name == key) return &value;
  }
  return nullptr;
}

const Json& Json::at(std::string_view key) const {
  static const Json null;
  const Json* found = find(key);
  return found ? *found : null;
}

void Json::set(std::string key, Json value) {
  if (is_null()) value_ = Object{};
  auto& members = std::get<Object>(value_);
  for (auto& [name, old] : members) {
    if (name == key) {
      old = std::move(value);
      return;
    }
  }
  members.emplace_back(std::move(key), std::move(value));
}

void Json::push(Json value) {
  if (is_null()) value_ = Array{};
  std::get<Array>(value_).push_back(std::move(value));
}

bool is_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

std::string Json::dump() const {
  JsonWriter writer;
  writer.value(*this);
  return writer.take();
}

std::string Json::scalar_text() const {
  if (is_string()) return std::string(as_string());
  return dump();
}

bool is_valid_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

void append_json_string(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  std::size_t clean = 0;
  auto flush = [&](std::size_t end) { out.append(text, clean, end - clean); };
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\') {
      ++i;
      continue;
    }
    if (byte >= 0x80) {
      const std::size_t length = utf8_sequence_length(text.substr(i));
      if (length > 0) {
        i += length;
        continue;
      }
      flush(i);
      out += "\xEF\xBF\xBD";
    } else {
      flush(i);
      switch (byte) {
        case '"': out += "\\\""; break;
        case '\\': out += "\\\\"; break;
        case '\n': out += "\\n"; break;
        case '\r': out += "\\r"; break;
        case '\t': out += "\\t"; break;
        default:
          out += "\\u00";
          out += kHex[byte >> 4];
          out += kHex[byte & 15];
      }
    }
    clean = ++i;
  }
  flush(text.size());
  out += '"';
}

void JsonWriter::separate() {
  if (after_key_) {
    after_key_ = false;
  } else if (!first_) {
    out_ += ',';
  }
  first_ = false;
}

JsonWriter& JsonWriter::open(char bracket) {
  separate();
  out_ += bracket;
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
  out_ += bracket;
  first_ = false;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  separate();
  append_json_string(out_, name);
  out_ += ':';
  after_key_ = true;
  return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
  separate();
  append_json_string(out_, text);
  return *this;
}

JsonWriter& JsonWriter::value(bool flag) { return raw(flag ? "true" : "false"); }

JsonWriter& JsonWriter::value(std::int64_t number) {
  separate();
  append_integer(out_, number);
  return *this;
}

JsonWriter& JsonWriter::value(std::uint64_t number) {
  separate();
  append_integer(out_, number);
  return *this;
}

JsonWriter& JsonWriter::value(double number) {
  separate();
  append_number(out_, number);
  return *this;
}

JsonWriter& JsonWriter::null() { return raw("null"); }

JsonWriter& JsonWriter::raw(std::string_view json) {
  separate();
  out_ += json;
  return *this;
}

JsonWriter& JsonWriter::value(const Json& tree) {
  if (tree.is_null()) return null();
  if (tree.is_bool()) return value(tree.as_bool());
  if (tree.is_string()) return value(tree.as_string());
  if (tree.is_integer()) {
    return tree.as_uint(0) > 0 ? value(tree.as_uint()) : value(tree.as_int());
  }
  if (tree.is_number()) return value(tree.as_double());
  if (tree.is_array()) {
    begin_array();
    for (const Json& item : tree.as_array()) value(item);
    return end_array();
  }
  begin_object();
  for (const auto& [name, item] : tree.as_object()) member(name, item);
  return end_object();
}

}  // namespace canvasback
