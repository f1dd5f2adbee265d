#include "task/pull_task.hpp"

#include <utility>

#include "base/text_list.hpp"

namespace canvasback {
namespace {

Json to_json(const MysqlLogin& login) {
  Json tls;
  tls.set("mode", name_of(login.tls.mode));
  tls.set("ca_file", login.tls.ca_file);
  tls.set("certificate", login.tls.certificate);
  tls.set("key", login.tls.key);
  Json out;
  out.set("host", login.host);
  out.set("port", static_cast<std::int64_t>(login.port));
  out.set("database", login.database);
  out.set("user", login.user);
  out.set("password", login.password);
  out.set("tls", std::move(tls));
  out.set("plugin_folder", login.plugin_folder);
  out.set("connect_timeout", std::int64_t{login.connect_timeout.count()});
  out.set("read_timeout", std::int64_t{login.read_timeout.count()});
  out.set("statement_timeout", std::int64_t{login.statement_timeout.count()});
  out.set("net_write_timeout", std::int64_t{login.net_write_timeout.count()});
  return out;
}

Result<MysqlLogin> mysql_login_from_json(const Json& json) {
  MysqlLogin login;
  login.host = json.at("host").as_string();
  login.port = static_cast<std::uint16_t>(json.at("port").as_int());
  login.database = json.at("database").as_string();
  login.user = json.at("user").as_string();
  login.password = json.at("password").as_string();
  const Json& tls = json.at("tls");
  CANVASBACK_ASSIGN(login.tls.mode, mysql_tls_mode_from(tls.at("mode").as_string()));
  login.tls.ca_file = tls.at("ca_file").as_string();
  login.tls.certificate = tls.at("certificate").as_string();
  login.tls.key = tls.at("key").as_string();
  login.plugin_folder = json.at("plugin_folder").as_string();
  login.connect_timeout = std::chrono::seconds(json.at("connect_timeout").as_int());
  login.read_timeout = std::chrono::seconds(json.at("read_timeout").as_int());
  login.statement_timeout = std::chrono::seconds(json.at("statement_timeout").as_int());
  login.net_write_timeout = std::chrono::seconds(json.at("net_write_timeout").as_int());
  return login;
}

Json to_json(const PullColumnPlan& plan) {
  Json out;
  out.set("column", to_json(std::vector<PulledColumn>{plan.column}));
  out.set("note", plan.note);
  return out;
}

Json to_json(const PullStatementPlan& plan) {
  Json out;
  out.set("purpose", plan.purpose);
  out.set("sql", plan.sql);
  out.set("access", plan.access);
  out.set("rows", plan.rows);
  out.set("uses_index", plan.uses_index);
  return out;
}

constexpr std::string_view name_of(PullKind kind) {
  return kind == PullKind::Check ? "check" : kind == PullKind::Load ? "load" : "cycle";
}

Json dead_to_json(const std::map<std::uint64_t, std::vector<std::int64_t>>& dead) {
  Json out = Json::Array{};
  for (const auto& [part, rows] : dead) {
    RowSet set;
    set.add(rows);
    Json entry;
    entry.set("part", part);
    entry.set("rows", to_json(set));
    out.push(std::move(entry));
  }
  return out;
}

Result<std::map<std::uint64_t, std::vector<std::int64_t>>> dead_from_json(const Json& json) {
  std::map<std::uint64_t, std::vector<std::int64_t>> out;
  for (const Json& entry : json.as_array()) {
    CANVASBACK_ASSIGN(const RowSet set, row_set_from_json(entry.at("rows")));
    std::vector<std::int64_t>& rows = out[entry.at("part").as_uint()];
    for (const auto& [first, last] : set.ranges()) {
      for (std::int64_t row = first; row <= last; ++row) rows.push_back(row);
    }
  }
  return out;
}

template <class Item>
Json list_of(const std::vector<Item>& items) {
  Json out = Json::Array{};
  for (const Item& item : items) out.push(to_json(item));
  return out;
}

Json counts_to_json(const std::map<std::string, std::int64_t>& counts) {
  Json out = Json::Object{};
  for (const auto& [name, count] : counts) out.set(name, count);
  return out;
}

void read_plans(const Json& json, PullOutcome& outcome) {
  for (const Json& entry : json.at("column_plans").as_array()) {
    PullColumnPlan plan;
    const auto columns = pulled_columns_from_json(entry.at("column"));
    if (!columns.empty()) plan.column = columns[0];
    plan.note = entry.at("note").as_string();
    outcome.column_plans.push_back(std::move(plan));
  }
  for (const Json& entry : json.at("statement_plans").as_array()) {
    outcome.statement_plans.push_back(
        {std::string(entry.at("purpose").as_string()), std::string(entry.at("sql").as_string()),
         std::string(entry.at("access").as_string()), entry.at("rows").as_int(-1), entry.at("uses_index").as_bool()});
  }
}

}  // namespace

Json to_json(const PullSource& source) {
  Json out;
  out.set("name", source.name);
  out.set("login", to_json(source.login));
  out.set("table", source.table);
  out.set("query", source.query);
  out.set("primary_key", text_list(source.primary_key));
  out.set("updated_at", source.updated_at);
  out.set("partition_by", source.partition_by);
  out.set("partition_every", name_of(source.partition_every));
  out.set("hot_window_s", source.hot_window_s);
  out.set("look_back_s", source.look_back_s);
  out.set("sweep_rows", source.sweep_rows);
  out.set("deletes", source.deletes);
  out.set("deletes_share_max", source.deletes_share_max);
  Json columns = Json::Object{};
  for (const auto& [name, type] : source.columns) columns.set(name, type);
  out.set("columns", std::move(columns));
  return out;
}

Result<PullSource> pull_source_from_json(const Json& json) {
  PullSource source;
  source.name = json.at("name").as_string();
  CANVASBACK_ASSIGN(source.login, mysql_login_from_json(json.at("login")));
  source.table = json.at("table").as_string();
  source.query = json.at("query").as_string();
  source.primary_key = texts_of(json.at("primary_key"));
  source.updated_at = json.at("updated_at").as_string();
  source.partition_by = json.at("partition_by").as_string();
  source.partition_every = period_length_from(json.at("partition_every").as_string()).value_or(PeriodLength::Month);
  source.hot_window_s = json.at("hot_window_s").as_int();
  source.look_back_s = json.at("look_back_s").as_int();
  source.sweep_rows = json.at("sweep_rows").as_int();
  source.deletes = json.at("deletes").as_bool();
  source.deletes_share_max = json.at("deletes_share_max").as_double();
  for (const auto& [name, type] : json.at("columns").as_object()) source.columns.emplace(name, type.as_string());
  return source;
}

Json to_json(const PullWork& work) {
  Json out;
  out.set("source", to_json(work.source));
  out.set("pull", name_of(work.kind));
  out.set("table", to_json(work.table));
  out.set("ignore_mark", work.ignore_mark);
  out.set("sweep_all", work.sweep_all);
  out.set("any_deletes", work.any_deletes);
  out.set("after_load", work.after_load);
  out.set("threads", work.threads);
  return out;
}

Result<PullWork> pull_work_from_json(const Json& json) {
  PullWork work;
  CANVASBACK_ASSIGN(work.source, pull_source_from_json(json.at("source")));
  for (const PullKind kind : {PullKind::Check, PullKind::Load, PullKind::Cycle}) {
    if (json.at("pull").as_string() == name_of(kind)) work.kind = kind;
  }
  CANVASBACK_ASSIGN(work.table, pulled_table_from_json(json.at("table")));
  work.ignore_mark = json.at("ignore_mark").as_bool();
  work.sweep_all = json.at("sweep_all").as_bool();
  work.any_deletes = json.at("any_deletes").as_bool();
  work.after_load = json.at("after_load").as_bool();
  work.threads = json.at("threads").as_int(1);
  return work;
}

Json to_json(const PullTier& tier) {
  Json out;
  out.set("name", tier.name);
  out.set("statements", tier.statements);
  out.set("rows", tier.rows);
  out.set("bytes", tier.bytes);
  out.set("changed", tier.changed);
  out.set("seconds", tier.seconds);
  return out;
}

PullTier pull_tier_from_json(const Json& json) {
  return {std::string(json.at("name").as_string()),
          json.at("statements").as_int(),
          json.at("rows").as_int(),
          json.at("bytes").as_uint(),
          json.at("changed").as_int(),
          json.at("seconds").as_double()};
}

Json to_json(const PullOutcome& outcome) {
  Json out;
  out.set("is_unchanged", outcome.is_unchanged);
  out.set("is_complete", outcome.is_complete);
  out.set("schema_change", outcome.schema_change);
  out.set("change_is_additive", outcome.change_is_additive);
  out.set("columns", to_json(outcome.columns));
  out.set("primary_key", text_list(outcome.primary_key));
  out.set("parts", list_of(outcome.parts));
  out.set("dead", dead_to_json(outcome.dead));
  out.set("cursor", to_json(outcome.cursor));
  out.set("load", to_json(outcome.load));
  out.set("began_us", outcome.began_us);
  out.set("inserted", outcome.inserted);
  out.set("updated", outcome.updated);
  out.set("deleted", outcome.deleted);
  out.set("source_rows", outcome.source_rows);
  out.set("tiers", list_of(outcome.tiers));
  out.set("nulled", counts_to_json(outcome.nulled));
  out.set("notes", text_list(outcome.notes));
  out.set("server", outcome.server);
  out.set("column_plans", list_of(outcome.column_plans));
  out.set("statement_plans", list_of(outcome.statement_plans));
  out.set("grants", text_list(outcome.grants));
  return out;
}

Result<PullOutcome> pull_outcome_from_json(const Json& json) {
  PullOutcome outcome;
  outcome.is_unchanged = json.at("is_unchanged").as_bool();
  outcome.is_complete = json.at("is_complete").as_bool();
  outcome.schema_change = json.at("schema_change").as_string();
  outcome.change_is_additive = json.at("change_is_additive").as_bool();
  outcome.columns = pulled_columns_from_json(json.at("columns"));
  outcome.primary_key = texts_of(json.at("primary_key"));
  for (const Json& entry : json.at("parts").as_array()) {
    CANVASBACK_ASSIGN(PulledPart part, pulled_part_from_json(entry));
    outcome.parts.push_back(std::move(part));
  }
  CANVASBACK_ASSIGN(outcome.dead, dead_from_json(json.at("dead")));
  outcome.cursor = pull_cursor_from_json(json.at("cursor"));
  CANVASBACK_ASSIGN(outcome.load, pull_load_from_json(json.at("load")));
  outcome.began_us = json.at("began_us").as_int();
  outcome.inserted = json.at("inserted").as_int();
  outcome.updated = json.at("updated").as_int();
  outcome.deleted = json.at("deleted").as_int();
  outcome.source_rows = json.at("source_rows").as_int(-1);
  for (const Json& tier : json.at("tiers").as_array()) outcome.tiers.push_back(pull_tier_from_json(tier));
  for (const auto& [name, count] : json.at("nulled").as_object()) outcome.nulled.emplace(name, count.as_int());
  outcome.notes = texts_of(json.at("notes"));
  outcome.server = json.at("server").as_string();
  read_plans(json, outcome);
  outcome.grants = texts_of(json.at("grants"));
  return outcome;
}

Json to_json(const PulledMergeWork& work) {
  Json out;
  out.set("table", to_json(work.table));
  out.set("files", to_json(work.files));
  out.set("period", work.period);
  return out;
}

Result<PulledMergeWork> pulled_merge_work_from_json(const Json& json) {
  PulledMergeWork work;
  CANVASBACK_ASSIGN(work.table, pulled_table_from_json(json.at("table")));
  CANVASBACK_ASSIGN(work.files, dataset_from_json(json.at("files")));
  work.period = json.at("period").as_string();
  return work;
}

}  // namespace canvasback
