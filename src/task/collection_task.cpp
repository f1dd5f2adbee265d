#include "task/collection_task.hpp"

#include <array>
#include <utility>

#include "base/text.hpp"
#include "task/frame.hpp"

namespace canvasback {
namespace {

constexpr std::array<std::pair<InputFormat, std::string_view>, 5> kFormats{{
    {InputFormat::Json, "json"},
    {InputFormat::Ndjson, "ndjson"},
    {InputFormat::Csv, "csv"},
    {InputFormat::Parquet, "parquet"},
    {InputFormat::Arrow, "arrow"},
}};

constexpr std::array<std::pair<std::string_view, InputFormat>, 12> kMediaTypes{{
    {"application/json", InputFormat::Json},
    {"text/json", InputFormat::Json},
    {"application/x-ndjson", InputFormat::Ndjson},
    {"application/ndjson", InputFormat::Ndjson},
    {"application/jsonl", InputFormat::Ndjson},
    {"application/x-jsonlines", InputFormat::Ndjson},
    {"text/csv", InputFormat::Csv},
    {"application/vnd.apache.parquet", InputFormat::Parquet},
    {"application/x-parquet", InputFormat::Parquet},
    {"application/vnd.apache.arrow.stream", InputFormat::Arrow},
    {"application/vnd.apache.arrow.file", InputFormat::Arrow},
    {"application/x-www-form-urlencoded", InputFormat::Json},  // what curl -d says of any body
}};

constexpr std::array<std::pair<std::string_view, InputFormat>, 9> kExtensions{{
    {".json", InputFormat::Json},
    {".ndjson", InputFormat::Ndjson},
    {".jsonl", InputFormat::Ndjson},
    {".csv", InputFormat::Csv},
    {".parquet", InputFormat::Parquet},
    {".pq", InputFormat::Parquet},
    {".arrow", InputFormat::Arrow},
    {".arrows", InputFormat::Arrow},
    {".feather", InputFormat::Arrow},
}};

}  // namespace

std::string_view name_of(InputFormat format) {
  for (const auto& [known, name] : kFormats) {
    if (known == format) return name;
  }
  return "json";
}

std::optional<InputFormat> input_format_from(std::string_view name) {
  for (const auto& [format, known] : kFormats) {
    if (known == name) return format;
  }
  return std::nullopt;
}

std::optional<InputFormat> input_format_of_media_type(std::string_view media_type) {
  const std::string type = lower(trim(media_type.substr(0, media_type.find(';'))));
  for (const auto& [known, format] : kMediaTypes) {
    if (known == type) return format;
  }
  if (type.ends_with("+json")) return InputFormat::Json;
  return std::nullopt;
}

std::optional<InputFormat> input_format_of_file_name(std::string_view file_name) {
  std::string name = lower(file_name);
  for (std::string_view packed : {".gz", ".zst"}) {
    if (name.ends_with(packed)) name.resize(name.size() - packed.size());
  }
  for (const auto& [extension, format] : kExtensions) {
    if (name.ends_with(extension)) return format;
  }
  return std::nullopt;
}

Json to_json(const IngestWork& work) {
  Json out;
  out.set("time_us", work.time_us);
  Json inputs = Json::Array{};
  for (const IngestInput& input : work.inputs) {
    Json entry;
    entry.set("bytes", input.bytes);
    entry.set("format", name_of(input.format));
    entry.set("encoding", input.encoding);
    entry.set("key", input.key);
    entry.set("parameters", input.parameters);
    entry.set("fingerprint", input.fingerprint);
    entry.set("quarantine", input.quarantine);
    if (input.cast) entry.set("cast", *input.cast);
    inputs.push(std::move(entry));
  }
  out.set("inputs", std::move(inputs));
  if (work.schema) out.set("schema", to_json(*work.schema));
  out.set("key_secret", work.key_secret);
  if (!work.deletes.empty()) out.set("deletes", to_json(work.deletes));
  out.set("keeps_older", work.keeps_older);
  out.set("fingerprint_only", work.fingerprint_only);
  return out;
}

IngestWork ingest_work_from_json(const Json& json) {
  IngestWork work;
  work.time_us = json.at("time_us").as_int();
  work.key_secret = json.at("key_secret").as_string();
  work.deletes = kept_deletes_from_json(json.at("deletes"));
  work.keeps_older = json.at("keeps_older").as_bool();
  work.fingerprint_only = json.at("fingerprint_only").as_bool();
  if (const Json* schema = json.find("schema")) work.schema = record_schema_from_kept(*schema);
  for (const Json& entry : json.at("inputs").as_array()) {
    IngestInput input;
    input.bytes = entry.at("bytes").as_int(-1);
    input.format = input_format_from(entry.at("format").as_string()).value_or(InputFormat::Json);
    input.encoding = entry.at("encoding").as_string();
    input.key = entry.at("key").as_string();
    input.parameters = entry.at("parameters").as_string();
    input.fingerprint = entry.at("fingerprint").as_string();
    input.quarantine = entry.at("quarantine").as_bool();
    if (const Json* cast = entry.find("cast")) input.cast = cast->as_bool();
    work.inputs.push_back(std::move(input));
  }
  return work;
}

Json to_json(const IngestResult& result) {
  Json out;
  Json outcomes = Json::Array{};
  for (const IngestOutcome& outcome : result.outcomes) {
    Json entry;
    entry.set("records", outcome.records);
    entry.set("quarantined", outcome.quarantined);
    entry.set("error", outcome.error ? to_json(*outcome.error) : Json());
    entry.set("errors", outcome.errors);
    entry.set("id", outcome.id);
    Json record = Json::Array{};
    for (const std::string& value : outcome.record) record.push(value);
    entry.set("record", std::move(record));
    entry.set("fingerprint", outcome.fingerprint);
    outcomes.push(std::move(entry));
  }
  out.set("outcomes", std::move(outcomes));
  Json files = Json::Array{};
  for (const IngestFile& file : result.files) {
    Json entry;
    entry.set("rows", file.rows);
    entry.set("bytes", file.bytes);
    Json groups = Json::Array{};
    for (std::int64_t rows : file.row_group_rows) groups.push(rows);
    entry.set("row_group_rows", std::move(groups));
    entry.set("info", to_json(file.info));
    files.push(std::move(entry));
  }
  out.set("files", std::move(files));
  out.set("has_rejects", result.has_rejects);
  return out;
}

IngestResult ingest_result_from_json(const Json& json) {
  IngestResult result;
  for (const Json& entry : json.at("outcomes").as_array()) {
    IngestOutcome outcome;
    outcome.records = entry.at("records").as_int();
    outcome.quarantined = entry.at("quarantined").as_int();
    if (entry.at("error").is_object()) outcome.error = error_from_json(entry.at("error"));
    outcome.errors = entry.at("errors");
    outcome.id = entry.at("id");
    for (const Json& value : entry.at("record").as_array()) outcome.record.emplace_back(value.as_string());
    outcome.fingerprint = entry.at("fingerprint").as_string();
    result.outcomes.push_back(std::move(outcome));
  }
  for (const Json& entry : json.at("files").as_array()) {
    IngestFile file;
    file.rows = entry.at("rows").as_int();
    file.bytes = entry.at("bytes").as_uint();
    for (const Json& rows : entry.at("row_group_rows").as_array()) file.row_group_rows.push_back(rows.as_int());
    file.info = part_info_from_json(entry.at("info"));
    result.files.push_back(std::move(file));
  }
  result.has_rejects = json.at("has_rejects").as_bool();
  return result;
}

}  // namespace canvasback
