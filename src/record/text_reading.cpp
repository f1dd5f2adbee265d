#include "record/text_reading.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace canvasback {
namespace {

constexpr std::array<std::string_view, 7> kEncodings{"utf-8",        "utf-16",  "utf-16le",  "utf-16be",
                                                     "windows-1252", "latin-1", "iso-8859-1"};
constexpr std::array<std::pair<JsonLayout, std::string_view>, 3> kLayouts{{
    {JsonLayout::Lines, "lines"},
    {JsonLayout::Array, "array"},
    {JsonLayout::Values, "values"},
}};

std::unexpected<Error> wrong(std::string_view setting, std::string_view what) {
  return fail(ErrorCode::InvalidData, fmt::format("{} is {}.", setting, what));
}

Status check_byte(const std::optional<std::string>& text, std::string_view setting, bool may_be_empty) {
  if (!text || text->size() == 1 || (may_be_empty && text->empty())) return {};
  return wrong(setting, may_be_empty ? "one character, or empty for none" : "one character");
}

Status check(const TextSettings& settings) {
  CANVASBACK_TRY(check_byte(settings.delimiter, "delimiter", false));
  CANVASBACK_TRY(check_byte(settings.quote, "quote", true));
  CANVASBACK_TRY(check_byte(settings.escape, "escape", false));
  CANVASBACK_TRY(check_byte(settings.comment, "comment", true));
  if (settings.delimiter == "\n" || settings.delimiter == "\r") return wrong("delimiter", "no line end");
  if (settings.encoding && std::ranges::find(kEncodings, *settings.encoding) == kEncodings.end()) {
    return wrong("encoding", fmt::format("one of: {}", fmt::join(kEncodings, ", ")));
  }
  if (settings.decimal && settings.decimal != "." && settings.decimal != ",") return wrong("decimal", "\".\" or \",\"");
  if (settings.decimal && settings.delimiter && *settings.decimal == *settings.delimiter) {
    return wrong("decimal", "another character than delimiter");
  }
  if (settings.date_format && settings.date_format->find('%') == std::string::npos) {
    return wrong("date_format", "made of %Y %m %d %H %M %S and the characters between them");
  }
  for (const auto& [column, type] : settings.types) {
    if (type.empty()) return wrong("types", fmt::format("without a type for \"{}\"", column));
  }
  return {};
}

// What `name` is in a JSON object of settings.
Status set_from_json(TextSettings& settings, std::string_view name, const Json& value) {
  const auto text = [&](std::optional<std::string>& into) -> Status {
    if (!value.is_string()) return wrong(name, "a text");
    into = std::string(value.as_string());
    return {};
  };
  if (name == "delimiter") return text(settings.delimiter);
  if (name == "quote") return text(settings.quote);
  if (name == "escape") return text(settings.escape);
  if (name == "comment") return text(settings.comment);
  if (name == "encoding") return text(settings.encoding);
  if (name == "decimal") return text(settings.decimal);
  if (name == "date_format") return text(settings.date_format);
  if (name == "header" || name == "all_text") {
    if (!value.is_bool()) return wrong(name, "true or false");
    if (name == "header") {
      settings.header = value.as_bool();
    } else {
      settings.all_text = value.as_bool();
    }
    return {};
  }
  if (name == "null_values") {
    if (!value.is_array()) return wrong(name, "a list of texts");
    for (const Json& item : value.as_array()) {
      if (!item.is_string()) return wrong(name, "a list of texts");
      settings.null_values.emplace_back(item.as_string());
    }
    return {};
  }
  if (name == "types") {
    if (!value.is_object()) return wrong(name, "an object: column to SQL type");
    for (const auto& [column, type] : value.as_object()) {
      if (!type.is_string()) return wrong(name, "an object: column to SQL type");
      settings.types[column] = std::string(type.as_string());
    }
    return {};
  }
  return fail(ErrorCode::InvalidData,
              fmt::format("There is no setting \"{}\" for reading a file; there are delimiter, quote, escape, comment, "
                          "header, encoding, decimal, date_format, null_values, types and all_text.",
                          name.substr(0, 64)));
}

std::string text_of(char byte) { return byte == '\0' ? std::string() : std::string(1, byte); }
char byte_of(const Json& json) { return json.as_string().empty() ? '\0' : json.as_string()[0]; }

TextDialect dialect_from_json(const Json& json) {
  TextDialect out;
  out.encoding = json.at("encoding").as_string();
  out.delimiter = byte_of(json.at("delimiter"));
  out.quote = byte_of(json.at("quote"));
  out.escape = byte_of(json.at("escape"));
  out.comment = byte_of(json.at("comment"));
  out.header = json.at("header").as_bool();
  out.blank_rows = json.at("blank_rows").as_bool();
  return out;
}

template <class T>
Json list_of(const std::vector<T>& values) {
  Json out = Json::Array{};
  for (const T& value : values) out.push(value);
  return out;
}

Json to_json(const TextFileReading& file) {
  Json out;
  out.set("dialect", to_json(file.dialect));
  out.set("names", list_of(file.names));
  out.set("rows", file.rows);
  out.set("short_rows", file.short_rows);
  out.set("long_rows", file.long_rows);
  out.set("end", file.end);
  Json parts = Json::Array{};
  for (const TextPart& part : file.parts) {
    parts.push(Json::Array{Json(part.begin), Json(part.first_row), Json(part.first_line)});
  }
  out.set("parts", std::move(parts));
  out.set("compressed", file.compressed);
  out.set("layout", name_of(file.layout));
  out.set("edges", file.edges);
  return out;
}

Result<TextFileReading> file_from_json(const Json& json) {
  TextFileReading out;
  out.dialect = dialect_from_json(json.at("dialect"));
  for (const Json& name : json.at("names").as_array()) out.names.emplace_back(name.as_string());
  out.rows = json.at("rows").as_int();
  out.short_rows = json.at("short_rows").as_int();
  out.long_rows = json.at("long_rows").as_int();
  out.end = json.at("end").as_uint();
  for (const Json& part : json.at("parts").as_array()) {
    const auto& numbers = part.as_array();
    if (numbers.size() != 3) return fail(ErrorCode::DataProcessing, "What is known of a file is not whole.");
    out.parts.push_back({numbers[0].as_uint(), numbers[1].as_int(), numbers[2].as_int()});
  }
  out.compressed = json.at("compressed").as_bool();
  for (const auto& [layout, name] : kLayouts) {
    if (name == json.at("layout").as_string()) out.layout = layout;
  }
  out.edges = json.at("edges").as_string();
  return out;
}

Json to_json(const TextColumn& column) {
  Json out;
  out.set("name", column.name);
  out.set("type", column.type);
  out.set("reason", column.reason);
  return out;
}

std::vector<TextColumn> columns_from_json(const Json& json) {
  std::vector<TextColumn> out;
  for (const Json& column : json.as_array()) {
    out.push_back({std::string(column.at("name").as_string()), std::string(column.at("type").as_string()),
                   std::string(column.at("reason").as_string())});
  }
  return out;
}

}  // namespace

std::string_view name_of(JsonLayout layout) {
  return std::ranges::find(kLayouts, layout, &std::pair<JsonLayout, std::string_view>::first)->second;
}

Json to_json(const TextDialect& dialect) {
  Json out;
  out.set("encoding", dialect.encoding);
  out.set("delimiter", text_of(dialect.delimiter));
  out.set("quote", text_of(dialect.quote));
  out.set("escape", text_of(dialect.escape));
  out.set("comment", text_of(dialect.comment));
  out.set("header", dialect.header);
  out.set("blank_rows", dialect.blank_rows);
  return out;
}

Json to_json(const TextSettings& settings) {
  Json out = Json::Object{};
  for (const auto& [name, value] : {std::pair{"delimiter", &settings.delimiter},
                                    {"quote", &settings.quote},
                                    {"escape", &settings.escape},
                                    {"comment", &settings.comment},
                                    {"encoding", &settings.encoding},
                                    {"decimal", &settings.decimal},
                                    {"date_format", &settings.date_format}}) {
    if (*value) out.set(name, **value);
  }
  if (settings.header) out.set("header", *settings.header);
  if (!settings.null_values.empty()) out.set("null_values", list_of(settings.null_values));
  if (!settings.types.empty()) {
    Json types;
    for (const auto& [column, type] : settings.types) types.set(column, type);
    out.set("types", std::move(types));
  }
  if (settings.all_text) out.set("all_text", true);
  return out;
}

Result<TextSettings> text_settings_from_json(const Json& json) {
  if (!json.is_object() && !json.is_null()) {
    return fail(ErrorCode::InvalidData, "How a file is read must be an object of settings.");
  }
  TextSettings out;
  for (const auto& [name, value] : json.as_object()) CANVASBACK_TRY(set_from_json(out, name, value));
  CANVASBACK_TRY(check(out));
  return out;
}

Json to_json(const TextReading& reading) {
  Json out;
  out.set("settings", to_json(reading.settings));
  Json files = Json::Array{};
  for (const TextFileReading& file : reading.files) files.push(to_json(file));
  out.set("files", std::move(files));
  for (const auto& [name, columns] : {std::pair{"columns", &reading.columns}, {"hive", &reading.hive}}) {
    Json list = Json::Array{};
    for (const TextColumn& column : *columns) list.push(to_json(column));
    out.set(name, std::move(list));
  }
  out.set("kinds", to_json(reading.kinds));
  return out;
}

Result<TextReading> text_reading_from_json(const Json& json) {
  TextReading out;
  CANVASBACK_ASSIGN(out.settings, text_settings_from_json(json.at("settings")));
  for (const Json& file : json.at("files").as_array()) {
    CANVASBACK_ASSIGN(TextFileReading read, file_from_json(file));
    out.files.push_back(std::move(read));
  }
  out.columns = columns_from_json(json.at("columns"));
  out.hive = columns_from_json(json.at("hive"));
  out.kinds = kinds_from_json(json.at("kinds"));
  return out;
}

Result<TextSettings> text_settings_from_query(std::string_view query) {
  Json settings = Json::Object{};
  Json types = Json::Object{};
  Json nulls = Json::Array{};
  for (const std::string& part : split(query, '&')) {
    const std::size_t equals = part.find('=');
    const auto name = percent_decode(std::string_view(part).substr(0, equals), false);
    const auto value = percent_decode(
        equals == std::string::npos ? std::string_view() : std::string_view(part).substr(equals + 1), false);
    if (!name || !value || equals == std::string::npos) {
      return fail(ErrorCode::InvalidData,
                  fmt::format("\"{}\" is not NAME=VALUE, with %XX for special characters.", part));
    }
    if (*name == "types") {
      const std::size_t colon = value->rfind(':');
      if (colon == std::string::npos) return wrong("types", "written as COLUMN:TYPE");
      types.set(value->substr(0, colon), value->substr(colon + 1));
    } else if (*name == "null_values") {
      nulls.push(*value);
    } else if ((*name == "header" || *name == "all_text") && (*value == "true" || *value == "false")) {
      settings.set(*name, *value == "true");
    } else {
      settings.set(*name, *value);
    }
  }
  if (!types.as_object().empty()) settings.set("types", std::move(types));
  if (!nulls.as_array().empty()) settings.set("null_values", std::move(nulls));
  return text_settings_from_json(settings);
}

}  // namespace canvasback
