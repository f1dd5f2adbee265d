#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>
#include <memory>
#include <sstream>

#include "server/command_support.hpp"
#include "server/commands.hpp"
#include "server/config.hpp"

namespace canvasback {
namespace {

std::string flag_of(std::string name) {
  for (char& c : name) {
    if (c == '_') c = '-';
  }
  return "--" + name;
}

// --config and a flag for every setting.
void add_settings(CLI::App& command, CommandOptions& options) {
  command.add_option("--config", options.config_file, "settings file (default: ./canvasback.toml where it exists)");
  for (const SettingInfo& info : Config::known()) {
    const std::string help = info.help + " [" + info.default_text + "]";
    command.add_option_function<std::string>(
        flag_of(info.name), [&options, name = info.name](const std::string& value) { options.settings[name] = value; },
        help);
  }
}

void add_output(CLI::App& command, CommandOptions& options) {
  command.add_option("--format", options.format,
                     "table (terminal), json, ndjson, csv (pipes), arrow, arrow_file, parquet, xlsx");
  command.add_option("--compression", options.compression,
                     "arrow: none lz4 zstd; parquet: zstd snappy gzip lz4 none; "
                     "xlsx: fast best");
  command.add_option("-o,--out", options.out, "file to write; it appears when it is complete");
  command.add_option("--server", options.server, "ask a running server, http://host:port");
}

// The commands of collections. They open the data folder themselves, so no server may have it; with --server they ask
// one that runs.
template <class Add>
void add_collection_commands(Add add, CommandOptions& options) {
  const auto add_one = [&](const char* name, const char* help, int (*function)(const CommandOptions&)) {
    CLI::App* command = add(name, help, function);
    command->add_option("--to,--collection", options.collection, "the collection [all_records]");
    return command;
  };
  CLI::App* ingest = add_one("ingest", "keep the records of files in a collection", run_ingest);
  ingest->add_option("paths", options.paths, "files; - for standard input, a pipe's lines as they come");
  ingest->add_option("--watch", options.watch,
                     "a folder: keep every file that is put there, and move it to done/ there");
  ingest->add_option("--settle", options.settle,
                     "with --watch: seconds that a file must not have changed, unless it came by renaming [10]");
  ingest->add_option("--format", options.format,
                     "json, ndjson, csv, parquet or arrow, where the file's name does not tell");
  ingest->add_flag("--quarantine", options.quarantine, "put bad records aside instead of refusing their file");
  ingest->add_option("--server", options.server, "send to a running server, http://host:port");
  CLI::App* stats = add_one("stats", "show how much a collection holds", run_stats);
  stats->add_option("--format", options.format, "table (default) or json");
  stats->add_option("--server", options.server, "ask a running server, http://host:port");
  CLI::App* generate = add("generate", "make up records as NDJSON or Parquet", run_generate);
  generate->add_option("--format", options.format, "ndjson (default) or parquet");
  generate->add_option("--type", options.type, "user, transaction, event, product or sensor")->required();
  generate->add_option("--count", options.count, "how many [1000]");
  generate->add_option("--seed", options.seed, "the same seed makes the same records [0]");
  generate->add_option("-o,--out", options.out, "file to write; it appears when it is complete");
  generate->add_option("--to", options.server, "send them to a running server, http://host:port");
  generate->add_option("--collection", options.collection, "there, the collection [all_records]");
  const auto add_work = [&](const char* name, const char* help, int (*function)(const CommandOptions&)) {
    CLI::App* command = add_one(name, help, function);
    command->add_option("--server", options.server, "of a running server, http://host:port");
    return command;
  };
  add_work("compact", "merge a collection's files into one for each week", run_compact);
  CLI::App* archive = add_work("archive", "move the files of old weeks to the archive", run_archive);
  archive->add_option("--before", options.before, "the first week that stays: 2025-W40")->required();
  CLI::App* restore = add_work("restore", "move the files of weeks back from the archive", run_restore);
  restore->add_option("--from", options.from, "the first week: 2025-W40 (default: the first there is)");
  restore->add_option("--until", options.until, "the last week (default: the last there is)");
  CLI::App* backup =
      add("backup", "copy all collections, as they are at one moment, into a new folder or a tar", run_backup);
  backup->add_option("--to", options.out, "a folder that is not there yet, or a file: .tar, .tar.zst, .tar.gz")
      ->required();
  backup->add_option("--server", options.server, "of a running server, http://host:port");
  add_work("verify", "read every value of a collection and compare counts", run_verify);
}

// A standard stream that is closed would be the next file that is opened: what is printed would go into it.
void occupy_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(stream, F_GETFD) >= 0) continue;
    // The wrong way round, so that using it is an error still.
    static_cast<void>(::open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY));
  }
}

}  // namespace

int run_command_line(int argc, char** argv) {
  occupy_standard_streams();
  CommandOptions options;
  CLI::App app("Canvasback serves Parquet, CSV, JSON and Arrow files as streams of any format, and as SQL.",
               "canvasback");
  app.set_version_flag("--version", std::string("canvasback ") + CANVASBACK_VERSION);
  app.require_subcommand(1);
  std::function<int(const CommandOptions&)> run;
  auto add = [&](const char* name, const char* help, int (*function)(const CommandOptions&)) {
    CLI::App* command = app.add_subcommand(name, help);
    command->callback([&run, function] { run = function; });
    add_settings(*command, options);
    return command;
  };
  const char* paths_help = "files, folders, globs, or name=path";
  CLI::App* serve = add("serve", "serve datasets over HTTP", run_serve);
  serve->add_option("paths", options.paths, paths_help);
  serve->add_flag("--open", options.open, "open the address in a browser");
  CLI::App* query = add("query", "run one SELECT over files", run_query);
  query->add_option("sql", options.sql, "the statement; datasets are tables named after their files")->required();
  query->add_option("paths", options.paths, paths_help);
  query->add_option("--limit", options.limit, "at most so many rows");
  add_output(*query, options);
  CLI::App* exported = add("export", "write a selection of one dataset to a file", run_export);
  exported->add_option("name", options.name, "a path, or the name of a configured dataset")->required();
  exported->add_option("--columns", options.columns, "a,b,c");
  exported->add_option("--filter", options.filter,
                       "JSON: {\"column\": value} or {\"column\": {\"op\": \"gt\", \"value\": 1}}");
  exported->add_option("--sort", options.sort, "-amount,id");
  exported->add_option("--sample", options.sample, "1% or 10000 rows");
  exported->add_option("--seed", options.seed, "of the sample");
  exported->add_option("--limit", options.limit, "at most so many rows");
  add_output(*exported, options);
  CLI::App* info = add("info", "show schema, rows and sizes of files", run_info);
  info->add_option("paths", options.paths, paths_help)->required();
  info->add_option("--format", options.format, "table (default) or json");
  CLI::App* profile = add("profile", "show what the columns of files are like", run_profile);
  profile->add_option("paths", options.paths, paths_help)->required();
  profile->add_option("--type", options.type, "summary, profile (default) or quality");
  profile->add_option("--columns", options.columns, "a,b,c");
  profile->add_option("--filter", options.filter, "JSON, as for export");
  add_output(*profile, options);
  CLI::App* datasets = add("datasets", "list configured or served datasets", run_datasets);
  datasets->add_option("paths", options.paths, paths_help);
  datasets->add_option("--format", options.format, "table (default) or json");
  datasets->add_option("--server", options.server, "ask a running server, http://host:port");
  CLI::App* config = add("config", "show the effective settings and where each comes from", run_config);
  config->add_option("--format", options.format, "table (default) or json");
  config->add_flag("--check", options.check, "print nothing, only say what is wrong");
  add_collection_commands(add, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::ostringstream out;
    std::ostringstream messages;
    const bool asked = app.exit(error, out, messages) == 0;  // for help, or the version
    std::fputs(messages.str().c_str(), stderr);
    const int code = report(print(out.str()));
    return asked ? code : 2;
  }
  return run(options);
}

}  // namespace canvasback
