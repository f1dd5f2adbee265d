#include "transport/http/routes/record_address.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace canvasback::http {
namespace {

// The values as the address has them, decoded.
std::vector<std::string> values_given(const Request& request, std::size_t fields) {
  const auto in_path = request.path_as_sent.find("id");
  if (in_path == request.path_as_sent.end()) {
    auto values = request.parameters(kKeyParameter);
    // One text with commas, where none of the values has any.
    return values.size() == 1 && fields > 1 ? split(values[0], ',') : values;
  }
  // Split before it is decoded: an escaped comma is part of a value.
  std::vector<std::string> parts{in_path->second};
  if (fields > 1) parts = split(in_path->second, ',');
  for (std::string& part : parts) part = percent_decode(part, false).value_or(part);
  return parts;
}

bool fits_a_path(const std::vector<std::string>& key) {
  if (key.size() == 1 && (key[0].empty() || key[0] == "." || key[0] == "..")) return false;
  return std::ranges::none_of(key, [](const std::string& value) { return value.find('/') != std::string::npos; });
}

// The versions of ours that a list of entity tags names. weak: a tag that says W/ counts as well.
std::vector<std::int64_t> versions_of(std::string_view header, bool weak) {
  std::vector<std::int64_t> out;
  for (const std::string& part : split(header, ',')) {
    std::string_view tag = trim(part);
    if (weak && tag.starts_with("W/")) tag.remove_prefix(2);
    if (tag.size() < 3 || !tag.starts_with('"') || !tag.ends_with('"')) continue;
    const auto micros = parse_integer(tag.substr(1, tag.size() - 2), "ETag", 0, INT64_MAX);
    if (micros && record_tag(*micros) == tag) out.push_back(*micros);
  }
  return out;
}

}  // namespace

Result<RecordAddress> record_address(const CollectionService& collections, const Request& request) {
  RecordAddress out;
  const auto named = request.path_parameters.find("schema");
  const std::string_view name = named == request.path_parameters.end() ? std::string_view() : named->second;
  out.collection = collections.find(name);
  if (out.collection == nullptr || !out.collection->is_published()) {
    return fail(ErrorCode::SchemaNotFound, fmt::format("There is no schema \"{}\".", name.substr(0, 128)));
  }
  if (const auto& blocked = out.collection->health.blocked()) return std::unexpected(*blocked);
  const RecordSchema* schema = out.collection->schema.get();
  std::vector<std::string> names(1, std::string(kIdColumn));
  if (schema != nullptr && !schema->primary_key.empty()) names = schema->primary_key;
  for (const std::string& field : names) {
    SchemaField entry;
    const SchemaField* known = schema != nullptr ? schema->find(field) : nullptr;
    entry.name = field;
    entry.type = known != nullptr ? known->type : schema != nullptr ? FieldType::String : FieldType::Any;
    out.key.push_back(std::move(entry));
  }
  const auto given = values_given(request, names.size());
  if (given.size() != names.size()) {
    return fail(ErrorCode::InvalidData,
                fmt::format("The key has {} {}: {}; separate them by commas in the path, or use {}.", names.size(),
                            names.size() == 1 ? "value" : "values", fmt::join(names, ", "),
                            names.size() == 1 ? "?key=VALUE" : "?key=VALUE&key=VALUE"));
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    CANVASBACK_ASSIGN(std::string value, key_text(names[i], out.key[i].type, given[i]));
    out.values.push_back(std::move(value));
  }
  return out;
}

std::string record_location(std::string_view collection, const std::vector<std::string>& key) {
  std::string out = "/api/v1/records/" + percent_encode(collection);
  if (fits_a_path(key)) {
    for (std::size_t i = 0; i < key.size(); ++i) out += (i == 0 ? "/" : ",") + percent_encode(key[i]);
  } else {
    for (std::size_t i = 0; i < key.size(); ++i) out += (i == 0 ? "?key=" : "&key=") + percent_encode(key[i]);
  }
  return out;
}

std::string record_tag(std::int64_t ingested_us) { return fmt::format("\"{}\"", ingested_us); }

ExpectedVersion expected_version(const Request& request) {
  ExpectedVersion out;
  const auto match = request.headers.find("if-match");
  // "*": any version. That there is a record at all is told first.
  if (match != request.headers.end() && trim(match->second) != "*") out.one_of = versions_of(match->second, false);
  const std::string_view none_match = request.header("if-none-match");
  out.none = trim(none_match) == "*";
  if (!out.none) out.none_of = versions_of(none_match, true);
  return out;
}

}  // namespace canvasback::http
