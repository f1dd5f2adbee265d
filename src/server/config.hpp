// Settings: from flags, then CANVASBACK_* environment variables, then canvasback.toml, then defaults; each value knows
// where it came from (`canvasback config` shows both). An unknown key in the file is an error that names it.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "server/feed_source.hpp"
#include "storage/catalog.hpp"

namespace canvasback {

struct SettingInfo {
  std::string name;  // in the file; CANVASBACK_<NAME> in the environment; --<name> with dashes as a flag
  std::string default_text;
  std::string help;
};

struct Setting {
  std::string text;
  std::string origin;  // flag, environment, the file's path, default
};

class Config {
 public:
  static const std::vector<SettingInfo>& known();
  // Other names of a setting, by which files, flags and the environment may set it, too.
  static std::vector<std::string> aliases_of(const std::string& name);

  // flags: by setting name, only those given. file: --config, or empty for ./canvasback.toml where it exists.
  static Result<Config> load(const std::map<std::string, std::string>& flags, const std::string& file,
                             const std::function<const char*(const char*)>& environment);

  const Setting& at(const std::string& name) const { return settings_.at(name); }
  const std::string& text(const std::string& name) const { return settings_.at(name).text; }
  // Errors: InvalidData that names the setting and its origin.
  Result<std::int64_t> integer(const std::string& name, std::int64_t min, std::int64_t max) const;
  Result<std::uint64_t> bytes(const std::string& name) const;
  Result<bool> boolean(const std::string& name) const;
  std::vector<std::string> list(const std::string& name) const;  // comma-separated

  // [[feed]] entries of the file: url, every_s, collection, format, on_error.
  const std::vector<FeedSource>& feeds() const { return feeds_; }

  // [[dataset]] entries of the file: name, path, kind.
  const std::vector<DatasetSource>& datasets() const { return datasets_; }

 private:
  Status read_file(const std::string& path);

  std::map<std::string, Setting> settings_;
  std::vector<DatasetSource> datasets_;
  std::vector<FeedSource> feeds_;
};

}  // namespace canvasback
