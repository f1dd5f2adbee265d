#include "source/mysql/mysql_connection.hpp"

#include <algorithm>
#include <charconv>

#include "source/mysql/mysql_session.hpp"
#include "source/mysql/mysql_sql.hpp"

namespace canvasback {
namespace {

constexpr std::int64_t kIdleTimeoutSeconds = 3600;  // between statements: the server's own may be a minute
constexpr const char* kVariables =
    "'version','server_uuid','server_id','hostname','read_only','super_read_only','time_zone','system_time_zone',"
    "'wait_timeout','net_write_timeout','net_read_timeout','lock_wait_timeout','innodb_lock_wait_timeout',"
    "'max_execution_time','max_statement_time','max_allowed_packet','max_prepared_stmt_count','sql_mode','gtid_mode',"
    "'log_bin','lower_case_table_names','tx_isolation','transaction_isolation','innodb_stats_persistent','version_"
    "comment'";

// "10.11.19-MariaDB-0" → 101119.
int version_number_of(std::string_view version) {
  // MariaDB says that it is 5.5.5 to clients who would not believe 10.
  if (version.starts_with("5.5.5-")) version.remove_prefix(6);
  int numbers[3] = {};
  for (int& number : numbers) {
    const auto [end, error] = std::from_chars(version.data(), version.data() + version.size(), number);
    if (error != std::errc()) break;
    version.remove_prefix(static_cast<std::size_t>(end - version.data()));
    if (!version.starts_with('.')) break;
    version.remove_prefix(1);
  }
  return numbers[0] * 10'000 + numbers[1] * 100 + numbers[2];
}

std::string value_of(const MysqlServer& server, std::string_view name) {
  const auto found = server.variables.find(name);
  return found == server.variables.end() ? std::string() : found->second;
}

Result<MysqlServer> look_at_server(MysqlSession& session) {
  MysqlServer server;
  CANVASBACK_ASSIGN(const MysqlConnection::Answer answer,
                    session.answer(std::string("SHOW VARIABLES WHERE Variable_name IN (") + kVariables + ")", 1000));
  for (const MysqlTextRow& row : answer.rows) {
    if (row.size() >= 2 && row[0]) server.variables[*row[0]] = row[1].value_or("");
  }
  server.version = value_of(server, "version");
  server.version_number = version_number_of(server.version);
  server.is_mariadb = server.version.find("MariaDB") != std::string::npos ||
                      value_of(server, "version_comment").find("MariaDB") != std::string::npos;
  server.uuid = value_of(server, "server_uuid");
  if (server.uuid.empty()) server.uuid = value_of(server, "hostname") + "/" + value_of(server, "server_id");
  const std::string read_only = value_of(server, "read_only");
  server.read_only = !read_only.empty() && read_only != "OFF" && read_only != "0";
  server.tls_cipher = session.tls_cipher();
  return server;
}

// What a statement of a session may take at most, in the unit of the server.
std::string statement_limit(const MysqlServer& server, std::chrono::seconds limit) {
  if (limit.count() <= 0) return {};
  if (server.is_mariadb) return ", max_statement_time = " + std::to_string(limit.count());
  if (server.version_number < 50'708) return {};
  return ", max_execution_time = " + std::to_string(limit.count() * 1000);
}

Status set_up(MysqlSession& session, const MysqlServer& server, const MysqlLogin& login) {
  const std::string timeout = std::to_string(std::max<std::int64_t>(login.net_write_timeout.count(), 1));
  std::string variables = "SET SESSION time_zone = '+00:00', sql_mode = '', autocommit = 1, wait_timeout = " +
                          std::to_string(kIdleTimeoutSeconds) + ", net_write_timeout = " + timeout +
                          ", net_read_timeout = " + timeout;
  variables += statement_limit(server, login.statement_timeout);
  // The default is a year, in which nobody would see that a table is locked.
  if (login.statement_timeout.count() > 0) {
    variables += ", lock_wait_timeout = " + std::to_string(login.statement_timeout.count());
  }
  if (!server.is_mariadb && server.version_number >= 80'000) variables += ", information_schema_stats_expiry = 0";
  CANVASBACK_TRY(session.run("SET NAMES utf8mb4"));
  CANVASBACK_TRY(session.run(variables));
  return session.run("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
}

bool is_generated(std::string_view extra) {
  for (const char* kind : {"VIRTUAL GENERATED", "STORED GENERATED", "PERSISTENT"}) {
    if (extra.find(kind) != std::string_view::npos) return true;
  }
  return false;
}

Result<MysqlColumn> column_of(const MysqlTextRow& row) {
  MysqlColumn column;
  column.name = row[0].value_or("");
  column.declared = row[1].value_or("");
  auto type = mysql_type_from(column.declared);
  if (!type) return fail(type.error().code, "Column \"" + column.name + "\": " + type.error().message);
  column.type = *type;
  column.nullable = row[2] == "YES";
  column.collation = row[3].value_or("");
  column.extra = row[4].value_or("");
  column.generated = is_generated(column.extra);
  column.invisible = column.extra.find("INVISIBLE") != std::string::npos;
  column.pads = !column.collation.empty() && row[5] == "1";
  return column;
}

}  // namespace

MysqlConnection::MysqlConnection(std::unique_ptr<MysqlSession> session, MysqlServer server, std::string database)
    : session_(std::move(session)), server_(std::move(server)), database_(std::move(database)) {}

MysqlConnection::~MysqlConnection() = default;

Result<std::unique_ptr<MysqlConnection>> MysqlConnection::connect(const MysqlLogin& login) {
  CANVASBACK_ASSIGN(std::unique_ptr<MysqlSession> session, MysqlSession::open(login));
  CANVASBACK_ASSIGN(MysqlServer server, look_at_server(*session));
  CANVASBACK_TRY(set_up(*session, server, login));
  return std::unique_ptr<MysqlConnection>(new MysqlConnection(std::move(session), std::move(server), login.database));
}

Status MysqlConnection::run(std::string_view sql) { return session_->run(sql); }

Result<std::vector<MysqlTextRow>> MysqlConnection::rows(std::string_view sql, std::size_t rows_max) {
  CANVASBACK_ASSIGN(Answer answered, session_->answer(sql, rows_max));
  return std::move(answered.rows);
}

Result<MysqlConnection::Answer> MysqlConnection::answer(std::string_view sql, std::size_t rows_max) {
  return session_->answer(sql, rows_max);
}

Result<std::vector<MysqlColumn>> MysqlConnection::columns(std::string_view table) {
  // MySQL 8 alone says whether a collation pads; of MariaDB's the name does, and all of MySQL 5.7's do.
  const bool says_padding = !server_.is_mariadb && server_.version_number >= 80'000;
  const std::string pads = says_padding
                               ? "(SELECT o.PAD_ATTRIBUTE = 'PAD SPACE' FROM information_schema.COLLATIONS AS o"
                                 " WHERE o.COLLATION_NAME = c.COLLATION_NAME)"
                               : "c.COLLATION_NAME NOT LIKE '%nopad%' AND c.COLLATION_NAME <> 'binary'";
  const std::string sql =
      "SELECT c.COLUMN_NAME, c.COLUMN_TYPE, c.IS_NULLABLE, c.COLLATION_NAME, c.EXTRA, " + pads +
      " FROM information_schema.COLUMNS AS c WHERE c.TABLE_SCHEMA = " + mysql::text_literal(database_) +
      " AND c.TABLE_NAME = " + mysql::text_literal(table) + " ORDER BY c.ORDINAL_POSITION";
  CANVASBACK_ASSIGN(const std::vector<MysqlTextRow> found, rows(sql));
  if (found.empty()) {
    return fail(ErrorCode::DatasetNotFound, "The database \"" + database_ + "\" has no table \"" + std::string(table) +
                                                "\" that this user may read.");
  }
  std::vector<MysqlColumn> columns;
  for (const MysqlTextRow& row : found) {
    CANVASBACK_ASSIGN(MysqlColumn column, column_of(row));
    columns.push_back(std::move(column));
  }
  return columns;
}

Result<std::vector<MysqlColumn>> MysqlConnection::columns_of_query(std::string_view sql) {
  CANVASBACK_ASSIGN(const std::vector<MysqlWireColumn> described, session_->describe(sql));
  std::map<std::string, std::vector<MysqlColumn>> tables;  // of which the statement reads columns
  std::vector<MysqlColumn> columns;
  for (const MysqlWireColumn& wire : described) {
    CANVASBACK_ASSIGN(MysqlColumn column, column_from_wire(wire));
    if (wire.database == database_ && !wire.table.empty()) {
      if (!tables.contains(wire.table)) {
        // A view's or a derived table's name may be none that information_schema has: then the result says it all.
        tables[wire.table] = this->columns(wire.table).value_or(std::vector<MysqlColumn>());
      }
      const std::vector<MysqlColumn>& known = tables[wire.table];
      const auto origin = std::ranges::find(known, wire.column, &MysqlColumn::name);
      if (origin != known.end() && check_wire({*origin}, {[&] {
                                                MysqlWireColumn named = wire;
                                                named.name = origin->name;
                                                return named;
                                              }()})) {
        const bool nullable = column.nullable;
        column = *origin;
        column.name = wire.name;
        column.nullable = nullable;
      }
    }
    columns.push_back(std::move(column));
  }
  return columns;
}

Result<std::vector<std::string>> MysqlConnection::primary_key(std::string_view table) {
  CANVASBACK_ASSIGN(const std::vector<MysqlTextRow> found,
                    rows("SELECT COLUMN_NAME FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = " +
                         mysql::text_literal(database_) + " AND TABLE_NAME = " + mysql::text_literal(table) +
                         " AND INDEX_NAME = 'PRIMARY' ORDER BY SEQ_IN_INDEX"));
  std::vector<std::string> names;
  for (const MysqlTextRow& row : found) names.push_back(row[0].value_or(""));
  return names;
}

Result<std::unique_ptr<MysqlRows>> MysqlConnection::stream(std::string_view sql,
                                                           const std::vector<MysqlColumn>& columns,
                                                           const MysqlStreamOptions& options) {
  return MysqlRows::start(session_, sql, columns, options);
}

void MysqlConnection::cancel() { session_->cancel(); }

bool MysqlConnection::broken() const { return session_->broken(); }

}  // namespace canvasback
