#include "task/maintain_task.hpp"

#include <utility>

#include "task/frame.hpp"

namespace canvasback {
namespace {

Json list_of(const std::vector<std::int64_t>& numbers) {
  Json out = Json::Array{};
  for (std::int64_t number : numbers) out.push(number);
  return out;
}

std::vector<std::int64_t> numbers_of(const Json& json) {
  std::vector<std::int64_t> out;
  for (const Json& number : json.as_array()) out.push_back(number.as_int());
  return out;
}

}  // namespace

Json to_json(const MergeWork& work) {
  Json out;
  out.set("files", to_json(work.files));
  out.set("id", work.id);
  out.set("info", to_json(work.info));
  if (work.schema) out.set("schema", to_json(*work.schema));
  out.set("key_secret", work.key_secret);
  return out;
}

Result<MergeWork> merge_work_from_json(const Json& json) {
  MergeWork work;
  CANVASBACK_ASSIGN(work.files, dataset_from_json(json.at("files")));
  work.id = json.at("id").as_string();
  work.info = part_info_from_json(json.at("info"));
  if (const Json* schema = json.find("schema")) work.schema = record_schema_from_kept(*schema);
  work.key_secret = json.at("key_secret").as_string();
  return work;
}

Json to_json(const KeysWork& work) {
  Json columns = Json::Array{};
  for (const std::vector<std::string>& of_file : work.columns) {
    Json names = Json::Array{};
    for (const std::string& name : of_file) names.push(name);
    columns.push(std::move(names));
  }
  Json out;
  out.set("files", to_json(work.files));
  out.set("columns", std::move(columns));
  out.set("schema", to_json(work.schema));
  out.set("key_secret", work.key_secret);
  return out;
}

Result<KeysWork> keys_work_from_json(const Json& json) {
  KeysWork work;
  CANVASBACK_ASSIGN(work.files, dataset_from_json(json.at("files")));
  for (const Json& names : json.at("columns").as_array()) {
    work.columns.emplace_back();
    for (const Json& name : names.as_array()) work.columns.back().emplace_back(name.as_string());
  }
  work.schema = record_schema_from_kept(json.at("schema"));
  work.key_secret = json.at("key_secret").as_string();
  return work;
}

Json to_json(const ExamineWork& work) {
  Json out;
  out.set("files", to_json(work.files));
  out.set("deep", work.deep);
  return out;
}

Result<ExamineWork> examine_work_from_json(const Json& json) {
  ExamineWork work;
  CANVASBACK_ASSIGN(work.files, dataset_from_json(json.at("files")));
  work.deep = json.at("deep").as_bool();
  return work;
}

Json to_json(const CheckWork& work) {
  Json out;
  out.set("files", to_json(work.files));
  out.set("given", work.given);
  return out;
}

Result<CheckWork> check_work_from_json(const Json& json) {
  CheckWork work;
  CANVASBACK_ASSIGN(work.files, dataset_from_json(json.at("files")));
  work.given = json.at("given").as_bool();
  return work;
}

Json to_json(const std::vector<MergedPart>& parts) {
  Json list = Json::Array{};
  for (const MergedPart& part : parts) {
    Json entry;
    entry.set("year", part.year);
    entry.set("week", part.week);
    entry.set("rows", part.rows);
    entry.set("bytes", part.bytes);
    entry.set("row_group_rows", list_of(part.row_group_rows));
    entry.set("info", to_json(part.info));
    list.push(std::move(entry));
  }
  Json out;
  out.set("parts", std::move(list));
  return out;
}

std::vector<MergedPart> merged_parts_from_json(const Json& json) {
  std::vector<MergedPart> out;
  for (const Json& entry : json.at("parts").as_array()) {
    MergedPart part;
    part.year = static_cast<int>(entry.at("year").as_int());
    part.week = static_cast<int>(entry.at("week").as_int());
    part.rows = entry.at("rows").as_int();
    part.bytes = entry.at("bytes").as_uint();
    part.row_group_rows = numbers_of(entry.at("row_group_rows"));
    part.info = part_info_from_json(entry.at("info"));
    out.push_back(std::move(part));
  }
  return out;
}

Json to_json(const std::vector<ExaminedFile>& files) {
  Json list = Json::Array{};
  for (const ExaminedFile& file : files) {
    Json entry;
    if (file.error) {
      entry.set("error", to_json(*file.error));
    } else {
      entry.set("rows", file.rows);
      entry.set("row_group_rows", list_of(file.row_group_rows));
      entry.set("info", to_json(file.info));
    }
    list.push(std::move(entry));
  }
  Json out;
  out.set("files", std::move(list));
  return out;
}

std::vector<ExaminedFile> examined_files_from_json(const Json& json) {
  std::vector<ExaminedFile> out;
  for (const Json& entry : json.at("files").as_array()) {
    ExaminedFile file;
    if (const Json* error = entry.find("error")) {
      file.error = error_from_json(*error);
    } else {
      file.rows = entry.at("rows").as_int();
      file.row_group_rows = numbers_of(entry.at("row_group_rows"));
      file.info = part_info_from_json(entry.at("info"));
    }
    out.push_back(std::move(file));
  }
  return out;
}

}  // namespace canvasback
