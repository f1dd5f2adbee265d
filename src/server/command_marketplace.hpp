// generate --type marketplace: tables of sample data as Parquet files, or as statements or files for a MySQL client.
// A worker generates and encodes them; this asks for one table after the other and writes where it was told to.
#pragma once

#include "base/error.hpp"
#include "server/commands.hpp"

namespace canvasback {

// What is wrong with the arguments of `generate`, whatever the type: those of one type given with another, or missing.
Status check_generate(const CommandOptions& options);

Status generate_marketplace(const CommandOptions& options);

}  // namespace canvasback
