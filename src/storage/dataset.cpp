#include "storage/dataset.hpp"

#include <array>
#include <utility>

#include "base/text.hpp"
#include "base/text_list.hpp"
#include "record/text_reading.hpp"

namespace canvasback {
namespace {

constexpr std::array<std::pair<DatasetKind, std::string_view>, 4> kKinds{{
    {DatasetKind::Parquet, "parquet"},
    {DatasetKind::Csv, "csv"},
    {DatasetKind::Json, "json"},
    {DatasetKind::Arrow, "arrow"},
}};

constexpr std::array<std::pair<std::string_view, DatasetKind>, 12> kExtensions{{
    {".parquet", DatasetKind::Parquet},
    {".pq", DatasetKind::Parquet},
    {".csv", DatasetKind::Csv},
    {".tsv", DatasetKind::Csv},
    {".json", DatasetKind::Json},
    {".ndjson", DatasetKind::Json},
    {".jsonl", DatasetKind::Json},
    {".arrow", DatasetKind::Arrow},
    {".arrows", DatasetKind::Arrow},
    {".ipc", DatasetKind::Arrow},
    {".feather", DatasetKind::Arrow},
    {".arrow_stream", DatasetKind::Arrow},
}};

Json optional_text(const std::optional<std::string>& text) { return text ? Json(*text) : Json(); }

Json file_to_json(const DataFile& file) {
  Json out;
  out.set("path", file.path);
  out.set("bytes", file.bytes);
  out.set("modified_ns", file.modified_ns);
  out.set("changed_ns", file.changed_ns);
  out.set("inode", file.inode);
  out.set("rows", file.rows);
  Json groups = Json::Array{};
  for (std::int64_t rows : file.row_group_rows) groups.push(rows);
  out.set("row_group_rows", std::move(groups));
  out.set("shape", file.shape);
  if (!file.partition.empty()) {
    Json partition = Json::Array{};
    for (const auto& [key, value] : file.partition) partition.push(Json::Array{Json(key), optional_text(value)});
    out.set("partition", std::move(partition));
  }
  if (!file.dead.empty()) {
    Json dead = Json::Array{};
    for (const auto& [first, last] : file.dead) dead.push(Json::Array{Json(first), Json(last)});
    out.set("dead", std::move(dead));
  }
  return out;
}

DataFile file_from_json(const Json& json) {
  DataFile file;
  file.path = json.at("path").as_string();
  file.bytes = json.at("bytes").as_uint();
  file.modified_ns = json.at("modified_ns").as_int();
  file.changed_ns = json.at("changed_ns").as_int();
  file.inode = json.at("inode").as_uint();
  file.rows = json.at("rows").as_int(-1);
  for (const Json& rows : json.at("row_group_rows").as_array()) file.row_group_rows.push_back(rows.as_int());
  file.shape = static_cast<int>(json.at("shape").as_int());
  for (const Json& part : json.at("partition").as_array()) {
    const auto& pair = part.as_array();
    if (pair.size() != 2) continue;
    file.partition.emplace_back(pair[0].as_string(),
                                pair[1].is_string() ? std::optional(std::string(pair[1].as_string())) : std::nullopt);
  }
  for (const Json& range : json.at("dead").as_array()) {
    if (range.as_array().size() != 2) continue;
    file.dead.emplace_back(range.as_array()[0].as_int(), range.as_array()[1].as_int());
  }
  return file;
}

DatasetColumn column_from_json(const Json& json) {
  DatasetColumn column;
  column.name = json.at("name").as_string();
  column.type = json.at("type").as_string();
  if (json.at("min").is_string()) column.min = json.at("min").as_string();
  if (json.at("max").is_string()) column.max = json.at("max").as_string();
  if (json.at("null_count").is_integer()) column.null_count = json.at("null_count").as_int();
  return column;
}

Json forms_to_json(const std::vector<FileForm>& forms) {
  Json out = Json::Array{};
  for (const FileForm& form : forms) {
    Json entry;
    entry.set("columns", form.columns);
    entry.set("select", form.select);
    entry.set("streamed", form.streamed);
    out.push(std::move(entry));
  }
  return out;
}

std::shared_ptr<const std::vector<FileForm>> forms_from_json(const Json& json) {
  if (json.as_array().empty()) return nullptr;
  auto forms = std::make_shared<std::vector<FileForm>>();
  for (const Json& entry : json.as_array()) {
    forms->push_back({static_cast<int>(entry.at("columns").as_int()), std::string(entry.at("select").as_string()),
                      entry.at("streamed").as_bool()});
  }
  return forms;
}

}  // namespace

std::string_view name_of(DatasetKind kind) {
  for (const auto& [known, name] : kKinds) {
    if (known == kind) return name;
  }
  return "parquet";
}

std::optional<DatasetKind> dataset_kind_from(std::string_view name) {
  for (const auto& [kind, known] : kKinds) {
    if (known == name) return kind;
  }
  return std::nullopt;
}

std::optional<DatasetKind> dataset_kind_of_path(std::string_view path) {
  std::string text = lower(path);
  for (std::string_view packed : {".gz", ".zst"}) {
    if (text.ends_with(packed)) text.resize(text.size() - packed.size());
  }
  for (const auto& [extension, kind] : kExtensions) {
    if (text.ends_with(extension)) return kind;
  }
  return std::nullopt;
}

std::uint64_t Dataset::bytes() const {
  std::uint64_t sum = 0;
  for (const DataFile& file : files) sum += file.bytes;
  return sum;
}

const DatasetColumn* Dataset::find_column(std::string_view column) const {
  for (const DatasetColumn& candidate : columns) {
    if (candidate.name == column) return &candidate;
  }
  return nullptr;
}

Json to_json(const Dataset& dataset) {
  Json out;
  out.set("name", dataset.name);
  out.set("kind", name_of(dataset.kind));
  out.set("version", dataset.version);
  out.set("rows", dataset.rows);
  out.set("plain_scan", dataset.plain_scan);
  out.set("union_by_name", dataset.union_by_name);
  out.set("hive_partitioning", dataset.hive_partitioning);
  out.set("is_collection", dataset.is_collection);
  Json shapes = Json::Array{};
  if (dataset.file_kinds) {
    out.set("kinds", to_json(dataset.file_kinds->all));
    for (const Kinds& shape : dataset.file_kinds->shapes) shapes.push(to_json(shape));
  }
  out.set("shapes", std::move(shapes));
  if (dataset.text) out.set("text", to_json(*dataset.text));
  Json left_out = Json::Array{};
  for (const LeftOutFile& file : dataset.left_out) {
    Json entry;
    entry.set("path", file.path);
    entry.set("reason", file.reason);
    left_out.push(std::move(entry));
  }
  out.set("left_out", std::move(left_out));
  out.set("forms", dataset.forms ? forms_to_json(*dataset.forms) : Json(Json::Array{}));
  out.set("fine_columns", text_list(dataset.fine_columns));
  out.set("notes", text_list(dataset.notes));
  Json files = Json::Array{};
  for (const DataFile& file : dataset.files) files.push(file_to_json(file));
  out.set("files", std::move(files));
  Json columns = Json::Array{};
  for (const DatasetColumn& column : dataset.columns) {
    Json entry;
    entry.set("name", column.name);
    entry.set("type", column.type);
    entry.set("min", optional_text(column.min));
    entry.set("max", optional_text(column.max));
    entry.set("null_count", column.null_count ? Json(*column.null_count) : Json());
    columns.push(std::move(entry));
  }
  out.set("columns", std::move(columns));
  return out;
}

Result<Dataset> dataset_from_json(const Json& json) {
  Dataset dataset;
  dataset.name = json.at("name").as_string();
  auto kind = dataset_kind_from(json.at("kind").as_string());
  if (!kind) return fail(ErrorCode::DataProcessing, "A dataset entry has no known kind.", json.dump());
  dataset.kind = *kind;
  dataset.version = json.at("version").as_string();
  dataset.rows = json.at("rows").as_int(-1);
  dataset.plain_scan = json.at("plain_scan").as_bool();
  dataset.union_by_name = json.at("union_by_name").as_bool();
  dataset.hive_partitioning = json.at("hive_partitioning").as_bool();
  dataset.is_collection = json.at("is_collection").as_bool();
  if (const Json* kinds = json.find("kinds")) {
    auto file_kinds = std::make_shared<FileKinds>();
    file_kinds->all = kinds_from_json(*kinds);
    for (const Json& shape : json.at("shapes").as_array()) file_kinds->shapes.push_back(kinds_from_json(shape));
    dataset.file_kinds = std::move(file_kinds);
  }
  if (const Json* text = json.find("text")) {
    CANVASBACK_ASSIGN(TextReading reading, text_reading_from_json(*text));
    dataset.text = std::make_shared<const TextReading>(std::move(reading));
  }
  for (const Json& file : json.at("left_out").as_array()) {
    dataset.left_out.push_back({std::string(file.at("path").as_string()), std::string(file.at("reason").as_string())});
  }
  dataset.forms = forms_from_json(json.at("forms"));
  dataset.fine_columns = texts_of(json.at("fine_columns"));
  dataset.notes = texts_of(json.at("notes"));
  for (const Json& file : json.at("files").as_array()) dataset.files.push_back(file_from_json(file));
  for (const Json& column : json.at("columns").as_array()) dataset.columns.push_back(column_from_json(column));
  return dataset;
}

}  // namespace canvasback
