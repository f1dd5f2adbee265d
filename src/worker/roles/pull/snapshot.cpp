#include "worker/roles/pull/snapshot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <regex>

#include "base/hash.hpp"
#include "source/mysql/mysql_sql.hpp"

namespace canvasback {
namespace {

constexpr std::int64_t kSmallTableRows = 10'000;
// A time of update has whole seconds: what it was in the second of the look may be overtaken within it.
constexpr std::int64_t kSettledSeconds = 2;

std::int64_t number_of(const std::optional<std::string>& text) {
  std::int64_t out = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), out);
  return out;
}

Result<std::string> one_value(MysqlConnection& connection, const std::string& sql) {
  CANVASBACK_ASSIGN(const auto rows, connection.rows(sql));
  if (rows.empty() || rows[0].empty()) return std::string();
  return rows[0][0].value_or("");
}

// DATETIME has the wall clock of whoever wrote it, taken to be the server's; TIMESTAMP and this session have UTC.
Status read_clock(MysqlConnection& connection, bool is_local, SourceState& state) {
  const auto micros = [&connection](const std::string& time) -> Result<std::int64_t> {
    CANVASBACK_ASSIGN(const std::string text,
                      one_value(connection, fmt::format("SELECT CAST(UNIX_TIMESTAMP({}) * 1000000 AS SIGNED)", time)));
    return number_of(text);
  };
  CANVASBACK_ASSIGN(state.utc_us, micros("NOW(6)"));
  state.now_us = state.utc_us;
  if (!is_local) return {};
  CANVASBACK_TRY(connection.run("SET SESSION time_zone = @@GLOBAL.time_zone"));
  auto wall = one_value(connection, "SELECT CAST(NOW(6) AS CHAR)");
  CANVASBACK_TRY(connection.run("SET SESSION time_zone = '+00:00'"));
  CANVASBACK_ASSIGN(const std::string text, std::move(wall));
  CANVASBACK_ASSIGN(state.now_us, micros(mysql::text_literal(text)));
  return {};
}

Result<std::string> gtids(MysqlConnection& connection) {
  const MysqlServer& server = connection.server();
  const auto variable = [&server](std::string_view name) {
    const auto found = server.variables.find(name);
    return found == server.variables.end() ? std::string() : found->second;
  };
  if (server.is_mariadb) {
    if (variable("log_bin") != "ON" && variable("log_bin") != "1") return std::string();
    return one_value(connection, "SELECT @@GLOBAL.gtid_current_pos");
  }
  if (variable("gtid_mode") != "ON") return std::string();
  return one_value(connection, "SELECT @@GLOBAL.gtid_executed");
}

// Which table it is, and when it was changed last.
Status look_at_table(MysqlConnection& connection, const PullSource& source, SourceState& out) {
  if (source.table.empty()) return {};
  const std::string what = mysql::identifier(source.login.database, source.table);
  CANVASBACK_ASSIGN(const auto made, connection.rows("SHOW CREATE TABLE " + what));
  if (made.empty() || made[0].size() < 2) return fail(ErrorCode::DatasetNotFound, "The table is not there any more.");
  static const std::regex kGrows(" AUTO_INCREMENT=[0-9]+");
  out.definition = sha256_hex(std::regex_replace(made[0][1].value_or(""), kGrows, ""));
  CANVASBACK_ASSIGN(
      const auto times,
      connection.rows(fmt::format("SELECT CREATE_TIME, UPDATE_TIME, TIMESTAMPDIFF(SECOND, UPDATE_TIME, NOW()) FROM "
                                  "information_schema.TABLES WHERE TABLE_SCHEMA = {} AND TABLE_NAME = {}",
                                  mysql::text_literal(source.login.database), mysql::text_literal(source.table))));
  if (times.empty()) return fail(ErrorCode::DatasetNotFound, "The table is not there any more.");
  out.created = times[0][0].value_or("");
  const bool is_settled = times[0][1] && times[0][2] && number_of(times[0][2]) >= kSettledSeconds;
  if (is_settled) out.change_mark = "updated " + *times[0][1];
  return {};
}

}  // namespace

Result<SourceState> look_at_source(MysqlConnection& connection, const PullSource& source, bool has_local_times) {
  SourceState out;
  out.server = connection.server().uuid;
  CANVASBACK_ASSIGN(const std::string gtid, gtids(connection));
  CANVASBACK_TRY(look_at_table(connection, source, out));
  if (!gtid.empty()) out.change_mark = "gtid " + gtid;
  CANVASBACK_TRY(read_clock(connection, has_local_times, out));
  return out;
}

Status Snapshot::start() {
  ++count_;
  CANVASBACK_TRY(connection_.run("START TRANSACTION WITH CONSISTENT SNAPSHOT"));
  age_.restart();
  const auto touched = connection_.rows(table_.touch());
  return touched ? Status() : Status(std::unexpected(touched.error()));
}

Status Snapshot::begin(SourceState before) {
  before_ = std::move(before);
  CANVASBACK_TRY(start());
  return compare("The table was replaced or changed while a snapshot of it began.");
}

Status Snapshot::compare(std::string_view message) {
  SourceState now;
  CANVASBACK_TRY(look_at_table(connection_, source_, now));
  if (now.definition == before_.definition && now.created == before_.created) return {};
  return fail(ErrorCode::Unavailable, std::string(message));
}

Status Snapshot::renew_if_old() {
  if (age_.elapsed_ms() < std::chrono::duration<double, std::milli>(kSnapshotAgeMax).count()) return {};
  CANVASBACK_TRY(end());
  return start();
}

Status Snapshot::end() {
  const Status compared = compare("The table was replaced or changed while it was read; nothing of it was kept.");
  CANVASBACK_TRY(connection_.run("COMMIT"));
  return compared;
}

bool SourceAccess::is_gentle() const { return (uses_index && !sorts) || (rows >= 0 && rows <= kSmallTableRows); }

Result<SourceAccess> explain(MysqlConnection& connection, const std::string& sql) {
  CANVASBACK_ASSIGN(const auto answer, connection.answer("EXPLAIN " + sql));
  SourceAccess out;
  std::vector<std::string> texts;
  for (const MysqlTextRow& row : answer.rows) {
    const auto value = [&](std::string_view name) -> std::string {
      const auto found = std::ranges::find(answer.names, name);
      if (found == answer.names.end()) return {};
      return row[static_cast<std::size_t>(found - answer.names.begin())].value_or("");
    };
    const std::string key = value("key");
    const std::string extra = value("Extra");
    texts.push_back(fmt::format("{} on {}{}", value("type"), key.empty() ? "no index" : key,
                                extra.empty() ? "" : " (" + extra + ")"));
    out.rows = std::max(out.rows, number_of(value("rows")));
    out.uses_index = !key.empty() && value("type") != "ALL";
    out.sorts = out.sorts || extra.find("filesort") != std::string::npos;
  }
  out.text = fmt::format("{}", fmt::join(texts, "; "));
  return out;
}

}  // namespace canvasback
