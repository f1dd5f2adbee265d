// What the commands share: settings, datasets, how errors are said, and one-shot runs on a private runtime.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/commands.hpp"
#include "server/config.hpp"
#include "server/output.hpp"
#include "server/runtime.hpp"

namespace canvasback {

// The effective settings; logging is set up from them.
Result<Config> load_config(const CommandOptions& options);
// Paths of the command line, then those of the config.
Result<std::vector<DatasetSource>> dataset_sources(const CommandOptions& options, const Config& config);

// Prints an error on stderr, and where in the statement it is. Returns the exit code: 0 or 1. A closed stdout, as of
// `| head`, is no error.
int report(const Status& status, std::string_view statement = {});
// The same for arguments that make no sense together. Returns kWrongUse.
int report_wrong_use(const Error& error);

// A runtime with a folder of its own and the datasets registered; logs warnings only.
Result<std::unique_ptr<Runtime>> one_shot_runtime(const CommandOptions& options, std::vector<DatasetSource> sources);

// Writes an answer to the output with a progress line; gives its rows.
asio::awaitable<Result<std::int64_t>> write_answer(std::unique_ptr<Answer> answer, Output& output, std::string label);

// Prints the JSON document of a rows answer as a table.
Status print_table(const std::string& json);

}  // namespace canvasback
