// What the commands of collections share: the data folder, opened as a server would.
#pragma once

#include <memory>

#include "server/commands.hpp"
#include "server/runtime.hpp"

namespace canvasback {

// A runtime on the data folder itself, its collections read. Errors: Unavailable while a server has the folder.
Result<std::unique_ptr<Runtime>> open_collections(const CommandOptions& options);
// Ends what is under way.
void close_collections(Runtime& runtime);

}  // namespace canvasback
