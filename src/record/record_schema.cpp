#include "record/record_schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "base/limits.hpp"
#include "record/iso_time.hpp"
#include "record/value_pattern.hpp"

namespace canvasback {
namespace {

constexpr std::array<std::pair<FieldType, std::string_view>, 9> kTypes{{
    {FieldType::Any, "any"},
    {FieldType::String, "string"},
    {FieldType::Integer, "integer"},
    {FieldType::Number, "number"},
    {FieldType::Boolean, "boolean"},
    {FieldType::Date, "date"},
    {FieldType::Timestamp, "timestamp"},
    {FieldType::Array, "array"},
    {FieldType::Object, "object"},
}};

std::unexpected<Error> invalid(std::string_view field, std::string_view what) {
  if (field.empty()) return fail(ErrorCode::SchemaValidation, fmt::format("The schema: {}", what));
  return fail(ErrorCode::SchemaValidation, fmt::format("Field \"{}\": {}", field.substr(0, 128), what));
}

Status check_members(const Json& json, std::string_view field, std::initializer_list<std::string_view> known) {
  for (const auto& [name, value] : json.as_object()) {
    if (std::ranges::find(known, name) != known.end()) continue;
    return invalid(field,
                   fmt::format("there is no member \"{}\"; there are {}.", name.substr(0, 64), fmt::join(known, ", ")));
  }
  return {};
}

Result<bool> flag(const Json& json, std::string_view field, const char* name, bool fallback) {
  const Json& value = json.at(name);
  if (value.is_null()) return fallback;
  if (!value.is_bool()) return invalid(field, fmt::format("{} is true or false.", name));
  return value.as_bool();
}

// Whether a value of the schema's own (a bound, a default, one of an enum) is one of the field's type.
bool fits(FieldType type, const Json& value) {
  switch (type) {
    case FieldType::Any: return true;
    case FieldType::String: return value.is_string();
    case FieldType::Integer: return value.is_integer() && (value.as_int(0) != 0 || value.scalar_text() == "0");
    case FieldType::Number: return value.is_number();
    case FieldType::Boolean: return value.is_bool();
    case FieldType::Date: return value.is_string() && parse_iso_date(value.as_string());
    case FieldType::Timestamp: return value.is_string() && parse_fine_time(value.as_string());
    case FieldType::Array: return value.is_array();
    case FieldType::Object: return value.is_object();
  }
  return false;
}

bool has_order(FieldType type) {
  return type == FieldType::Integer || type == FieldType::Number || type == FieldType::Date ||
         type == FieldType::Timestamp;
}

Result<std::optional<std::int64_t>> length(const Json& json, const SchemaField& field, const char* name) {
  const Json& value = json.at(name);
  if (value.is_null()) return std::optional<std::int64_t>();
  if (field.type != FieldType::String) return invalid(field.name, fmt::format("{} is for strings.", name));
  if (!value.is_integer() || value.as_int(-1) < 0) {
    return invalid(field.name, fmt::format("{} is an integer from 0.", name));
  }
  return std::optional<std::int64_t>(value.as_int());
}

Status read_values(const Json& json, SchemaField& field) {
  for (const auto& [name, bound] : {std::pair{"minimum", &field.minimum}, {"maximum", &field.maximum}}) {
    *bound = json.at(name);
    if (bound->is_null()) continue;
    if (!has_order(field.type)) return invalid(field.name, fmt::format("{} is for numbers, dates and times.", name));
    const bool number = field.type == FieldType::Integer && bound->is_number();
    if (!number && !fits(field.type, *bound)) {
      return invalid(field.name, fmt::format("{} is not of type {}.", name, name_of(field.type)));
    }
  }
  CANVASBACK_ASSIGN(field.min_length, length(json, field, "min_length"));
  CANVASBACK_ASSIGN(field.max_length, length(json, field, "max_length"));
  if (const Json& pattern = json.at("pattern"); !pattern.is_null()) {
    if (field.type != FieldType::String || !pattern.is_string() || pattern.as_string().empty()) {
      return invalid(field.name, "pattern is a regular expression, for strings.");
    }
    if (pattern.as_string().size() > limits::kSchemaPatternBytesMax) return invalid(field.name, "pattern is too long.");
    field.pattern = pattern.as_string();
    if (auto known = ValuePattern::make(field.pattern); !known) return invalid(field.name, known.error().message);
  }
  if (const Json& allowed = json.at("enum"); !allowed.is_null()) {
    const bool scalar =
        field.type != FieldType::Any && field.type != FieldType::Array && field.type != FieldType::Object;
    if (!scalar || !allowed.is_array() || allowed.as_array().empty()) {
      return invalid(field.name, "enum is an array of values, of a field of one scalar type.");
    }
    for (const Json& value : allowed.as_array()) {
      if (!fits(field.type, value)) {
        return invalid(field.name, fmt::format("enum has a value that is not of type {}.", name_of(field.type)));
      }
      field.allowed.push_back(value);
    }
  }
  field.default_value = json.at("default");
  if (field.default_value.is_null()) return {};
  if (field.type == FieldType::Any || field.type == FieldType::Array || field.type == FieldType::Object) {
    return invalid(field.name, "default is for fields of one scalar type.");
  }
  if (!fits(field.type, field.default_value)) {
    return invalid(field.name, fmt::format("default is not of type {}.", name_of(field.type)));
  }
  return {};
}

Result<SchemaField> field_from(const Json& json) {
  if (!json.is_object() || !json.at("name").is_string()) return invalid({}, "a field is an object with a \"name\".");
  SchemaField field;
  field.name = json.at("name").as_string();
  if (field.name.empty() || field.name.size() > limits::kSchemaNameBytesMax) {
    return invalid(field.name, "a name has from 1 to 256 bytes.");
  }
  if (field.name == kIngestedAtColumn) return invalid(field.name, "every record gets this field by itself.");
  CANVASBACK_TRY(check_members(json, field.name,
                               {"name", "type", "description", "required", "unique", "minimum", "maximum", "min_length",
                                "max_length", "pattern", "enum", "default"}));
  if (const Json& type = json.at("type"); !type.is_null()) {
    const auto known = std::ranges::find(kTypes, type.as_string(), [](const auto& entry) { return entry.second; });
    if (!type.is_string() || known == kTypes.end()) {
      return invalid(field.name, "type is any, string, integer, number, boolean, date, timestamp, array or object.");
    }
    field.type = known->first;
  }
  field.description = json.at("description").as_string();
  CANVASBACK_ASSIGN(field.required, flag(json, field.name, "required", false));
  CANVASBACK_ASSIGN(field.unique, flag(json, field.name, "unique", false));
  CANVASBACK_TRY(read_values(json, field));
  return field;
}

bool can_be_key(FieldType type) {
  return type == FieldType::String || type == FieldType::Integer || type == FieldType::Date ||
         type == FieldType::Timestamp || type == FieldType::Boolean;
}

Status read_keys(const Json& json, RecordSchema& schema) {
  const Json& key = json.at("primary_key");
  if (key.is_null()) {
    schema.primary_key = {std::string(kIdColumn)};
  } else if (key.is_string()) {
    schema.primary_key = {std::string(key.as_string())};
  } else if (key.is_array()) {
    for (const Json& name : key.as_array()) {
      if (!name.is_string()) return invalid({}, "primary_key is the name of a field, or an array of them.");
      schema.primary_key.emplace_back(name.as_string());
    }
  } else {
    return invalid({}, "primary_key is the name of a field, or an array of them.");
  }
  if (std::set(schema.primary_key.begin(), schema.primary_key.end()).size() != schema.primary_key.size()) {
    return invalid({}, "primary_key names a field twice.");
  }
  for (const auto& columns : schema.keys()) {
    for (const std::string& name : columns) {
      const SchemaField* field = schema.find(name);
      if (field == nullptr) {
        if (name == kIdColumn) continue;  // a string, made where it is missing
        return invalid({}, fmt::format("primary_key names \"{}\", which is not a field.", name.substr(0, 128)));
      }
      if (!can_be_key(field->type)) {
        return invalid(name, "a key is a string, an integer, a boolean, a date or a timestamp.");
      }
    }
  }
  if (schema.keys().size() > limits::kSchemaKeysMax) return invalid({}, "there are too many unique fields.");
  return {};
}

Json to_json(const SchemaField& field) {
  Json out;
  out.set("name", field.name);
  out.set("type", name_of(field.type));
  if (!field.description.empty()) out.set("description", field.description);
  out.set("required", field.required);
  out.set("unique", field.unique);
  if (!field.minimum.is_null()) out.set("minimum", field.minimum);
  if (!field.maximum.is_null()) out.set("maximum", field.maximum);
  if (field.min_length) out.set("min_length", *field.min_length);
  if (field.max_length) out.set("max_length", *field.max_length);
  if (!field.pattern.empty()) out.set("pattern", field.pattern);
  if (!field.allowed.empty()) out.set("enum", Json(Json::Array(field.allowed)));
  if (!field.default_value.is_null()) out.set("default", field.default_value);
  return out;
}

}  // namespace

std::string_view name_of(FieldType type) {
  for (const auto& [known, name] : kTypes) {
    if (known == type) return name;
  }
  return "any";
}

const SchemaField* RecordSchema::find(std::string_view field) const {
  for (const SchemaField& each : fields) {
    if (each.name == field) return &each;
  }
  return nullptr;
}

std::vector<std::vector<std::string>> RecordSchema::keys() const {
  std::vector<std::vector<std::string>> out;
  if (!primary_key.empty()) out.push_back(primary_key);
  for (const SchemaField& field : fields) {
    const bool is_primary = primary_key.size() == 1 && primary_key[0] == field.name;
    if (field.unique && !is_primary) out.emplace_back(1, field.name);
  }
  return out;
}

Result<RecordSchema> record_schema_from(const Json& json, std::string_view name) {
  if (!json.is_object()) return invalid({}, "it is a JSON object.");
  CANVASBACK_TRY(
      check_members(json, {}, {"name", "description", "fields", "primary_key", "cast", "additional_fields"}));
  RecordSchema schema;
  schema.name = name.empty() ? json.at("name").as_string() : name;
  if (!json.at("name").is_null() && json.at("name").as_string() != schema.name) {
    return invalid({}, "\"name\" must be a string, the same as in the URL.");
  }
  if (!json.at("description").is_null() && !json.at("description").is_string()) {
    return invalid({}, "\"description\" is a string.");
  }
  schema.description = json.at("description").as_string();
  CANVASBACK_ASSIGN(schema.cast, flag(json, {}, "cast", false));
  CANVASBACK_ASSIGN(schema.additional_fields, flag(json, {}, "additional_fields", true));
  if (!json.at("fields").is_array()) return invalid({}, "\"fields\" is an array of fields.");
  if (json.at("fields").as_array().size() > limits::kSchemaFieldsMax) return invalid({}, "there are too many fields.");
  std::set<std::string, std::less<>> names;
  for (const Json& entry : json.at("fields").as_array()) {
    CANVASBACK_ASSIGN(SchemaField field, field_from(entry));
    if (!names.insert(field.name).second) return invalid(field.name, "it is there twice.");
    schema.fields.push_back(std::move(field));
  }
  CANVASBACK_TRY(read_keys(json, schema));
  return schema;
}

Json to_json(const RecordSchema& schema) {
  Json out;
  out.set("name", schema.name);
  out.set("version", schema.version);
  if (!schema.description.empty()) out.set("description", schema.description);
  Json fields = Json::Array{};
  for (const SchemaField& field : schema.fields) fields.push(to_json(field));
  out.set("fields", std::move(fields));
  Json key = Json::Array{};
  for (const std::string& name : schema.primary_key) key.push(name);
  out.set("primary_key", std::move(key));
  out.set("cast", schema.cast);
  out.set("additional_fields", schema.additional_fields);
  out.set("time_us", schema.time_us);
  return out;
}

RecordSchema record_schema_from_kept(const Json& json) {
  Json given = json;
  // What only the store adds.
  Json::Object members;
  for (const auto& [name, value] : json.as_object()) {
    if (name != "version" && name != "time_us") members.emplace_back(name, value);
  }
  auto schema = record_schema_from(Json(std::move(members)), {});
  RecordSchema out = schema ? std::move(*schema) : RecordSchema();
  out.version = json.at("version").as_int(1);
  out.time_us = json.at("time_us").as_int();
  return out;
}

std::uint32_t kind_of(FieldType type) {
  switch (type) {
    case FieldType::String: return bit(Kind::String);
    case FieldType::Integer: return bit(Kind::Int);
    case FieldType::Number: return bit(Kind::Double);
    case FieldType::Boolean: return bit(Kind::Bool);
    case FieldType::Date: return bit(Kind::Date);
    case FieldType::Timestamp: return bit(Kind::Timestamp);
    case FieldType::Any:
    case FieldType::Array:
    case FieldType::Object: return 0;
  }
  return 0;
}

Kinds declared_kinds(const RecordSchema& schema) {
  Kinds out;
  for (const SchemaField& field : schema.fields) {
    if (const std::uint32_t kind = kind_of(field.type); kind != 0) out.member(field.name).seen |= kind;
  }
  if (schema.find(kIdColumn) == nullptr) out.member(kIdColumn).seen |= bit(Kind::String);
  return out;
}

}  // namespace canvasback
