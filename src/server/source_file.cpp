#include "server/source_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "base/text.hpp"
#include "server/toml.hpp"
#include "server/usage.hpp"
#include "storage/file.hpp"

namespace canvasback {
namespace fs = std::filesystem;
namespace {

constexpr std::int64_t kSecondsMax = 10LL * 366 * 86'400;

// "48h", "15m", "90s", "2d"; a number alone is seconds.
Result<std::int64_t> seconds_of(std::string_view key, std::string_view text) {
  const auto wrong = [&]() -> std::unexpected<Error> {
    return fail(ErrorCode::InvalidData, fmt::format("{} must be a time such as \"15m\", \"48h\" or \"2d\".", key));
  };
  if (text.empty()) return wrong();
  std::int64_t unit = 1;
  switch (text.back()) {
    case 's': unit = 1; break;
    case 'm': unit = 60; break;
    case 'h': unit = 3600; break;
    case 'd': unit = 86'400; break;
    default: unit = 0;
  }
  if (unit == 0) {
    unit = 1;
  } else {
    text.remove_suffix(1);
  }
  const auto number = parse_integer(text, key, 0, kSecondsMax / unit);
  if (!number) return wrong();
  return *number * unit;
}

// A table of a source's file. Keys that nobody asked for are mistakes.
class Section {
 public:
  Section(const toml::table& table, std::string name) : table_(table), name_(std::move(name)) {}

  Result<std::string> text(std::string_view key, std::string_view otherwise = {}) {
    const toml::node* node = get(key);
    if (node == nullptr) return std::string(otherwise);
    if (const auto* found = node->as_string()) return found->get();
    return wrong(key, "a string in quotes");
  }
  Result<std::int64_t> seconds(std::string_view key, std::int64_t otherwise) {
    const toml::node* node = get(key);
    if (node == nullptr) return otherwise;
    if (const auto* number = node->as_integer()) return seconds_of(key, fmt::format("{}", number->get()));
    CANVASBACK_ASSIGN(const std::string found, text(key));
    return seconds_of(key, found);
  }
  Result<std::int64_t> integer(std::string_view key, std::int64_t otherwise, std::int64_t least, std::int64_t most) {
    const toml::node* node = get(key);
    if (node == nullptr) return otherwise;
    const auto* number = node->as_integer();
    if (number != nullptr && number->get() >= least && number->get() <= most) return number->get();
    return wrong(key, fmt::format("a number from {} to {}", least, most));
  }
  Result<double> number(std::string_view key, double otherwise, double least, double most) {
    const toml::node* node = get(key);
    if (node == nullptr) return otherwise;
    const auto found = node->value<double>();
    if (found && *found >= least && *found <= most) return *found;
    return wrong(key, fmt::format("a number from {} to {}", least, most));
  }
  Result<bool> flag(std::string_view key, bool otherwise) {
    const toml::node* node = get(key);
    if (node == nullptr) return otherwise;
    if (const auto* found = node->as_boolean()) return found->get();
    return wrong(key, "true or false");
  }
  Result<std::vector<std::string>> texts(std::string_view key) {
    std::vector<std::string> out;
    const toml::node* node = get(key);
    if (node == nullptr) return out;
    const auto* list = node->as_array();
    if (list == nullptr) return wrong(key, "a list of strings");
    for (const auto& item : *list) {
      const auto* found = item.as_string();
      if (found == nullptr) return wrong(key, "a list of strings");
      out.push_back(found->get());
    }
    return out;
  }
  const toml::table* section(std::string_view key) {
    const toml::node* node = get(key);
    return node == nullptr ? nullptr : node->as_table();
  }

  // Behind all questions.
  Status end() const {
    for (const auto& [key, value] : table_) {
      if (std::ranges::find(asked_, key.str()) != asked_.end()) continue;
      const auto nearest = closest_word(key.str(), asked_);
      return fail(ErrorCode::InvalidData,
                  fmt::format("line {}: there is no setting \"{}\"{}.{}", key.source().begin.line, key.str(), name_,
                              nearest.empty() ? "" : fmt::format(" Did you mean \"{}\"?", nearest)));
    }
    return {};
  }

 private:
  const toml::node* get(std::string_view key) {
    asked_.emplace_back(key);
    return table_.get(key);
  }
  std::unexpected<Error> wrong(std::string_view key, std::string_view what) const {
    const toml::node* node = table_.get(key);
    return fail(ErrorCode::InvalidData,
                fmt::format("line {}: {}{} must be {}.", node->source().begin.line, key, name_, what));
  }

  const toml::table& table_;
  std::string name_;  // " in [tls]"
  std::vector<std::string> asked_;
};

// The password: of a file beside, or of a variable of the environment. Never of the source's file itself.
Result<std::string> password_of(Section& file, const fs::path& folder) {
  CANVASBACK_ASSIGN(const std::string path, file.text("password_file"));
  CANVASBACK_ASSIGN(const std::string variable, file.text("password_env"));
  if (!path.empty() && !variable.empty()) {
    return fail(ErrorCode::InvalidData, "Only one of password_file and password_env may be told.");
  }
  if (!variable.empty()) {
    const char* value = std::getenv(variable.c_str());
    if (value != nullptr) return std::string(value);
    return fail(ErrorCode::InvalidData,
                fmt::format("The environment variable {} (password_env) is not set.", variable));
  }
  if (path.empty()) return std::string();
  const fs::path whole = fs::path(path).is_absolute() ? fs::path(path) : folder / path;
  std::ifstream in(whole, std::ios::binary);
  std::string line;
  if (!in || (!std::getline(in, line) && !in.eof())) {
    return fail(ErrorCode::InvalidData, fmt::format("The file {} (password_file) cannot be read.", whole.string()));
  }
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

// A path of the file, as the process has it: a worker has another folder.
std::string whole_path(const std::string& path, const fs::path& folder) {
  if (path.empty()) return path;
  return (fs::path(path).is_absolute() ? fs::path(path) : fs::absolute(folder / path)).lexically_normal().string();
}

Status read_tls(Section& file, MysqlTls& tls, const fs::path& folder) {
  const toml::table* table = file.section("tls");
  if (table == nullptr) return {};
  Section section(*table, " in [tls]");
  CANVASBACK_ASSIGN(const std::string mode, section.text("mode", "verify_identity"));
  CANVASBACK_ASSIGN(tls.mode, mysql_tls_mode_from(mode));
  CANVASBACK_ASSIGN(tls.ca_file, section.text("ca_file"));
  CANVASBACK_ASSIGN(tls.certificate, section.text("certificate"));
  CANVASBACK_ASSIGN(tls.key, section.text("key"));
  for (std::string* path : {&tls.ca_file, &tls.certificate, &tls.key}) *path = whole_path(*path, folder);
  return section.end();
}

Status read_alerts(Section& file, PullAlerts& alerts) {
  const toml::table* table = file.section("alerts");
  if (table == nullptr) return {};
  Section section(*table, " in [alerts]");
  CANVASBACK_ASSIGN(alerts.webhook, section.text("webhook"));
  CANVASBACK_ASSIGN(alerts.command, section.texts("command"));
  CANVASBACK_ASSIGN(alerts.email, section.texts("email"));
  CANVASBACK_ASSIGN(alerts.sender, section.text("sender"));
  CANVASBACK_ASSIGN(alerts.after_failures, section.integer("after_failures", 1, 1, 1000));
  return section.end();
}

Status read_columns(Section& file, PullSource& source) {
  const toml::table* table = file.section("columns");
  if (table == nullptr) return {};
  for (const auto& [key, value] : *table) {
    const auto* type = value.as_string();
    if (type == nullptr)
      return fail(ErrorCode::InvalidData, fmt::format("The type of column \"{}\" must be a string.", key.str()));
    source.columns.emplace(key.str(), type->get());
  }
  return {};
}

Status read_times(Section& file, PullSettings& out) {
  CANVASBACK_ASSIGN(out.source.hot_window_s, file.seconds("hot_window", out.source.hot_window_s));
  CANVASBACK_ASSIGN(out.source.look_back_s, file.seconds("look_back", out.source.look_back_s));
  CANVASBACK_ASSIGN(out.fresher_than_s, file.seconds("fresher_than", 0));
  CANVASBACK_ASSIGN(out.every_s, file.seconds("every", 0));
  CANVASBACK_ASSIGN(const std::string cron, file.text("cron"));
  if (!cron.empty() && out.every_s > 0) return fail(ErrorCode::InvalidData, "Only one of every and cron may be told.");
  if (!cron.empty()) {
    CANVASBACK_ASSIGN(out.cron, CronExpression::parse(cron));
  }
  return {};
}

Status read_source(Section& file, PullSettings& out, const fs::path& folder) {
  PullSource& source = out.source;
  CANVASBACK_ASSIGN(const std::string url, file.text("url"));
  if (url.empty()) return fail(ErrorCode::InvalidData, "url is missing: mysql://USER@HOST:PORT/DATABASE.");
  CANVASBACK_ASSIGN(source.login, mysql_login_from_url(url));
  CANVASBACK_ASSIGN(source.login.password, password_of(file, folder));
  CANVASBACK_ASSIGN(source.table, file.text("table"));
  CANVASBACK_ASSIGN(source.query, file.text("query"));
  if (source.table.empty() == source.query.empty()) {
    return fail(ErrorCode::InvalidData, "One of table and query must be told, and not both.");
  }
  CANVASBACK_ASSIGN(source.primary_key, file.texts("primary_key"));
  CANVASBACK_ASSIGN(source.updated_at, file.text("updated_at"));
  CANVASBACK_ASSIGN(source.partition_by, file.text("partition_by"));
  CANVASBACK_ASSIGN(const std::string every, file.text("partition_every", "month"));
  const auto length = period_length_from(every);
  if (!length) return fail(ErrorCode::InvalidData, "partition_every must be one of: day, week, month, year.");
  source.partition_every = *length;
  CANVASBACK_ASSIGN(source.sweep_rows, file.integer("sweep_rows", source.sweep_rows, 0, 1'000'000'000));
  CANVASBACK_ASSIGN(source.deletes, file.flag("deletes", true));
  CANVASBACK_ASSIGN(source.deletes_share_max, file.number("deletes_share_max", source.deletes_share_max, 0, 1));
  CANVASBACK_TRY(read_times(file, out));
  CANVASBACK_TRY(read_tls(file, source.login.tls, folder));
  CANVASBACK_TRY(read_alerts(file, out.alerts));
  CANVASBACK_TRY(read_columns(file, source));
  return file.end();
}

}  // namespace

Result<PullSettings> read_source_file(const std::string& path) {
  const auto in_file = [&path](Error error) {
    error.message = fmt::format("{}: {}", path, error.message);
    return std::unexpected(std::move(error));
  };
  PullSettings out;
  out.file = path;
  out.source.name = fs::path(path).stem().string();
  if (!is_dataset_name(out.source.name)) {
    return in_file(
        Error{ErrorCode::InvalidData, "The file's name is the table's: letters, digits, _ and - only.", {}, {}, {}});
  }
  auto text = file::read(path);
  if (!text) return in_file(std::move(text.error()));
  toml::table table;
  try {
    table = toml::parse(*text);
  } catch (const toml::parse_error& error) {
    return in_file(Error{ErrorCode::InvalidData,
                         fmt::format("line {}: {}", error.source().begin.line, error.description()),
                         {},
                         {},
                         {}});
  } catch (const std::exception& error) {
    return in_file(Error{ErrorCode::InvalidData, "is no TOML.", error.what(), {}, {}});
  }
  Section file(table, "");
  if (Status status = read_source(file, out, fs::path(path).parent_path()); !status) return in_file(status.error());
  return out;
}

std::string source_folder(const Config& config, const std::string& data_folder) {
  const std::string told = config.text("sources");
  return told.empty() ? data_folder + "/sources" : told;
}

PullSources read_source_folder(const std::string& folder) {
  PullSources out;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().extension() != ".toml") continue;
    auto settings = read_source_file(entry.path().string());
    const std::string name = entry.path().stem().string();
    if (settings) {
      out.usable.emplace(name, std::move(*settings));
    } else {
      out.unusable.emplace(name, settings.error());
    }
  }
  return out;
}

}  // namespace canvasback
