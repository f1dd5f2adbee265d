#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "server/command_support.hpp"
#include "server/commands.hpp"
#include "server/config.hpp"
#include "server/terminal.hpp"
#include "server/usage.hpp"

namespace canvasback {
namespace {

std::string flag_of(std::string name) {
  for (char& c : name) {
    if (c == '_') c = '-';
  }
  return "--" + name;
}

// --config and a flag for every setting, below the flags of the command itself in its help.
void add_settings(CLI::App& command, CommandOptions& options) {
  constexpr const char* kGroup = "Settings (also in canvasback.toml and the environment: docs/configuration.md)";
  command.add_option("--config", options.config_file, "settings file [./canvasback.toml, if it exists]")->group(kGroup);
  for (const SettingInfo& info : Config::known()) {
    const std::string help = info.help + " [" + info.default_text + "]";
    std::string flags = flag_of(info.name);
    for (const std::string& name : Config::aliases_of(info.name)) flags += "," + flag_of(name);
    command
        .add_option_function<std::string>(
            flags, [&options, name = info.name](const std::string& value) { options.settings[name] = value; }, help)
        ->group(kGroup);
  }
}

// For CLI::Option::check: an integer in these bounds. What it says follows the flag's name.
auto integer_from(std::int64_t min, std::int64_t max) {
  return [min, max](const std::string& text) {
    const auto parsed = parse_integer(text, "the value", min, max);
    return parsed ? std::string() : parsed.error().message;
  };
}

// For CLI::Option::check: one of these words.
auto one_of(std::vector<std::string> words) {
  return [words = std::move(words)](const std::string& text) {
    if (std::ranges::find(words, text) != words.end()) return std::string();
    return fmt::format("\"{}\" is not one of {}", text, fmt::join(words, ", "));
  };
}

void add_limit(CLI::App& command, CommandOptions& options) {
  command.add_option("--limit", options.limit, "maximum number of rows")->check(integer_from(0, INT64_MAX / 2));
}

void add_seed(CLI::App& command, CommandOptions& options, const char* help) {
  command.add_option("--seed", options.seed, help)->check(integer_from(0, INT64_MAX));
}

// --format of a command that prints something short.
void add_table_or_json(CLI::App& command, CommandOptions& options) {
  command.add_option("--format", options.format, "table or json [table]")->check(one_of({"table", "json"}));
}

void add_output(CLI::App& command, CommandOptions& options) {
  command
      .add_option("--format", options.format,
                  "table, json, ndjson, csv, arrow, arrow_file, parquet or xlsx [by the extension of --out; else table "
                  "on a terminal, csv in a pipe]")
      ->check(one_of({"table", "json", "ndjson", "csv", "arrow", "arrow_file", "parquet", "xlsx"}));
  command.add_option("--compression", options.compression,
                     "arrow: none, lz4, zstd; parquet: zstd, snappy, gzip, lz4, none; xlsx: fast, best");
  command.add_option("-o,--out", options.out, "output file; it replaces FILE only when it is complete");
  command.add_option("--server", options.server, "query a running server: http://host:port");
}

// The commands of files, over a private runtime or, with --server, by a running server.
template <class Add>
void add_file_commands(Add add, CommandOptions& options) {
  const char* paths_help = "files, folders or globs, each optionally as NAME=PATH; - is standard input";
  CLI::App* serve = add("serve", "serve files and collections over HTTP, with the web app", run_serve);
  serve->add_option("paths", options.paths, paths_help);
  serve->add_flag("--open", options.open, "open the web app in a browser");
  CLI::App* opened = add("open", "show files in the web app: on a free port, for this machine alone", run_open);
  opened->add_option("paths", options.paths, paths_help)->required();
  CLI::App* query = add("query", "run a SELECT over files", run_query);
  query->add_option("sql", options.sql, "the statement; every dataset is a table named after its file")->required();
  query->add_option("paths", options.paths, paths_help);
  add_limit(*query, options);
  add_output(*query, options);
  CLI::App* exported = add("export", "export selected rows of a dataset to a file", run_export);
  exported->add_option("name", options.name, "a path, or the name of a configured dataset")->required();
  exported->add_option("--columns", options.columns, "columns, in this order: a,b,c");
  exported->add_option("--filter", options.filter,
                       "JSON: {\"column\": value} or {\"column\": {\"op\": \"gt\", \"value\": 1}}");
  exported->add_option("--sort", options.sort, "columns, - for descending: -amount,id");
  exported->add_option("--sample", options.sample, "a random sample: 1% or \"10000 rows\"");
  add_seed(*exported, options, "seed of the sample; the same seed gives the same rows");
  add_limit(*exported, options);
  add_output(*exported, options);
  CLI::App* info = add("info", "show the schema, rows and sizes of files", run_info);
  info->add_option("paths", options.paths, paths_help)->required();
  add_table_or_json(*info, options);
  CLI::App* profile = add("profile", "show statistics, histograms and data quality of columns", run_profile);
  profile->add_option("paths", options.paths, paths_help)->required();
  profile->add_option("--type", options.type, "summary, profile or quality [profile]")
      ->check(one_of({"summary", "profile", "quality"}));
  profile->add_option("--columns", options.columns, "columns, in this order: a,b,c");
  profile->add_option("--filter", options.filter, "JSON, as for export");
  add_output(*profile, options);
  CLI::App* datasets = add("datasets", "list the configured or served datasets", run_datasets);
  datasets->add_option("paths", options.paths, paths_help);
  add_table_or_json(*datasets, options);
  datasets->add_option("--server", options.server, "query a running server: http://host:port");
  CLI::App* config = add("config", "show the effective settings and where each comes from", run_config);
  add_table_or_json(*config, options);
  config->add_flag("--check", options.check, "only check them: print nothing unless something is wrong");
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
  CLI::App* ingest = add_one("ingest", "add the records of files to a collection", run_ingest);
  ingest->add_option("paths", options.paths, "files; - reads standard input line by line");
  ingest->add_option("--watch", options.watch, "a folder: ingest what is put there, then move it to done/ or failed/");
  ingest
      ->add_option("--settle", options.settle,
                   "with --watch: seconds a file must be unchanged, unless it was renamed into place [10]")
      ->check(integer_from(0, 86'400));
  ingest->add_option("--format", options.format, "json, ndjson, csv, parquet or arrow [by the extension]")
      ->check(one_of({"json", "ndjson", "csv", "parquet", "arrow"}));
  ingest->add_flag("--quarantine", options.quarantine, "quarantine invalid records instead of rejecting their file");
  ingest->add_option("--server", options.server, "send to a running server: http://host:port");
  CLI::App* stats = add_one("stats", "show the size of a collection, week by week", run_stats);
  add_table_or_json(*stats, options);
  stats->add_option("--server", options.server, "query a running server: http://host:port");
  CLI::App* generate = add("generate", "generate sample records, or the tables of a marketplace", run_generate);
  generate
      ->add_option("--format", options.format,
                   "ndjson or parquet [ndjson]; of a marketplace parquet, sql or tsv [parquet]")
      ->check(one_of({"ndjson", "parquet", "sql", "tsv"}));
  const std::vector<std::string> types{"user", "transaction", "event", "product", "sensor", "marketplace"};
  generate
      ->add_option("--type", options.type,
                   "user, transaction, event, product or sensor; or marketplace: "
                   "orders, offers, sellers and customers")
      ->required()
      ->check(one_of(types));
  generate->add_option("--count", options.count, "number of records [1000]")->check(integer_from(0, INT64_MAX));
  const auto rows = integer_from(0, kGeneratedOrdersMax);
  generate->add_option("--orders", options.orders, "marketplace: number of orders; the other tables follow")
      ->check(rows);
  generate->add_option("--changes", options.changes, "marketplace: SQL of so many changes that follow, not the tables")
      ->check(rows);
  add_seed(*generate, options, "the same seed generates the same records [0]");
  generate->add_option("-o,--out", options.out,
                       "output file, or of a marketplace as parquet or tsv the folder; a file is replaced only when "
                       "the new one is complete");
  generate->add_option("--to", options.server, "send them to a running server: http://host:port");
  generate->add_option("--collection", options.collection, "with --to: the collection [all_records]");
  const auto add_work = [&](const char* name, const char* help, int (*function)(const CommandOptions&)) {
    CLI::App* command = add_one(name, help, function);
    command->add_option("--server", options.server, "on a running server: http://host:port");
    return command;
  };
  add_work("compact", "merge the files of a collection into one per week", run_compact);
  CLI::App* archive = add_work("archive", "move the files of old weeks to the archive", run_archive);
  archive->add_option("--before", options.before, "the first week to keep, such as 2025-W40")->required();
  CLI::App* restore = add_work("restore", "move the files of weeks back from the archive", run_restore);
  restore->add_option("--from", options.from, "the first week, such as 2025-W40 [the first]");
  restore->add_option("--until", options.until, "the last week, inclusive [the last]");
  CLI::App* backup = add("backup", "copy all collections, as of one moment, to a new folder or a tar file", run_backup);
  backup->add_option("--to", options.out, "a new folder, or a file: .tar, .tar.zst, .tar.gz")->required();
  backup->add_option("--server", options.server, "on a running server: http://host:port");
  add_work("verify", "read every file of a collection and check its checksums and counts", run_verify);
}

// The command of copies of other databases' tables.
template <class Add>
void add_pull_command(Add add, CommandOptions& options) {
  CLI::App* pull = add("pull", "copy tables of MySQL or MariaDB, and what changed in them since", run_pull);
  pull->add_option("sources", options.paths, "names of sources, which are the files NAME.toml [all]");
  pull->add_flag("--check", options.check, "only show columns, statements and how the source runs them; write nothing");
  pull->add_flag("--force", options.force, "pull however fresh the copy is and whether anything seems changed or not");
  pull->add_flag("--sweep", options.sweep, "compare the whole table, row by row");
  pull->add_flag("--accept-schema", options.accept_schema, "load the copy anew where the source has other columns");
  pull->add_flag("--any-deletes", options.any_deletes, "delete as many rows as the source has deleted");
  pull->add_flag("--dry-run", options.dry_run, "read the source and say what would change; write nothing");
  pull->add_flag("--json", options.as_json, "print a JSON document for each source");
}

// The command of dashboards.
template <class Add>
void add_publish_command(Add add, CommandOptions& options) {
  CLI::App* publish = add("publish", "write dashboards as a folder that any static host serves", run_publish);
  publish->add_option("dashboards", options.paths,
                      "FILE.yaml, or names of dashboards of the data folder; and datasets as NAME=PATH or PATH");
  publish->add_option("--to", options.out,
                      "the folder: a new or empty one, or that of a site that was published before");
  publish->add_option("--git-branch", options.git_branch,
                      "with --to REPOSITORY: commit the site to this branch, which becomes that one commit");
  publish->add_flag("--git-history", options.git_history, "keep the branch's earlier commits");
  publish->add_option("--title", options.title, "title of the site [that of the first dashboard]");
  publish->add_option("--timezone", options.timezone, "whose days those of metrics without a timezone are [UTC]");
  publish->add_option("--budget", options.budget, "bytes of rollups of each dashboard, such as 64MB [32MiB]");
  publish->add_option("--periods", options.periods,
                      "also publish the answers of these periods: last_7_days,last_90_days [each dashboard's own]");
  publish->add_flag("--dry-run", options.dry_run, "only list every column that would leave; write nothing");
  publish->add_option("--check", options.check_url,
                      "try a site where it is served, http:// or https://, and say what to configure");
}

// A standard stream that is closed would be the next file that is opened: what is printed would go into it.
void occupy_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(stream, F_GETFD) >= 0) continue;
    // The wrong way round, so that using it is an error still.
    static_cast<void>(::open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY));
  }
}

constexpr const char* kExamples =
    "Examples:\n"
    "  canvasback serve flights.parquet data/sales/\n"
    "  canvasback query \"SELECT origin, count(*) FROM flights GROUP BY origin\" flights.parquet\n"
    "  zcat flights.csv.gz | canvasback open -\n"
    "  canvasback export flights.parquet --filter '{\"origin\": \"SFO\"}' --out sfo.xlsx\n"
    "\n"
    "canvasback COMMAND --help describes a command.";

int wrong_use(const std::string& message, const CLI::App* command) {
  const std::string name = command == nullptr ? "" : " " + command->get_name();
  print_error(message);
  std::fprintf(stderr, "Run canvasback%s --help for help.\n", name.c_str());
  return kWrongUse;
}

std::string suggestion(std::string_view word, const std::vector<std::string>& candidates) {
  const std::string meant = closest_word(word, candidates);
  return meant.empty() ? "" : fmt::format(" Did you mean {}?", meant);
}

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  return names;
}

// What the parser could not place: the first flag among it, else the first word.
std::string unexpected_argument(const CLI::App& command) {
  const std::vector<std::string> rest = command.remaining();
  const auto flag = std::ranges::find_if(rest, [](const std::string& word) { return word.starts_with('-'); });
  if (flag == rest.end()) return fmt::format("Unexpected argument \"{}\".", rest.empty() ? "" : rest.front());
  const std::string name = flag->substr(0, flag->find('='));
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& known : option->get_lnames()) names.push_back("--" + known);
  }
  return fmt::format("There is no option {}.{}", name, suggestion(name, names));
}

// Of --help and --version what was asked for, else what is wrong with the arguments.
int answer_parser(CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) {
    std::ostringstream out;
    std::ostringstream messages;
    app.exit(error, out, messages);
    return report(print(out.str()));
  }
  const std::vector<CLI::App*> commands = app.get_subcommands();
  const CLI::App* command = commands.empty() ? nullptr : commands.front();
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    return wrong_use(unexpected_argument(command == nullptr ? app : *command), command);
  }
  return wrong_use(std::string(error.what()) + ".", command);
}

}  // namespace

int run_command_line(int argc, char** argv) {
  occupy_standard_streams();
  CommandOptions options;
  CLI::App app("Canvasback serves Parquet, CSV, JSON and Arrow files over HTTP: as pages, exports, SQL and a web app.",
               "canvasback");
  app.set_version_flag("--version", std::string("canvasback ") + CANVASBACK_VERSION);
  app.require_subcommand(1);
  app.footer(kExamples);
  std::function<int(const CommandOptions&)> run;
  const char* group = "Files";
  auto add = [&](const char* name, const char* help, int (*function)(const CommandOptions&)) {
    CLI::App* command = app.add_subcommand(name, help)->group(group);
    command->callback([&run, function] { run = function; });
    add_settings(*command, options);
    return command;
  };
  add_file_commands(add, options);
  group = "Collections";
  add_collection_commands(add, options);
  group = "Sources";
  add_pull_command(add, options);
  group = "Dashboards";
  add_publish_command(add, options);
  if (argc < 2) {
    std::fputs(app.help().c_str(), stderr);
    return kWrongUse;
  }
  std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.front() == "help") {
    arguments.erase(arguments.begin());
    arguments.emplace_back("--help");
  }
  const std::string& first = arguments.front();
  const std::vector<std::string> names = command_names(app);
  if (!first.starts_with('-') && std::ranges::find(names, first) == names.end()) {
    return wrong_use(fmt::format("There is no command \"{}\".{}", first, suggestion(first, names)), nullptr);
  }
  std::ranges::reverse(arguments);  // as the parser takes them
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    return answer_parser(app, error);
  }
  return run(options);
}

}  // namespace canvasback
