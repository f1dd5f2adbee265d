#include "server/config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <exception>
#include <filesystem>

#include "base/text.hpp"
#include "net/url.hpp"
#include "server/toml.hpp"
#include "task/collection_task.hpp"

namespace canvasback {
namespace {

std::string environment_name(std::string_view setting) {
  std::string name = "CANVASBACK_";
  for (char c : setting) name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return name;
}

bool is_known(const std::string& name) {
  return std::ranges::any_of(Config::known(), [&](const SettingInfo& info) { return info.name == name; });
}

Result<std::string> scalar_text(const toml::node& node, std::string_view key) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return fmt::format("{}", number->get());
  if (const auto* flag = node.as_boolean()) return std::string(flag->get() ? "true" : "false");
  if (const auto* list = node.as_array()) {
    std::vector<std::string> parts;
    for (const auto& item : *list) {
      const auto* text = item.as_string();
      if (text == nullptr) return fail(ErrorCode::InvalidData, fmt::format("\"{}\" must be a list of strings.", key));
      parts.push_back(text->get());
    }
    return fmt::format("{}", fmt::join(parts, ","));
  }
  return fail(ErrorCode::InvalidData, fmt::format("\"{}\" has a value of the wrong type.", key));
}

// Other name, setting: those of earlier versions, and those that configurations of the earlier stacks have.
constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kOtherNames{{
    {"spill", "spill_bytes_max"},
    {"cache", "cache_bytes_max"},
    {"profile_cache", "profile_cache_bytes_max"},
    {"job_files", "job_files_bytes_max"},
    {"memory_limit", "memory"},
    {"bulk_insert.threads", "ingest_threads"},
    {"bulk_insert.memory_limit", "ingest_memory"},
    {"streaming.strategy", "streaming_strategy"},
    {"query_optimized.threads", "threads"},
    {"query_optimized.memory_limit", "memory"},
}};

std::string setting_of(const std::string& name) {
  for (const auto& [other, setting] : kOtherNames) {
    if (name == other) return std::string(setting);
  }
  return name;
}

// The values of [operation_profiles.NAME] tables, as PROFILE.KEY.
Result<std::vector<std::pair<std::string, std::string>>> operation_profiles(const toml::node& node) {
  std::vector<std::pair<std::string, std::string>> out;
  const auto* profiles = node.as_table();
  if (profiles == nullptr) {
    return fail(ErrorCode::InvalidData, "Operation profiles are written as [operation_profiles.bulk_insert].");
  }
  for (const auto& [profile, values] : *profiles) {
    if (!values.is_table()) return fail(ErrorCode::InvalidData, "An operation profile must be a table.");
    for (const auto& [key, value] : *values.as_table()) {
      const std::string name = fmt::format("{}.{}", profile.str(), key.str());
      if (setting_of(name) == name) {
        return fail(ErrorCode::InvalidData, fmt::format("operation_profiles has no setting \"{}\".", name));
      }
      CANVASBACK_ASSIGN(std::string text, scalar_text(value, name));
      out.emplace_back(setting_of(name), std::move(text));
    }
  }
  return out;
}

// One table of [[dataset]] or [[feed]]: its keys are known, and their values of the right kind.
class Entry {
 public:
  static Result<Entry> open(const toml::table& table, std::string_view kind,
                            std::initializer_list<std::string_view> keys) {
    for (const auto& [key, value] : table) {
      if (std::ranges::find(keys, key.str()) == keys.end()) {
        return fail(ErrorCode::InvalidData, fmt::format("[[{}]] has no setting \"{}\".", kind, key.str()));
      }
    }
    return Entry(table, kind);
  }

  Result<std::string> text(std::string_view key, std::string_view otherwise = {}) const {
    const toml::node* node = table_.get(key);
    if (node == nullptr) return std::string(otherwise);
    if (const auto* found = node->as_string()) return found->get();
    return fail(ErrorCode::InvalidData, fmt::format("{} of a [[{}]] must be a string in quotes.", key, kind_));
  }
  Result<std::int64_t> integer(std::string_view key, std::int64_t otherwise, std::int64_t min, std::int64_t max) const {
    const toml::node* node = table_.get(key);
    if (node == nullptr) return otherwise;
    const auto* found = node->as_integer();
    if (found != nullptr && found->get() >= min && found->get() <= max) return found->get();
    return fail(ErrorCode::InvalidData,
                fmt::format("{} of a [[{}]] must be a number from {} to {}, without quotes.", key, kind_, min, max));
  }
  // One of these words; the first where the key is missing.
  Result<std::string> word(std::string_view key, std::initializer_list<std::string_view> words) const {
    CANVASBACK_ASSIGN(std::string found, text(key, *words.begin()));
    if (std::ranges::find(words, found) != words.end()) return found;
    return fail(ErrorCode::InvalidData,
                fmt::format("{} of a [[{}]] must be one of: {}.", key, kind_, fmt::join(words, ", ")));
  }

 private:
  Entry(const toml::table& table, std::string_view kind) : table_(table), kind_(kind) {}

  const toml::table& table_;
  std::string_view kind_;
};

// A text, true or false, or a list or table of texts.
Result<Json> json_of(const toml::node& node, std::string_view key) {
  if (const auto* text = node.as_string()) return Json(text->get());
  if (const auto* flag = node.as_boolean()) return Json(flag->get());
  Json out = node.is_table() ? Json(Json::Object{}) : Json(Json::Array{});
  if (const auto* list = node.as_array()) {
    for (const auto& item : *list) {
      CANVASBACK_ASSIGN(Json value, json_of(item, key));
      out.push(std::move(value));
    }
    return out;
  }
  if (const auto* table = node.as_table()) {
    for (const auto& [name, item] : *table) {
      CANVASBACK_ASSIGN(Json value, json_of(item, key));
      out.set(std::string(name.str()), std::move(value));
    }
    return out;
  }
  return fail(ErrorCode::InvalidData, fmt::format("{} of a [[dataset]] has a value of the wrong kind.", key));
}

Result<DatasetSource> dataset_entry(const toml::table& table) {
  CANVASBACK_ASSIGN(const Entry entry,
                    Entry::open(table, "dataset",
                                {"name", "path", "kind", "delimiter", "quote", "escape", "comment", "header",
                                 "encoding", "decimal", "date_format", "null_values", "types", "all_text"}));
  CANVASBACK_ASSIGN(const std::string name, entry.text("name"));
  CANVASBACK_ASSIGN(const std::string path, entry.text("path"));
  CANVASBACK_ASSIGN(const std::string kind, entry.text("kind"));
  if (path.empty() || name.empty()) return fail(ErrorCode::InvalidData, "A [[dataset]] needs a name and a path.");
  CANVASBACK_ASSIGN(DatasetSource source, dataset_source(name, path));
  if (table.contains("kind")) {
    source.kind = dataset_kind_from(kind);
    if (!source.kind) return fail(ErrorCode::InvalidData, "kind must be parquet, csv, json or arrow.");
  }
  Json settings = Json::Object{};
  for (const auto& [key, node] : table) {
    if (key.str() == "name" || key.str() == "path" || key.str() == "kind") continue;
    CANVASBACK_ASSIGN(Json value, json_of(node, key.str()));
    settings.set(std::string(key.str()), std::move(value));
  }
  CANVASBACK_ASSIGN(source.text, text_settings_from_json(settings));
  return source;
}

Result<FeedSource> feed_entry(const toml::table& table) {
  constexpr std::int64_t kPeriodMaxS = 366 * 86'400;
  FeedSource out;
  CANVASBACK_ASSIGN(
      const Entry entry,
      Entry::open(table, "feed", {"url", "every_s", "timeout_s", "collection", "format", "on_error", "on_conflict"}));
  CANVASBACK_ASSIGN(out.url, entry.text("url"));
  CANVASBACK_ASSIGN(out.every_s, entry.integer("every_s", out.every_s, 1, kPeriodMaxS));
  CANVASBACK_ASSIGN(out.timeout_s, entry.integer("timeout_s", out.timeout_s, 1, 86'400));
  CANVASBACK_ASSIGN(out.collection, entry.text("collection", out.collection));
  CANVASBACK_ASSIGN(out.format, entry.text("format"));
  CANVASBACK_ASSIGN(const std::string on_error, entry.word("on_error", {"quarantine", "reject"}));
  if (table.contains("on_conflict")) {
    CANVASBACK_ASSIGN(out.on_conflict, entry.word("on_conflict", {"reject", "update", "ignore", "refuse"}));
    if (out.on_conflict == "refuse") out.on_conflict = "reject";  // its earlier name
  }
  if (auto url = http::Url::parse(out.url); !url) {
    return fail(ErrorCode::InvalidData, fmt::format("A [[feed]] needs a url (http://…): {}", url.error().message));
  }
  if (!is_dataset_name(out.collection)) {
    return fail(ErrorCode::InvalidData, "The collection of a [[feed]] is not a valid name.");
  }
  if (table.contains("format") && !input_format_from(out.format)) {
    return fail(ErrorCode::InvalidData, "The format of a [[feed]] must be json, ndjson, csv, parquet or arrow.");
  }
  out.quarantine = on_error == "quarantine";
  return out;
}

// [[name]] entries, each a table.
Result<std::vector<const toml::table*>> entries_of(const toml::node& node, std::string_view name) {
  const auto* entries = node.as_array();
  if (entries == nullptr || !entries->is_homogeneous<toml::table>()) {
    return fail(ErrorCode::InvalidData, fmt::format("{}s are written as [[{}]].", name, name));
  }
  std::vector<const toml::table*> out;
  for (const auto& entry : *entries) out.push_back(entry.as_table());
  return out;
}

Status add_entries(const toml::node& node, const std::string& name, std::vector<DatasetSource>& datasets,
                   std::vector<FeedSource>& feeds) {
  CANVASBACK_ASSIGN(const std::vector<const toml::table*> tables, entries_of(node, name));
  for (const toml::table* table : tables) {
    if (name == "dataset") {
      CANVASBACK_ASSIGN(DatasetSource source, dataset_entry(*table));
      datasets.push_back(std::move(source));
    } else {
      CANVASBACK_ASSIGN(FeedSource source, feed_entry(*table));
      const auto same = [&](const FeedSource& other) {
        return other.url == source.url && other.collection == source.collection && other.format == source.format;
      };
      if (std::ranges::any_of(feeds, same)) {
        return fail(ErrorCode::InvalidData, "Two [[feed]] entries have the same url and collection.");
      }
      if (feeds.size() == kFeedsMax) {
        return fail(ErrorCode::InvalidData, fmt::format("There are at most {} [[feed]] entries.", kFeedsMax));
      }
      feeds.push_back(std::move(source));
    }
  }
  return {};
}

}  // namespace

const std::vector<SettingInfo>& Config::known() {
  static const std::vector<SettingInfo> settings{
      {"listen", "127.0.0.1:8080", "address and port to listen on; port 0: any free one"},
      {"data", "./data", "data folder: collections, cache, spilled data, finished exports"},
      {"sources", "", "folder of the files of pulled sources; empty: sources in the data folder"},
      {"workers", "auto", "concurrent tasks; auto: the number of cores plus one, at least 3"},
      {"threads", "auto", "threads per worker; auto: the number of cores"},
      {"memory", "auto", "memory of all workers together; auto: half of the limit of the cgroup or machine"},
      {"spill_bytes_max", "20GB", "disk space for spilled data, per worker"},
      {"cache_bytes_max", "2GB", "disk space for decoded blocks and views"},
      {"profile_cache_bytes_max", "32MiB", "memory for finished profiles; 0: no cache"},
      {"rollup_bytes_max", "256MiB", "disk space for the rollups of dashboards; 0: tiles always read rows"},
      {"rollup_rows_min", "1000000", "rows of a dataset from which on its dashboards have rollups"},
      {"job_files_bytes_max", "10GB", "disk space for finished exports; 0: exports are only streamed"},
      {"job_files_age_s", "86400", "seconds until a finished export expires"},
      {"durability", "commit", "records are on disk: commit (when acknowledged) or interval (within 1 s)"},
      {"merge_after_s", "60", "seconds until commits are merged into the file of their week"},
      {"grace_s", "60", "seconds until merged files are deleted, so that a running copy of the folder finds them"},
      {"keep_weeks", "0", "weeks after which the records of collections are deleted; 0: never"},
      {"trash_days", "7", "days after which deleted collections are removed for good; 0: never"},
      {"scrub_every_h", "168",
       "hours between checks of every file of collections and pulled tables for damage; 0: never"},
      {"key_memory", "auto",
       "memory for the keys of collections; auto: a quarter of the limit of the cgroup or machine"},
      {"ingest_threads", "auto", "threads per ingest worker; auto: as threads"},
      {"ingest_memory", "auto", "memory per ingest worker; auto: an eighth of memory"},
      {"default_limit", "100", "default row limit of /query/… routes"},
      {"max_query_results", "10000", "maximum row limit of /query/… routes"},
      {"streaming_strategy", "offset", "default strategy of stream-arrow-batches: offset or keyset"},
      {"timeout_ms", "300000", "default time limit of a task"},
      {"log_level", "info", "debug, info, warning, error or off"},
      {"log_style", "text", "text or json"},
      {"hosts", "", "additional host names to accept, comma-separated"},
      {"origins", "", "origins allowed to call (CORS), comma-separated"},
      {"allow_without_landlock", "false", "start workers even if the kernel lacks Landlock"},
  };
  return settings;
}

std::vector<std::string> Config::aliases_of(const std::string& name) {
  std::vector<std::string> out;
  for (const auto& [other, setting] : kOtherNames) {
    const bool in_profile = other.find('.') != std::string_view::npos;  // known in its table alone
    if (setting == name && !in_profile) out.emplace_back(other);
  }
  return out;
}

Status Config::read_file(const std::string& path) {
  std::error_code failed;
  if (std::filesystem::is_directory(path, failed)) {
    return fail(ErrorCode::InvalidData, fmt::format("{} is a folder, not a settings file.", path));
  }
  toml::table table;
  try {
    table = toml::parse_file(path);
  } catch (const toml::parse_error& error) {
    return fail(ErrorCode::InvalidData, fmt::format("{}:{}: {}", path, error.source().begin.line, error.description()));
  } catch (const std::exception& error) {
    return fail(ErrorCode::InvalidData, fmt::format("{}: {}", path, error.what()));
  }
  std::map<std::string, std::string> given;  // setting → the name it has in the file
  for (const auto& [key, node] : table) {
    const std::string name(key.str());
    if (name == "dataset" || name == "feed") {
      const Status added = add_entries(node, name, datasets_, feeds_);
      if (!added) return fail(ErrorCode::InvalidData, fmt::format("{}: {}", path, added.error().message));
      continue;
    }
    if (name == "operation_profiles") {
      auto profiles = operation_profiles(node);
      if (!profiles) return fail(ErrorCode::InvalidData, fmt::format("{}: {}", path, profiles.error().message));
      for (auto& [setting, text] : *profiles) settings_[setting] = {std::move(text), path};
      continue;
    }
    if (!is_known(setting_of(name)))
      return fail(ErrorCode::InvalidData, fmt::format("{}: unknown setting \"{}\".", path, name));
    if (const auto [first, added] = given.emplace(setting_of(name), name); !added) {
      return fail(ErrorCode::InvalidData,
                  fmt::format("{}: \"{}\" and \"{}\" are the same setting.", path, first->second, name));
    }
    auto text = scalar_text(node, name);
    if (!text) return fail(ErrorCode::InvalidData, fmt::format("{}: {}", path, text.error().message));
    settings_[setting_of(name)] = {std::move(*text), path};
  }
  return {};
}

Result<Config> Config::load(const std::map<std::string, std::string>& flags, const std::string& file,
                            const std::function<const char*(const char*)>& environment) {
  Config config;
  for (const SettingInfo& info : known()) config.settings_[info.name] = {info.default_text, "default"};
  std::error_code error;
  if (!file.empty()) {
    if (!std::filesystem::exists(file, error))
      return fail(ErrorCode::InvalidData, fmt::format("No such file: {}.", file));
    CANVASBACK_TRY(config.read_file(file));
  } else if (std::filesystem::exists("canvasback.toml", error)) {
    CANVASBACK_TRY(config.read_file("canvasback.toml"));
  }
  for (const SettingInfo& info : known()) {
    std::vector<std::string> names = aliases_of(info.name);
    names.push_back(info.name);  // last: it wins
    for (const std::string& setting : names) {
      const std::string name = environment_name(setting);
      if (const char* value = environment(name.c_str())) config.settings_[info.name] = {value, name};
    }
  }
  for (const auto& [name, value] : flags) config.settings_[name] = {value, "flag"};
  return config;
}

Result<std::int64_t> Config::integer(const std::string& name, std::int64_t min, std::int64_t max) const {
  return parse_integer(text(name), fmt::format("{} (from {})", name, at(name).origin), min, max);
}

Result<std::uint64_t> Config::bytes(const std::string& name) const {
  auto parsed = parse_bytes(text(name));
  if (!parsed)
    return fail(ErrorCode::InvalidData, fmt::format("{} (from {}): {}", name, at(name).origin, parsed.error().message));
  return parsed;
}

Result<bool> Config::boolean(const std::string& name) const {
  if (text(name) == "true") return true;
  if (text(name) == "false") return false;
  return fail(ErrorCode::InvalidData, fmt::format("{} (from {}) must be true or false.", name, at(name).origin));
}

std::vector<std::string> Config::list(const std::string& name) const {
  std::vector<std::string> out;
  for (const std::string& part : split(text(name), ',')) {
    if (!trim(part).empty()) out.emplace_back(trim(part));
  }
  return out;
}

}  // namespace canvasback
