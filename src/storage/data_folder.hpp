// The folder that a server keeps everything in, and how it knows it for its own: by a small file that names the format
// of what lies beside it. Nothing is ever written into a folder that is somebody else's, or of a later format. What is
// ours in it:
//
//   canvasback.format   .lock   checks.json   parquet/   archive/   quarantine/   schemas/   collections/NAME/…
//   tables/NAME/… (pulled_table.hpp)   cache/KEY.arrow, KEY.part, KEY.parquet   spill/ROLE-NUMBER/   jobs/job-NUMBER,
//   job-NUMBER.part   benchmark-HEX/
//
// and the owner's: sources/NAME.toml, dashboards/NAME.yaml
//
// At the start exactly the names below cache, spill and jobs are removed; each of the folders may be a link to one on
// another disk, which stays.
#pragma once

#include <string>

#include "base/error.hpp"

namespace canvasback {

inline constexpr const char* kDataFolderFormatFile = "canvasback.format";
inline constexpr int kDataFolderFormat = 1;

// The absolute path of a folder that may be used: a new one (it is made), an empty one, one with our file, one that a
// version from before that file left (it has a .lock), or an unpacked backup (collections and their files alone).
// Errors: InvalidData, with what to do, for any other.
Result<std::string> recognised_data_folder(const std::string& path);

// Writes the file where there is none. The caller holds the folder's lock.
Status mark_data_folder(const std::string& folder);

}  // namespace canvasback
