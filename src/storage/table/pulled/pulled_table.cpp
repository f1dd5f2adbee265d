#include "storage/table/pulled/pulled_table.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/text.hpp"
#include "base/text_list.hpp"
#include "storage/file_identity.hpp"

namespace canvasback {
namespace {

constexpr int kFormat = 1;

std::string to_hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

int digit_of(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; }

std::string from_hex(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    out += static_cast<char>(digit_of(hex[i]) * 16 + digit_of(hex[i + 1]));
  }
  return out;
}

Json to_json(const KeyPlace& place) {
  Json out;
  out.set("literals", text_list(place.literals));
  out.set("bytes", to_hex(place.bytes));
  return out;
}

KeyPlace key_place_from_json(const Json& json) {
  return {texts_of(json.at("literals")), from_hex(json.at("bytes").as_string())};
}

Json to_json(const PulledTable::Gone& gone) {
  Json out;
  out.set("path", gone.path);
  out.set("keys", gone.key_map_path);
  out.set("since_us", gone.since_us);
  return out;
}

// Types that a scan without the engine reads as the engine does.
bool is_plain(std::string_view type) { return type != "UHUGEINT"; }

}  // namespace

std::string PulledPart::path() const { return fmt::format("{}/part-{:06}.parquet", period, number); }
std::string PulledPart::key_map_path() const { return fmt::format("{}/part-{:06}.keys", period, number); }

std::int64_t PulledTable::rows() const {
  std::int64_t sum = 0;
  for (const PulledPart& part : parts) sum += part.live_rows();
  return sum;
}

const PulledPart* PulledTable::find(std::uint64_t number) const {
  const auto found = std::ranges::find(parts, number, &PulledPart::number);
  return found == parts.end() ? nullptr : &*found;
}

const PulledPart* PulledTable::find_anywhere(std::uint64_t number) const {
  const PulledPart* part = find(number);
  if (part != nullptr || !load) return part;
  const auto found = std::ranges::find(load->parts, number, &PulledPart::number);
  return found == load->parts.end() ? nullptr : &*found;
}

PulledPart* PulledTable::find(std::uint64_t number) {
  return const_cast<PulledPart*>(std::as_const(*this).find(number));
}

Json to_json(const PulledPart& part) {
  Json out;
  out.set("number", part.number);
  out.set("period", part.period);
  out.set("rows", part.rows);
  out.set("bytes", part.bytes);
  Json groups = Json::Array{};
  for (const std::int64_t rows : part.row_group_rows) groups.push(rows);
  out.set("row_group_rows", std::move(groups));
  out.set("key_map_bytes", part.key_map_bytes);
  out.set("least", to_hex(part.least));
  out.set("greatest", to_hex(part.greatest));
  Json periods = Json::Object{};
  for (const auto& [period, rows] : part.periods) periods.set(period, rows);
  if (!part.periods.empty()) out.set("periods", std::move(periods));
  if (!part.dead.empty()) out.set("dead", to_json(part.dead));
  return out;
}

Result<PulledPart> pulled_part_from_json(const Json& json) {
  PulledPart part;
  part.number = json.at("number").as_uint();
  part.period = json.at("period").as_string();
  part.rows = json.at("rows").as_int(-1);
  part.bytes = json.at("bytes").as_uint();
  for (const Json& rows : json.at("row_group_rows").as_array()) part.row_group_rows.push_back(rows.as_int());
  part.key_map_bytes = json.at("key_map_bytes").as_uint();
  part.least = from_hex(json.at("least").as_string());
  part.greatest = from_hex(json.at("greatest").as_string());
  for (const auto& [period, rows] : json.at("periods").as_object()) part.periods.emplace(period, rows.as_int());
  CANVASBACK_ASSIGN(part.dead, row_set_from_json(json.at("dead")));
  const bool fits = part.dead.empty() || part.dead.ranges().back().second < part.rows;
  if (part.number == 0 || part.rows < 0 || part.period.empty() || part.period.find('/') != std::string::npos || !fits) {
    return fail(ErrorCode::InvalidData, "The state of a pulled table names an impossible part.");
  }
  return part;
}

Json to_json(const PullCursor& cursor) {
  Json out;
  out.set("as_of_us", cursor.as_of_us);
  out.set("snapshot_us", cursor.snapshot_us);
  out.set("checked_us", cursor.checked_us);
  out.set("server", cursor.server);
  out.set("change_mark", cursor.change_mark);
  out.set("definition", cursor.definition);
  out.set("created", cursor.created);
  out.set("loaded_us", cursor.loaded_us);
  out.set("sweep", to_json(cursor.sweep));
  out.set("sweep_began_us", cursor.sweep_began_us);
  out.set("swept_us", cursor.swept_us);
  out.set("count", to_json(cursor.count));
  out.set("count_began_us", cursor.count_began_us);
  out.set("counted_us", cursor.counted_us);
  out.set("counted_mark", cursor.counted_mark);
  out.set("count_mark", cursor.count_mark);
  out.set("swept_mark", cursor.swept_mark);
  out.set("sweep_mark", cursor.sweep_mark);
  return out;
}

PullCursor pull_cursor_from_json(const Json& json) {
  PullCursor cursor;
  cursor.as_of_us = json.at("as_of_us").as_int();
  cursor.snapshot_us = json.at("snapshot_us").as_int();
  cursor.checked_us = json.at("checked_us").as_int();
  cursor.server = json.at("server").as_string();
  cursor.change_mark = json.at("change_mark").as_string();
  cursor.definition = json.at("definition").as_string();
  cursor.created = json.at("created").as_string();
  cursor.loaded_us = json.at("loaded_us").as_int();
  cursor.sweep = key_place_from_json(json.at("sweep"));
  cursor.sweep_began_us = json.at("sweep_began_us").as_int();
  cursor.swept_us = json.at("swept_us").as_int();
  cursor.count = key_place_from_json(json.at("count"));
  cursor.count_began_us = json.at("count_began_us").as_int();
  cursor.counted_us = json.at("counted_us").as_int();
  cursor.counted_mark = json.at("counted_mark").as_string();
  cursor.count_mark = json.at("count_mark").as_string();
  cursor.swept_mark = json.at("swept_mark").as_string();
  cursor.sweep_mark = json.at("sweep_mark").as_string();
  return cursor;
}

Json to_json(const std::vector<PulledColumn>& columns) {
  Json out = Json::Array{};
  for (const PulledColumn& column : columns) {
    Json entry;
    entry.set("name", column.name);
    entry.set("declared", column.declared);
    entry.set("type", column.type);
    entry.set("nullable", column.nullable);
    out.push(std::move(entry));
  }
  return out;
}

std::vector<PulledColumn> pulled_columns_from_json(const Json& json) {
  std::vector<PulledColumn> out;
  for (const Json& entry : json.as_array()) {
    out.push_back({std::string(entry.at("name").as_string()), std::string(entry.at("declared").as_string()),
                   std::string(entry.at("type").as_string()), entry.at("nullable").as_bool(true)});
  }
  return out;
}

Json to_json(const PullLoad& load) {
  Json out;
  out.set("is_complete", load.is_complete);
  out.set("primary_key", text_list(load.primary_key));
  out.set("columns", to_json(load.columns));
  Json parts = Json::Array{};
  for (const PulledPart& part : load.parts) parts.push(to_json(part));
  out.set("parts", std::move(parts));
  out.set("place", to_json(load.place));
  out.set("began_us", load.began_us);
  out.set("began_utc_us", load.began_utc_us);
  out.set("server", load.server);
  out.set("definition", load.definition);
  out.set("created", load.created);
  return out;
}

Result<PullLoad> pull_load_from_json(const Json& json) {
  PullLoad load;
  load.is_complete = json.at("is_complete").as_bool();
  load.primary_key = texts_of(json.at("primary_key"));
  load.columns = pulled_columns_from_json(json.at("columns"));
  for (const Json& entry : json.at("parts").as_array()) {
    CANVASBACK_ASSIGN(PulledPart part, pulled_part_from_json(entry));
    load.parts.push_back(std::move(part));
  }
  load.place = key_place_from_json(json.at("place"));
  load.began_us = json.at("began_us").as_int();
  load.began_utc_us = json.at("began_utc_us").as_int();
  load.server = json.at("server").as_string();
  load.definition = json.at("definition").as_string();
  load.created = json.at("created").as_string();
  return load;
}

Json to_json(const PulledTable& table) {
  Json out;
  out.set("format", kFormat);
  out.set("name", table.name);
  out.set("version", table.version);
  out.set("columns", to_json(table.columns));
  out.set("primary_key", text_list(table.primary_key));
  out.set("partition_by", table.partition_by);
  out.set("partition_every", name_of(table.partition_every));
  out.set("next_number", table.next_number);
  out.set("cursor", to_json(table.cursor));
  if (table.load) out.set("load", to_json(*table.load));
  Json parts = Json::Array{};
  for (const PulledPart& part : table.parts) parts.push(to_json(part));
  out.set("parts", std::move(parts));
  Json gone = Json::Array{};
  for (const PulledTable::Gone& file : table.gone) gone.push(to_json(file));
  out.set("gone", std::move(gone));
  return out;
}

Result<PulledTable> pulled_table_from_json(const Json& json) {
  if (json.at("format").as_int() != kFormat) {
    return fail(ErrorCode::InvalidData, "The state of a pulled table has a format that this version does not know.");
  }
  PulledTable table;
  table.name = json.at("name").as_string();
  table.version = json.at("version").as_uint();
  table.columns = pulled_columns_from_json(json.at("columns"));
  table.primary_key = texts_of(json.at("primary_key"));
  table.partition_by = json.at("partition_by").as_string();
  table.partition_every = period_length_from(json.at("partition_every").as_string()).value_or(PeriodLength::Month);
  table.next_number = json.at("next_number").as_uint();
  table.cursor = pull_cursor_from_json(json.at("cursor"));
  for (const Json& entry : json.at("parts").as_array()) {
    CANVASBACK_ASSIGN(PulledPart part, pulled_part_from_json(entry));
    if (part.number >= table.next_number) {
      return fail(ErrorCode::InvalidData, "The state of a pulled table names an impossible part.");
    }
    table.parts.push_back(std::move(part));
  }
  if (const Json* load = json.find("load")) {
    CANVASBACK_ASSIGN(table.load, pull_load_from_json(*load));
  }
  for (const Json& entry : json.at("gone").as_array()) {
    table.gone.push_back({std::string(entry.at("path").as_string()), std::string(entry.at("keys").as_string()),
                          entry.at("since_us").as_int()});
  }
  return table;
}

std::vector<DataFile> files_of(const PulledTable& table, const std::string& folder) {
  std::vector<DataFile> out;
  const auto add = [&](const std::vector<PulledPart>& parts) {
    for (const PulledPart& part : parts) {
      DataFile& file = out.emplace_back();
      file.path = folder + "/" + part.path();
      file.bytes = part.bytes;
      file.rows = part.rows;
      file.row_group_rows = part.row_group_rows;
      DataFile& keys = out.emplace_back();
      keys.path = folder + "/" + part.key_map_path();
      keys.bytes = part.key_map_bytes;
    }
  };
  add(table.parts);
  if (table.load) add(table.load->parts);
  return out;
}

Result<Dataset> dataset_of(const PulledTable& table, const std::string& folder) {
  Dataset out;
  out.name = table.name;
  out.kind = DatasetKind::Parquet;
  out.rows = 0;
  out.plain_scan = true;
  out.is_collection = true;
  out.version = fmt::format("{}-{}-{}", table.name, table.cursor.loaded_us, table.version);
  for (const PulledColumn& column : table.columns) {
    DatasetColumn entry;
    entry.name = column.name;
    entry.type = column.type;
    out.plain_scan = out.plain_scan && is_plain(column.type);
    out.columns.push_back(std::move(entry));
  }
  for (const PulledPart& part : table.parts) {
    if (part.live_rows() == 0) continue;
    DataFile file;
    file.path = folder + "/" + part.path();
    struct stat info {};
    if (::stat(file.path.c_str(), &info) != 0) {
      return fail(ErrorCode::Unavailable, fmt::format("A part of the table \"{}\" is missing.", table.name),
                  fmt::format("{}: {}", file.path, std::strerror(errno)));
    }
    if (static_cast<std::uint64_t>(info.st_size) != part.bytes) {
      return fail(ErrorCode::InvalidData,
                  fmt::format("A part of the table \"{}\" has another size than it was written with.", table.name),
                  file.path);
    }
    take_identity(file, info);
    file.rows = part.rows;
    file.row_group_rows = part.row_group_rows;
    file.dead = part.dead.ranges();
    out.plain_scan = out.plain_scan && file.dead.empty();
    out.rows += part.live_rows();
    out.files.push_back(std::move(file));
  }
  out.plain_scan = out.plain_scan && !out.files.empty();
  return out;
}

bool is_part_file_name(std::string_view name) {
  if (name.starts_with(kUnfinishedPrefix)) name.remove_prefix(kUnfinishedPrefix.size());
  if (!name.starts_with("part-")) return false;
  name.remove_prefix(std::string_view("part-").size());
  std::size_t digits = 0;
  while (digits < name.size() && name[digits] >= '0' && name[digits] <= '9') ++digits;
  const std::string_view rest = name.substr(digits);
  return digits >= 6 && (rest == ".parquet" || rest == ".keys");
}

}  // namespace canvasback
