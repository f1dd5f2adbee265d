#include "source/records/json_members.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <set>

#include "base/text.hpp"

namespace canvasback {
namespace {

// A value as it is written, and the space behind it.
simdjson::simdjson_result<std::string_view> raw_text(simdjson::ondemand::value value) {
  simdjson::ondemand::json_type type;
  if (const auto code = value.type().get(type); code != simdjson::SUCCESS) return code;
  if (type == simdjson::ondemand::json_type::object) {
    simdjson::ondemand::object object;
    if (const auto code = value.get_object().get(object); code != simdjson::SUCCESS) return code;
    return object.raw_json();
  }
  if (type == simdjson::ondemand::json_type::array) {
    simdjson::ondemand::array array;
    if (const auto code = value.get_array().get(array); code != simdjson::SUCCESS) return code;
    return array.raw_json();
  }
  return value.raw_json_token();
}

}  // namespace

Result<std::vector<JsonMember>> json_members(std::string_view text) {
  const auto wrong = [](simdjson::error_code code) {
    return fail(ErrorCode::InvalidData,
                std::string("The body must be a JSON object: ") + simdjson::error_message(code));
  };
  simdjson::ondemand::parser parser;
  const simdjson::padded_string padded(text);
  simdjson::ondemand::document document;
  simdjson::ondemand::object object;
  if (const auto code = parser.iterate(padded).get(document); code != simdjson::SUCCESS) return wrong(code);
  if (document.get_object().get(object) != simdjson::SUCCESS) {
    return fail(ErrorCode::InvalidData, "A record is a JSON object.");
  }
  std::vector<JsonMember> out;
  std::set<std::string, std::less<>> names;
  for (auto field : object) {
    JsonMember member;
    std::string_view name;
    if (const auto code = field.unescaped_key().get(name); code != simdjson::SUCCESS) return wrong(code);
    member.name = name;
    simdjson::ondemand::value value;
    std::string_view raw;
    if (const auto code = field.value().get(value); code != simdjson::SUCCESS) return wrong(code);
    if (const auto code = raw_text(value).get(raw); code != simdjson::SUCCESS) return wrong(code);
    member.value = trim(raw);
    if (!names.insert(member.name).second) {
      return fail(ErrorCode::InvalidData, fmt::format("\"{}\" is there twice.", member.name.substr(0, 128)));
    }
    out.push_back(std::move(member));
  }
  const char* rest = nullptr;
  if (document.current_location().get(rest) == simdjson::SUCCESS)
    return fail(ErrorCode::InvalidData, "Something follows the record.");
  return out;
}

}  // namespace canvasback
