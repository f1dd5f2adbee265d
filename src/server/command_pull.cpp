// The command `pull`: pulls sources now, or shows what a pull would do.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "server/command_support.hpp"
#include "server/commands.hpp"
#include "server/source_file.hpp"
#include "server/terminal.hpp"

namespace canvasback {
namespace {

std::string amount(std::int64_t number) { return with_thousands(number); }

void append_tiers(const PullReport& report, std::string& out) {
  for (const PullTier& tier : report.tiers) {
    if (tier.statements == 0) continue;
    out += fmt::format("  {:<11} {:>13} rows {:>10} {:>9} changed  {:.2f} s, {} statements\n", tier.name,
                       amount(tier.rows), human_bytes(tier.bytes), amount(tier.changed), tier.seconds, tier.statements);
  }
}

std::string text_of(const PullReport& report) {
  std::string out = fmt::format("{}: {}", report.source, name_of(report.result));
  switch (report.result) {
    case PullResult::Failed: out += fmt::format(": {}\n", report.error ? report.error->message : ""); break;
    case PullResult::Fresh: out += ", it is fresh enough (--force pulls it)\n"; break;
    case PullResult::Unchanged:
      out += fmt::format(", nothing changed at the source ({:.2f} s)\n", report.seconds);
      break;
    default:
      out += fmt::format(" in {:.2f} s: {} inserted, {} updated, {} deleted; {} rows\n", report.seconds,
                         amount(report.inserted), amount(report.updated), amount(report.deleted), amount(report.rows));
  }
  append_tiers(report, out);
  if (report.files_written > 0) {
    out += fmt::format("  written     {} files, {}; {} merges\n", report.files_written,
                       human_bytes(report.bytes_written), report.merges);
  }
  if (report.as_of_us > 0) {
    out += fmt::format("  as of {}, deletes verified to {}, swept to {}\n", iso_time(report.as_of_us),
                       report.counted_us == 0 ? "never" : iso_time(report.counted_us),
                       report.swept_us == 0 ? "never" : iso_time(report.swept_us));
  }
  for (const auto& [column, count] : report.nulled) {
    out += fmt::format("  {} values of {} have no exact form (zero or partial dates) and are NULL\n", amount(count),
                       column);
  }
  for (const std::string& note : report.notes) out += fmt::format("  {}\n", note);
  return out;
}

Json to_json(const std::string& name, const PullOutcome& outcome) {
  Json out;
  out.set("source", name);
  out.set("server", outcome.server);
  Json columns = Json::Array{};
  for (const PullColumnPlan& plan : outcome.column_plans) {
    Json entry;
    entry.set("name", plan.column.name);
    entry.set("declared", plan.column.declared);
    entry.set("type", plan.column.type);
    if (!plan.note.empty()) entry.set("note", plan.note);
    columns.push(std::move(entry));
  }
  out.set("columns", std::move(columns));
  Json key = Json::Array{};
  for (const std::string& column : outcome.primary_key) key.push(column);
  out.set("primary_key", std::move(key));
  Json statements = Json::Array{};
  for (const PullStatementPlan& plan : outcome.statement_plans) {
    Json entry;
    entry.set("purpose", plan.purpose);
    entry.set("sql", plan.sql);
    entry.set("access", plan.access);
    entry.set("rows", plan.rows);
    entry.set("uses_index", plan.uses_index);
    statements.push(std::move(entry));
  }
  out.set("statements", std::move(statements));
  Json grants = Json::Array{};
  for (const std::string& grant : outcome.grants) grants.push(grant);
  out.set("grants", std::move(grants));
  Json notes = Json::Array{};
  for (const std::string& note : outcome.notes) notes.push(note);
  out.set("notes", std::move(notes));
  return out;
}

std::string text_of(const std::string& name, const PullOutcome& outcome) {
  std::string out = fmt::format("{}: MySQL {}\n", name, outcome.server);
  for (const PullColumnPlan& plan : outcome.column_plans) {
    const bool is_key = std::ranges::find(outcome.primary_key, plan.column.name) != outcome.primary_key.end();
    out += fmt::format("  {}{:<24} {:<28} {}{}\n", is_key ? "*" : " ", plan.column.name, plan.column.declared,
                       plan.column.type, plan.note.empty() ? "" : "  (" + plan.note + ")");
  }
  for (const PullStatementPlan& plan : outcome.statement_plans) {
    out += fmt::format("  {}: {}, about {} rows{}\n    {}\n", plan.purpose, plan.access, amount(plan.rows),
                       plan.uses_index ? "" : "; NOT BY AN INDEX: this tier is left out", plan.sql);
  }
  for (const std::string& grant : outcome.grants) out += fmt::format("  {}\n", grant);
  for (const std::string& note : outcome.notes) out += fmt::format("  {}\n", note);
  return out;
}

// The workers and the service, on a data folder that a server may have at the same time.
struct Pulling {
  std::unique_ptr<Runtime> runtime;
  std::string folder;  // of the sources
  PullService* service = nullptr;
};

Result<Pulling> open_pulling(const CommandOptions& options) {
  CANVASBACK_ASSIGN(const Config config, load_config(options));
  if (config.at("log_level").origin == "default") log::configure(log::Level::Error, log::Style::Text);
  Pulling out;
  CANVASBACK_ASSIGN(out.runtime, Runtime::make(config, true));
  CANVASBACK_ASSIGN(const std::string data, shared_data_folder(config));
  CANVASBACK_TRY(out.runtime->make_pulls(config, data));
  out.folder = source_folder(config, data);
  out.service = &out.runtime->pulls();
  out.service->set_sources(read_source_folder(out.folder));
  return out;
}

std::vector<std::string> names_of(const CommandOptions& options, const PullSources& sources) {
  if (!options.paths.empty()) return options.paths;
  std::vector<std::string> out;
  for (const auto& [name, settings] : sources.usable) out.push_back(name);
  for (const auto& [name, error] : sources.unusable) out.push_back(name);
  return out;
}

Status check_one(Pulling& pulling, const CommandOptions& options, const std::string& name) {
  CANVASBACK_ASSIGN(const PullOutcome outcome, pulling.runtime->run(pulling.service->check(name)));
  return print(options.as_json ? to_json(name, outcome).dump() + "\n" : text_of(name, outcome));
}

Status pull_one(Pulling& pulling, const CommandOptions& options, const std::string& name) {
  PullRequest request;
  request.force = options.force || options.sweep;
  request.accept_schema = options.accept_schema;
  request.any_deletes = options.any_deletes;
  request.sweep = options.sweep;
  request.dry_run = options.dry_run;
  const auto progress = [&name](const PullReport& report) {
    std::fprintf(stderr, "%s: %s rows loaded\n", name.c_str(), amount(report.inserted).c_str());
  };
  CANVASBACK_ASSIGN(const PullReport report, pulling.runtime->run(pulling.service->pull(name, request, progress)));
  CANVASBACK_TRY(print(options.as_json ? to_json(report).dump() + "\n" : text_of(report)));
  return report.error ? Status(std::unexpected(*report.error)) : Status();
}

Status pull(const CommandOptions& options) {
  CANVASBACK_ASSIGN(Pulling pulling, open_pulling(options));
  const std::vector<std::string> names = names_of(options, pulling.service->sources());
  if (names.empty()) {
    return fail(ErrorCode::InvalidData,
                fmt::format("There are no sources in {}: a source is a file NAME.toml.", pulling.folder));
  }
  Status all;
  for (const std::string& name : names) {
    Status status = options.check ? check_one(pulling, options, name) : pull_one(pulling, options, name);
    if (!status && all) {
      all = std::move(status);
    } else if (!status) {
      static_cast<void>(report(status));
    }
  }
  return all;
}

}  // namespace

int run_pull(const CommandOptions& options) { return report(pull(options)); }

}  // namespace canvasback
