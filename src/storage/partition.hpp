// Partition: the columns that folders named key=value give the files in them. A value is what the name says, with %XX
// decoded; __HIVE_DEFAULT_PARTITION__ is NULL, and nothing else is. What type a column has, all values of it decide.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/dataset.hpp"

namespace canvasback {

using Partition = std::vector<std::pair<std::string, std::optional<std::string>>>;

// Of a file below `root`; both absolute. The nearest folder wins where a key is there twice.
Partition partition_of(std::string_view root, std::string_view path);

// BIGINT or DATE where every value there is is one and gives its text back, else VARCHAR.
std::string partition_type(std::span<const DataFile> files, std::string_view key);

// Whether the engine reads the same partition from the path of a file with these columns. It takes the text NULL, in
// any case, for NULL, sees no key where a name has a second '=', and lets folders above the dataset's hide columns.
bool does_engine_agree(const DataFile& file, std::span<const std::string> columns);

}  // namespace canvasback
