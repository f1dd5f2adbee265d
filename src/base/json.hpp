// JSON: a small value tree for messages of bounded size (requests, tasks, metadata) and a writer.
// Record data never takes this way; encode/ formats it straight from Arrow. simdjson stays behind this header.
// Numbers keep their kind: integers are int64 or uint64, everything else is a double; larger integers are refused
// unless the caller keeps them as text.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.hpp"

namespace canvasback {

class Json {
 public:
  using Array = std::vector<Json>;
  using Object = std::vector<std::pair<std::string, Json>>;  // order as written; a repeated key is refused

  Json() = default;
  Json(std::nullptr_t) {}
  Json(bool value) : value_(value) {}
  Json(std::int64_t value) : value_(value) {}
  Json(int value) : value_(std::int64_t{value}) {}
  Json(std::uint64_t value) : value_(value) {}
  Json(double value) : value_(value) {}
  Json(std::string value) : value_(std::move(value)) {}
  Json(std::string_view value) : value_(std::string(value)) {}
  Json(const char* value) : value_(std::string(value)) {}
  Json(Array value) : value_(std::move(value)) {}
  Json(Object value) : value_(std::move(value)) {}

  // Parses one document. Errors: InvalidData for malformed text, depth over limits::kJsonDepthMax (or depth_max),
  // repeated keys, bytes after the document.
  static Result<Json> parse(std::string_view text, std::size_t depth_max = 0);

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  bool is_bool() const { return std::holds_alternative<bool>(value_); }
  bool is_string() const { return std::holds_alternative<std::string>(value_); }
  bool is_array() const { return std::holds_alternative<Array>(value_); }
  bool is_object() const { return std::holds_alternative<Object>(value_); }
  bool is_integer() const {
    return std::holds_alternative<std::int64_t>(value_) || std::holds_alternative<std::uint64_t>(value_);
  }
  bool is_number() const { return is_integer() || std::holds_alternative<double>(value_); }

  // The value, or the fallback where the kind differs (an unsigned integer that fits counts as int64).
  bool as_bool(bool fallback = false) const;
  std::int64_t as_int(std::int64_t fallback = 0) const;
  std::uint64_t as_uint(std::uint64_t fallback = 0) const;  // of a non-negative integer
  double as_double(double fallback = 0) const;
  std::string_view as_string(std::string_view fallback = {}) const;
  const Array& as_array() const;    // empty where it is none
  const Object& as_object() const;  // empty where it is none

  // A member of an object, or nullptr. `at` gives a null value instead.
  const Json* find(std::string_view key) const;
  const Json& at(std::string_view key) const;

  // Appends or replaces a member; the value must be an object or null.
  void set(std::string key, Json value);
  void push(Json value);

  std::string dump() const;
  // A number or string as the text a person would write: 1e3 stays a double, 5 stays "5".
  std::string scalar_text() const;

 private:
  std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string, Array, Object> value_;
};

// Whether all of the text is UTF-8 as RFC 3629 has it (no surrogates, nothing overlong).
bool is_valid_utf8(std::string_view text);

// Appends a JSON string literal, quotes included; invalid UTF-8 becomes U+FFFD.
void append_json_string(std::string& out, std::string_view text);

// Whether the bytes are well-formed UTF-8; several bytes per cycle.
bool is_utf8(std::string_view text);

// Writes JSON text without a tree. Calls must nest properly; misuse is a programmer error.
class JsonWriter {
 public:
  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  JsonWriter& key(std::string_view name);
  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(const std::string& text) { return value(std::string_view(text)); }
  JsonWriter& value(bool flag);
  JsonWriter& value(std::int64_t number);
  JsonWriter& value(std::uint64_t number);
  JsonWriter& value(int number) { return value(std::int64_t{number}); }
  JsonWriter& value(double number);  // NaN and infinities become null
  JsonWriter& value(const Json& tree);
  JsonWriter& null();
  JsonWriter& raw(std::string_view json);  // already valid JSON
  template <class T>
  JsonWriter& member(std::string_view name, const T& what) {
    key(name);
    return value(what);
  }
  const std::string& text() const { return out_; }
  std::string take() { return std::move(out_); }

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  void separate();

  std::string out_;
  bool first_ = true;
  bool after_key_ = false;
};

}  // namespace canvasback
