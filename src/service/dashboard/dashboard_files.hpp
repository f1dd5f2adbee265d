// The files of dashboards: DATA/dashboards/NAME.yaml, and those that the program has. Texts only; what they say is read
// by dashboard_service. Blocking, and small: on the front's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace canvasback {

struct DashboardFile {
  std::string name;
  std::string text;
  bool is_built_in = false;
  std::int64_t modified_us = 0;  // since 1970; 0 of the program's
  std::string tag() const;       // changes with the text: an ETag without quotes
};

// What a change expects of the file that is there.
struct DashboardConditions {
  std::optional<std::vector<std::string>> tags;  // it must be one of these, as If-Match
  bool any = false;                              // it must be there, as If-Match: *
  std::vector<std::string> none_of;              // it must be none of these, as If-None-Match
  bool only_new = false;                         // as If-None-Match: *
};

// A name that a dashboard may have: as a dataset's, and no word of a route.
bool is_dashboard_name(std::string_view name);

class DashboardFiles {
 public:
  // Empty: there is no folder, only those of the program.
  explicit DashboardFiles(std::string folder) : folder_(std::move(folder)) {}

  // By name; a file hides the program's of its name. At most limits::kDashboardFilesMax files.
  std::vector<DashboardFile> list() const;
  // Errors: DashboardNotFound, InvalidData for a file that is too long.
  Result<DashboardFile> read(std::string_view name) const;
  // True: there was no file of that name. Errors: InvalidData, PreconditionFailed, StorageLimit, Unavailable.
  Result<bool> save(const std::string& name, std::string_view text, const DashboardConditions& conditions) const;
  // Errors: DashboardNotFound, PreconditionFailed, Unavailable.
  Status remove(const std::string& name, const DashboardConditions& conditions) const;

 private:
  std::string path_of(std::string_view name) const;
  std::optional<Result<DashboardFile>> read_file(std::string_view name) const;

  std::string folder_;
};

}  // namespace canvasback
