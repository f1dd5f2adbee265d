#include "service/collection/fitting_record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/clock.hpp"
#include "base/json.hpp"

namespace canvasback {
namespace {

constexpr std::int64_t kDayUs = 86'400'000'000;
constexpr std::int64_t kFirstDay = 20'089;  // 2025-01-01

// A value that the field takes, another for each number where it can be.
Result<std::string> value_for(const SchemaField& field, std::int64_t number) {
  if (!field.allowed.empty()) return field.allowed[static_cast<std::size_t>(number) % field.allowed.size()].dump();
  if (!field.pattern.empty()) {
    if (!field.default_value.is_null()) return field.default_value.dump();
    return fail(ErrorCode::InvalidData,
                fmt::format("Nothing is known that \"{}\" matches: the field needs an enum or a default for this.",
                            field.name));
  }
  const std::int64_t least =
      field.minimum.is_number() ? static_cast<std::int64_t>(std::ceil(field.minimum.as_double())) : 0;
  std::int64_t range = INT64_MAX / 4;
  if (field.maximum.is_number()) {
    range = std::max<std::int64_t>(1, static_cast<std::int64_t>(field.maximum.as_double()) - least);
  }
  switch (field.type) {
    case FieldType::Integer: return fmt::format("{}", least + number % range);
    case FieldType::Number: return fmt::format("{}.25", least + number % range);
    case FieldType::Boolean: return number % 2 == 0 ? "true" : "false";
    case FieldType::Date:
    case FieldType::Timestamp: {
      if (field.minimum.is_string()) return field.minimum.dump();
      if (field.maximum.is_string()) return field.maximum.dump();
      const std::string time = iso_time((kFirstDay + number % 365) * kDayUs);
      return Json(field.type == FieldType::Date ? time.substr(0, 10) : time).dump();
    }
    case FieldType::Array: return fmt::format("[{},{}]", number, number + 1);
    case FieldType::Object: return fmt::format("{{\"n\":{}}}", number);
    case FieldType::String:
    case FieldType::Any: break;
  }
  std::string text = fmt::format("v{:08}", number);
  const auto least_length = static_cast<std::size_t>(field.min_length.value_or(0));
  if (text.size() < least_length) text.append(least_length - text.size(), 'x');
  const auto length = static_cast<std::size_t>(field.max_length.value_or(INT64_MAX));
  if (text.size() > length) text = text.substr(text.size() - length);
  return Json(text).dump();
}

}  // namespace

Result<std::string> fitting_record(const RecordSchema& schema, std::int64_t number) {
  std::string out = "{";
  for (const SchemaField& field : schema.fields) {
    CANVASBACK_ASSIGN(std::string value, value_for(field, number));
    if (out.size() > 1) out += ',';
    append_json_string(out, field.name);
    out += ':' + value;
  }
  return out + "}";
}

}  // namespace canvasback
