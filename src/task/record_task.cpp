#include "task/record_task.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>

#include "base/text.hpp"

namespace canvasback {
namespace {

constexpr std::array<std::pair<RecordAction, std::string_view>, 3> kActions{{
    {RecordAction::Show, "show"},
    {RecordAction::Patch, "patch"},
    {RecordAction::Put, "put"},
}};

constexpr std::array kTypes{FieldType::Any,       FieldType::String,  FieldType::Integer,
                            FieldType::Number,    FieldType::Boolean, FieldType::Date,
                            FieldType::Timestamp, FieldType::Array,   FieldType::Object};

FieldType type_from(std::string_view name) {
  for (FieldType type : kTypes) {
    if (name_of(type) == name) return type;
  }
  return FieldType::Any;
}

}  // namespace

Json to_json(const RecordWork& work) {
  Json out;
  out.set("dataset", work.dataset);
  for (const auto& [action, name] : kActions) {
    if (action == work.action) out.set("action", name);
  }
  Json key = Json::Array{};
  for (std::size_t i = 0; i < work.key.size(); ++i) {
    Json entry;
    entry.set("name", work.key[i].name);
    entry.set("type", name_of(work.key[i].type));
    entry.set("value", work.values[i]);
    key.push(std::move(entry));
  }
  out.set("key", std::move(key));
  out.set("kinds", to_json(work.kinds));
  out.set("body", work.body);
  return out;
}

RecordWork record_work_from_json(const Json& json) {
  RecordWork work;
  work.dataset = json.at("dataset").as_string();
  for (const auto& [action, name] : kActions) {
    if (json.at("action").as_string() == name) work.action = action;
  }
  for (const Json& entry : json.at("key").as_array()) {
    SchemaField field;
    field.name = entry.at("name").as_string();
    field.type = type_from(entry.at("type").as_string());
    work.key.push_back(std::move(field));
    work.values.emplace_back(entry.at("value").as_string());
  }
  work.kinds = kinds_from_json(json.at("kinds"));
  work.body = json.at("body").as_string();
  return work;
}

Json to_json(const RecordInfo& info) {
  Json out;
  out.set("found", info.found);
  out.set("ingested_us", info.ingested_us);
  Json times = Json::Array{};
  for (const auto& [name, type] : info.times) times.push(Json::Array{Json(name), Json(name_of(type))});
  out.set("times", std::move(times));
  return out;
}

RecordInfo record_info_from_json(const Json& json) {
  RecordInfo info;
  info.found = json.at("found").as_bool();
  info.ingested_us = json.at("ingested_us").as_int();
  for (const Json& entry : json.at("times").as_array()) {
    if (entry.as_array().size() != 2) continue;
    info.times.emplace_back(std::string(entry.as_array()[0].as_string()), type_from(entry.as_array()[1].as_string()));
  }
  return info;
}

std::string key_text_of_day(std::int32_t days) {
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(days))};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

std::string key_text_of_time(std::int64_t micros) {
  using std::chrono::microseconds;
  const std::chrono::sys_time<microseconds> time{microseconds(micros)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::hh_mm_ss<microseconds> clock(time - day);
  std::string out =
      fmt::format("{}T{:02}:{:02}:{:02}", key_text_of_day(static_cast<std::int32_t>(day.time_since_epoch().count())),
                  clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  if (clock.subseconds().count() != 0) out += fmt::format(".{:06}", clock.subseconds().count());
  return out + "Z";
}

Result<std::string> key_text(std::string_view field, FieldType type, std::string_view text) {
  const auto wrong = [&] {
    return fail(ErrorCode::InvalidData,
                fmt::format("\"{}\" is not a {}, the type of \"{}\".", text.substr(0, 128), name_of(type), field));
  };
  switch (type) {
    case FieldType::Integer: {
      const auto value = parse_integer(text, field, INT64_MIN, INT64_MAX);
      if (!value) return wrong();
      return fmt::format("{}", *value);
    }
    case FieldType::Boolean:
      if (text != "true" && text != "false") return wrong();
      return std::string(text);
    case FieldType::Date:
      if (!parse_iso_date(text)) return wrong();
      return std::string(text);
    case FieldType::Timestamp: {
      const auto value = parse_iso_time(text);
      if (!value) return wrong();
      return key_text_of_time(*value);
    }
    default:
      if (!is_valid_utf8(text)) return fail(ErrorCode::InvalidData, "The key is not UTF-8.");
      return std::string(text);
  }
}

}  // namespace canvasback
