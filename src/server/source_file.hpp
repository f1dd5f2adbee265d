// Files of sources (DATA/sources/NAME.toml, docs/pull.md): what is pulled from where, and when.
#pragma once

#include <string>

#include "server/config.hpp"
#include "service/pull/pull_settings.hpp"

namespace canvasback {

// One file. Errors: InvalidData that names the file and what is wrong in it.
Result<PullSettings> read_source_file(const std::string& path);
// Where they are: as the settings say, else below the data folder.
std::string source_folder(const Config& config, const std::string& data_folder);
// All *.toml of a folder; none where there is no such folder.
PullSources read_source_folder(const std::string& folder);

}  // namespace canvasback
