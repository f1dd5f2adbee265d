// The commands of the one program: parse the command line, run one, say how it ended.
// Machine output goes to stdout, messages and progress to stderr; exit code 0 done, 1 failed, 2 wrong use.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "server/standard_input.hpp"

namespace canvasback {

inline constexpr int kWrongUse = 2;                                 // exit code
inline constexpr std::int64_t kGeneratedOrdersMax = 1'000'000'000;  // of a marketplace; as many changes

// What all commands take and what single ones add; filled by the command line parser.
struct CommandOptions {
  std::map<std::string, std::string> settings;  // by setting name, those given as flags
  std::string config_file;
  std::vector<std::string> paths;
  std::shared_ptr<StandardInput> standard_input = std::make_shared<StandardInput>();  // for - among them
  std::string server;  // --server URL: ask a running server instead
  std::string sql;
  std::string format;
  std::string out;
  std::string name;  // export: PATH or NAME
  std::string filter, sort, columns, sample, compression;
  std::string limit;  // an integer, checked by the parser; so are seed, count, orders, changes and settle
  std::string seed;
  std::string type;    // profile: summary, profile, quality
  bool open = false;   // serve: open a browser
  bool check = false;  // config: only say what is wrong
  std::string collection = "all_records";
  std::string before;         // archive: the first week that stays
  std::string from;           // restore: the first week
  std::string until;          // restore: the last
  std::string watch;          // ingest: a folder
  std::string settle = "10";  // of it: seconds that a file must not have changed
  bool quarantine = false;
  std::string count;    // generate, of records
  std::string orders;   // of the marketplace, and
  std::string changes;  // of it
  // pull; also check, and paths as names of sources
  bool force = false;
  bool accept_schema = false;
  bool any_deletes = false;
  bool sweep = false;
  bool dry_run = false;
  bool as_json = false;
  // publish; also out and dry_run
  std::string check_url;
  std::string git_branch;
  bool git_history = false;
  std::string title;
  std::string timezone;
  std::string budget;
  std::string periods;
};

int run_serve(const CommandOptions& options);
int run_open(const CommandOptions& options);
int run_query(const CommandOptions& options);
int run_export(const CommandOptions& options);
int run_info(const CommandOptions& options);
int run_profile(const CommandOptions& options);
int run_datasets(const CommandOptions& options);
int run_ingest(const CommandOptions& options);
int run_stats(const CommandOptions& options);
int run_generate(const CommandOptions& options);
int run_compact(const CommandOptions& options);
int run_archive(const CommandOptions& options);
int run_restore(const CommandOptions& options);
int run_verify(const CommandOptions& options);
int run_backup(const CommandOptions& options);
int run_pull(const CommandOptions& options);
int run_publish(const CommandOptions& options);
int run_config(const CommandOptions& options);

// The whole program but for `worker`.
int run_command_line(int argc, char** argv);

}  // namespace canvasback
