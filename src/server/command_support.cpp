#include "server/command_support.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "base/log.hpp"
#include "base/text.hpp"
#include "server/settings.hpp"
#include "server/terminal.hpp"
#include "server/usage.hpp"
#include "service/pull/table_store.hpp"

namespace canvasback {

Result<Config> load_config(const CommandOptions& options) {
  CANVASBACK_ASSIGN(Config config, Config::load(options.settings, options.config_file,
                                                [](const char* name) { return std::getenv(name); }));
  CANVASBACK_ASSIGN(const Settings settings, Settings::from(config));
  log::configure(settings.log_level, settings.log_style);
  return config;
}

Result<std::vector<DatasetSource>> dataset_sources(const CommandOptions& options, const Config& config) {
  std::vector<DatasetSource> sources;
  for (const std::string& path : options.paths) {
    CANVASBACK_ASSIGN(DatasetSource source, options.standard_input->source_of(path));
    sources.push_back(std::move(source));
  }
  for (const DatasetSource& source : config.datasets()) sources.push_back(source);
  return sources;
}

int report(const Status& status, std::string_view statement) {
  if (status || is_reader_gone(status.error())) return 0;
  const Error& error = status.error();
  if (error.position && !statement.empty()) {
    // The engine shows the line, too, but neither the column nor long lines.
    print_error(error.message.substr(0, error.message.find("\n\nLINE ")));
    const auto byte = static_cast<std::size_t>(std::max(0, *error.position));
    std::fprintf(stderr, "%s\n", statement_excerpt(statement, byte).c_str());
  } else {
    print_error(error.message);
  }
  if (!error.detail.empty() && error.detail != error.message) log::debug("{}", error.detail);
  return 1;
}

int report_wrong_use(const Error& error) {
  print_error(error.message);
  return kWrongUse;
}

namespace {

// The pulled tables of the data folder, where there is one: it is only read.
asio::awaitable<bool> add_pulled_tables(DatasetService& datasets, const std::string& data) {
  std::error_code error;
  const std::string folder = std::filesystem::canonical(data, error).string();
  if (error || !std::filesystem::is_directory(tables_folder(folder), error)) co_return false;
  TableWatch tables(datasets, folder);
  co_await tables.look();
  co_return true;
}

}  // namespace

Result<std::unique_ptr<Runtime>> one_shot_runtime(const CommandOptions& options, std::vector<DatasetSource> sources) {
  CANVASBACK_ASSIGN(Config config, load_config(options));
  if (config.at("log_level").origin == "default") log::configure(log::Level::Error, log::Style::Text);
  // One task at a time: one place beside the standby.
  CommandOptions narrowed = options;
  if (config.at("workers").origin == "default") narrowed.settings["workers"] = "1";
  CANVASBACK_ASSIGN(config, load_config(narrowed));
  if (config.at("log_level").origin == "default") log::configure(log::Level::Error, log::Style::Text);
  CANVASBACK_ASSIGN(std::unique_ptr<Runtime> runtime, Runtime::make(config, true));
  DatasetService& datasets = runtime->datasets();
  std::vector<std::string> names;
  for (const DatasetSource& source : sources) names.push_back(source.name);
  CANVASBACK_TRY(runtime->run(datasets.add(std::move(sources))));
  for (const std::string& name : names) {
    if (const auto& error = datasets.entries().at(name).error) return std::unexpected(*error);
  }
  runtime->run(add_pulled_tables(datasets, config.text("data")));
  return runtime;
}

asio::awaitable<Result<std::int64_t>> write_answer(std::unique_ptr<Answer> answer, Output& output, std::string label) {
  ProgressLine line(std::move(label));
  while (true) {
    TaskEvent event = co_await answer->next();
    if (event.kind == TaskEvent::Kind::Failed) co_return std::unexpected(event.error);
    if (event.kind == TaskEvent::Kind::Done) co_return event.info.at("metrics").at("rows").as_int();
    if (event.kind != TaskEvent::Kind::Data) continue;
    if (Status status = output.write(event.bytes); !status) co_return std::unexpected(status.error());
    line.update(answer->progress(), output.bytes());
  }
}

Status print_table(const std::string& json) {
  CANVASBACK_ASSIGN(Json document, Json::parse(json, 512));
  std::vector<TableColumn> columns;
  for (const Json& column : document.at("columns").as_array()) {
    const std::string type(column.at("type").as_string());
    const bool right =
        type.find("INT") != std::string::npos || type == "DOUBLE" || type == "FLOAT" || type.starts_with("DECIMAL");
    columns.push_back({std::string(column.at("name").as_string()), type, right && !type.ends_with("]")});
  }
  std::vector<std::vector<std::string>> rows;
  for (const Json& row : document.at("rows").as_array()) {
    std::vector<std::string> cells;
    for (const Json& cell : row.as_array()) cells.push_back(cell.is_null() ? "NULL" : cell.scalar_text());
    rows.push_back(std::move(cells));
  }
  const std::string text = render_table(columns, rows, terminal_width());
  const std::int64_t total = document.at("total_rows").as_int(static_cast<std::int64_t>(rows.size()));
  const bool exact = document.at("total_exact").as_bool(true);
  CANVASBACK_TRY(print(text));
  if (static_cast<std::int64_t>(rows.size()) < total || !exact) {
    std::fprintf(stderr, "%s of %s%s rows\n", with_thousands(static_cast<std::int64_t>(rows.size())).c_str(),
                 exact ? "" : "more than ", with_thousands(total).c_str());
  }
  return {};
}

}  // namespace canvasback
