// source/mysql on a running server, which tests/mysql/test_mysql.py starts: what it reads is dumped as Arrow for
// another reader to compare, and what can go wrong does. The environment says where the server is (see
// server_from_environment); without it every test is skipped.
#include <arrow/io/file.h>
#include <arrow/ipc/writer.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "source/mysql/mysql_connection.hpp"
#include "source/mysql/mysql_sql.hpp"

namespace canvasback {
namespace {

namespace fs = std::filesystem;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

class MysqlReader : public testing::Test {
 protected:
  void SetUp() override {
    if (variable("CANVASBACK_MYSQL_URL").empty()) {
      GTEST_SKIP() << "make mysql-test runs this with a server; alone it has none (CANVASBACK_MYSQL_URL)";
    }
    login_ = login("CANVASBACK_MYSQL_URL", "CANVASBACK_MYSQL_PASSWORD");
  }

  static MysqlLogin login(const char* url_variable, const char* password_variable) {
    auto login = mysql_login_from_url(variable(url_variable));
    EXPECT_TRUE(login) << login.error().message;
    if (!login) return {};
    login->password = variable(password_variable);
    login->plugin_folder = variable("CANVASBACK_MYSQL_PLUGINS");
    return *login;
  }
  // With all rights, to do to the reader what may be done to it.
  static std::unique_ptr<MysqlConnection> admin() {
    return connected(login("CANVASBACK_MYSQL_ADMIN_URL", "CANVASBACK_MYSQL_ADMIN_PASSWORD"));
  }
  static std::unique_ptr<MysqlConnection> connected(const MysqlLogin& login) {
    auto connection = MysqlConnection::connect(login);
    EXPECT_TRUE(connection) << connection.error().message;
    return connection ? std::move(*connection) : nullptr;
  }
  std::unique_ptr<MysqlConnection> connected() { return connected(login_); }

  static std::string cell(MysqlConnection& connection, const std::string& sql) {
    auto rows = connection.rows(sql);
    EXPECT_TRUE(rows) << rows.error().message;
    return rows && !rows->empty() ? rows->front().front().value_or("NULL") : "";
  }

  MysqlLogin login_;
};

// Rows until the end or an error.
struct Read {
  std::uint64_t rows = 0;
  std::optional<Error> error;
};
Read read_all(MysqlRows& rows) {
  Read read;
  while (true) {
    auto batch = rows.next();
    if (!batch) {
      read.error = batch.error();
      return read;
    }
    if (!*batch) return read;
    read.rows += static_cast<std::uint64_t>((*batch)->num_rows());
  }
}

// A statement of so many rows without a table behind it.
std::string many_rows(const std::string& columns = "a.n + b.n * 100 + c.n * 10000 + d.n * 1000000 AS n") {
  std::string hundred = "(SELECT t.n * 10 + o.n AS n FROM (SELECT 0 AS n";
  for (int i = 1; i < 10; ++i) hundred += " UNION ALL SELECT " + std::to_string(i);
  hundred += ") AS t, (SELECT 0 AS n";
  for (int i = 1; i < 10; ++i) hundred += " UNION ALL SELECT " + std::to_string(i);
  hundred += ") AS o)";
  return "SELECT " + columns + " FROM " + hundred + " AS a, " + hundred + " AS b, " + hundred + " AS c, " + hundred +
         " AS d";
}

std::unique_ptr<MysqlRows> stream(MysqlConnection& connection, const std::string& sql,
                                  const MysqlStreamOptions& options = {}) {
  auto columns = connection.columns_of_query(sql);
  EXPECT_TRUE(columns) << columns.error().message;
  if (!columns) return nullptr;
  auto rows = connection.stream(sql, *columns, options);
  EXPECT_TRUE(rows) << rows.error().message;
  return rows ? std::move(*rows) : nullptr;
}

// --- For another reader to compare -------------------------------------------------------------------------------

void dump(MysqlRows& rows, const fs::path& path) {
  auto file = arrow::io::FileOutputStream::Open(path);
  ASSERT_TRUE(file.ok());
  auto writer = arrow::ipc::MakeFileWriter(*file, rows.schema());
  ASSERT_TRUE(writer.ok());
  while (true) {
    auto batch = rows.next();
    ASSERT_TRUE(batch) << batch.error().message;
    if (!*batch) break;
    ASSERT_TRUE((*batch)->ValidateFull().ok());
    ASSERT_TRUE((*writer)->WriteRecordBatch(**batch).ok());
  }
  ASSERT_TRUE((*writer)->Close().ok());
  ASSERT_TRUE((*file)->Close().ok());
}

void note_counts(const MysqlRows& rows, const fs::path& path) {
  std::ofstream file(path);
  const auto counts = rows.counts();
  for (std::size_t i = 0; i < counts.size(); ++i) {
    file << rows.schema()->field(static_cast<int>(i))->name() << '\t' << counts[i].zero_dates << '\t'
         << counts[i].srids_dropped << '\n';
  }
}

// Reads the tables of CANVASBACK_MYSQL_TABLES into CANVASBACK_MYSQL_DUMP: NAME.arrow by the binary protocol,
// NAME.text.arrow by text (without what it rounds), NAME.query.arrow with the columns that the statement says,
// NAME.counts.
TEST_F(MysqlReader, DumpsTables) {
  const fs::path folder = variable("CANVASBACK_MYSQL_DUMP");
  if (folder.empty()) GTEST_SKIP() << "no CANVASBACK_MYSQL_DUMP";
  auto connection = connected();
  ASSERT_TRUE(connection);
  std::istringstream tables(variable("CANVASBACK_MYSQL_TABLES"));
  for (std::string table; tables >> table;) {
    auto columns = connection->columns(table);
    ASSERT_TRUE(columns) << columns.error().message;
    for (MysqlProtocol protocol : {MysqlProtocol::Binary, MysqlProtocol::Text}) {
      std::vector<MysqlColumn> wanted;
      std::vector<std::string> names;
      for (const MysqlColumn& column : *columns) {
        const bool floating = column.type.kind == MysqlKind::Float || column.type.kind == MysqlKind::Double;
        const bool rounded = column.type.kind == MysqlKind::Float || (floating && column.type.precision > 0);
        if (protocol == MysqlProtocol::Text && rounded) continue;
        wanted.push_back(column);
        names.push_back(column.name);
      }
      const std::string sql = "SELECT " + mysql::column_list(names) + " FROM " + mysql::identifier(table);
      MysqlStreamOptions options;
      options.protocol = protocol;
      options.batch_rows = 7;
      auto rows = connection->stream(sql, wanted, options);
      ASSERT_TRUE(rows) << rows.error().message;
      const bool text = protocol == MysqlProtocol::Text;
      dump(**rows, folder / (table + (text ? ".text.arrow" : ".arrow")));
      if (!text) note_counts(**rows, folder / (table + ".counts"));
      if (text) continue;
      auto described = connection->columns_of_query(sql);
      ASSERT_TRUE(described) << described.error().message;
      auto again = connection->stream(sql, *described);
      ASSERT_TRUE(again) << again.error().message;
      dump(**again, folder / (table + ".query.arrow"));
    }
  }
}

// Reads CANVASBACK_MYSQL_TABLE and does nothing with it: what the client's side of a row costs. Prints one line of
// JSON.
TEST_F(MysqlReader, Throughput) {
  const std::string table = variable("CANVASBACK_MYSQL_TABLE");
  if (table.empty()) GTEST_SKIP() << "no CANVASBACK_MYSQL_TABLE";
  auto connection = connected();
  ASSERT_TRUE(connection);
  auto columns = connection->columns(table);
  ASSERT_TRUE(columns) << columns.error().message;
  std::vector<std::string> names;
  for (const MysqlColumn& column : *columns) names.push_back(column.name);
  MysqlStreamOptions options;
  if (variable("CANVASBACK_MYSQL_PROTOCOL") == "text") options.protocol = MysqlProtocol::Text;
  const auto start = std::chrono::steady_clock::now();
  const std::clock_t cpu_start = std::clock();
  auto rows = connection->stream("SELECT " + mysql::column_list(names) + " FROM " + mysql::identifier(table), *columns,
                                 options);
  ASSERT_TRUE(rows) << rows.error().message;
  const Read read = read_all(**rows);
  EXPECT_FALSE(read.error) << read.error->message;
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  const double cpu_seconds = static_cast<double>(std::clock() - cpu_start) / CLOCKS_PER_SEC;
  std::printf("{\"rows\": %llu, \"bytes\": %llu, \"seconds\": %.3f, \"cpu_seconds\": %.3f}\n",
              static_cast<unsigned long long>(read.rows), static_cast<unsigned long long>((*rows)->bytes_read()),
              seconds.count(), cpu_seconds);
}

// --- The session ---------------------------------------------------------------------------------------------------

TEST_F(MysqlReader, SessionIsAsItSays) {
  auto connection = connected();
  ASSERT_TRUE(connection);
  EXPECT_EQ(connection->server().is_mariadb, variable("CANVASBACK_MYSQL_KIND") == "mariadb");
  EXPECT_GE(connection->server().version_number, 50'700);
  EXPECT_FALSE(connection->server().uuid.empty());
  EXPECT_EQ(connection->server().tls_cipher, "");
  EXPECT_EQ(cell(*connection, "SELECT @@session.time_zone"), "+00:00");
  EXPECT_EQ(cell(*connection, "SELECT @@session.sql_mode"), "");
  EXPECT_EQ(cell(*connection, "SELECT @@character_set_results"), "utf8mb4");
  EXPECT_EQ(cell(*connection, "SELECT @@session.net_write_timeout"), "60");
  EXPECT_EQ(cell(*connection, "SELECT @@session.tx_isolation"), "REPEATABLE-READ");
  EXPECT_EQ(cell(*connection, "SELECT @@session.tx_read_only"), "1");
}

TEST_F(MysqlReader, WritesNothing) {
  auto connection = admin();  // who could
  ASSERT_TRUE(connection);
  const Status status = connection->run("CREATE TABLE written (id INT)");
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().message.find("1792"), std::string::npos) << status.error().message;
}

TEST_F(MysqlReader, SmallAnswersAreText) {
  auto connection = connected();
  ASSERT_TRUE(connection);
  auto answer = connection->answer("SELECT 1 AS a, NULL AS b, 'x' AS c UNION ALL SELECT 2, 'y', ''");
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->names, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(answer->rows, (std::vector<MysqlTextRow>{{"1", std::nullopt, "x"}, {"2", "y", ""}}));
  auto too_many = connection->rows("SELECT 1 UNION ALL SELECT 2", 1);
  ASSERT_FALSE(too_many);
  EXPECT_EQ(too_many.error().code, ErrorCode::StorageLimit);
  EXPECT_EQ(cell(*connection, "SELECT 5"), "5");  // and the connection can go on
}

TEST_F(MysqlReader, EmptyResultHasNoBatchAndFreesTheConnection) {
  auto connection = connected();
  ASSERT_TRUE(connection);
  auto rows = stream(*connection, "SELECT 1 AS a FROM DUAL WHERE 1 = 0");
  ASSERT_TRUE(rows);
  for (int i = 0; i < 3; ++i) {
    auto batch = rows->next();
    ASSERT_TRUE(batch);
    EXPECT_EQ(*batch, nullptr);
  }
  EXPECT_EQ(cell(*connection, "SELECT 5"), "5");
}

TEST_F(MysqlReader, ColumnsThatAreNotAsExpectedAreRefused) {
  for (const char* sql : {"SELECT 1 AS b", "SELECT 1 AS a, 2 AS b", "SELECT 'x' AS a",
                          "SELECT CAST(1 AS UNSIGNED) AS a", "SELECT 1.5 AS a"}) {
    auto connection = connected();
    ASSERT_TRUE(connection);
    auto columns = connection->columns_of_query("SELECT CAST(1 AS SIGNED) AS a");
    ASSERT_TRUE(columns);
    auto rows = connection->stream(sql, *columns);
    ASSERT_FALSE(rows) << sql;
    EXPECT_EQ(rows.error().code, ErrorCode::SchemaValidation) << sql;
  }
}

TEST_F(MysqlReader, ValueThatItsDeclaredTypeCannotHaveFails) {
  auto connection = connected();
  ASSERT_TRUE(connection);
  const std::string sql = "SELECT 12.34e0 AS amount UNION ALL SELECT 12.345e0";
  auto columns = connection->columns_of_query(sql);
  ASSERT_TRUE(columns);
  columns->front().read_as = "decimal(12,2)";
  auto rows = connection->stream(sql, *columns);
  ASSERT_TRUE(rows) << rows.error().message;
  const Read read = read_all(**rows);
  ASSERT_TRUE(read.error);
  EXPECT_EQ(read.error->code, ErrorCode::InvalidData);
  EXPECT_NE(read.error->message.find("amount"), std::string::npos) << read.error->message;
  EXPECT_NE(read.error->message.find("12.345"), std::string::npos) << read.error->message;
}

// --- What goes wrong -------------------------------------------------------------------------------------------------

TEST_F(MysqlReader, WrongPasswordIsForbiddenAndNotRepeated) {
  login_.password = "not the word";
  auto connection = MysqlConnection::connect(login_);
  ASSERT_FALSE(connection);
  EXPECT_EQ(connection.error().code, ErrorCode::Forbidden);
  EXPECT_NE(connection.error().message.find("1045"), std::string::npos) << connection.error().message;
  EXPECT_EQ(connection.error().message.find("not the word"), std::string::npos);
}

TEST_F(MysqlReader, UnknownHostAndClosedPortAreUnavailable) {
  MysqlLogin unknown = login_;
  unknown.host = "no-such-host.invalid";
  auto connection = MysqlConnection::connect(unknown);
  ASSERT_FALSE(connection);
  EXPECT_EQ(connection.error().code, ErrorCode::Unavailable) << connection.error().message;
  login_.port = 1;
  connection = MysqlConnection::connect(login_);
  ASSERT_FALSE(connection);
  EXPECT_EQ(connection.error().code, ErrorCode::Unavailable) << connection.error().message;
}

TEST_F(MysqlReader, UnknownDatabaseTableAndColumn) {
  auto connection = connected();
  ASSERT_TRUE(connection);
  auto columns = connection->columns("no_such_table");
  ASSERT_FALSE(columns);
  EXPECT_EQ(columns.error().code, ErrorCode::DatasetNotFound);
  const Status status = connection->run("SELECT nothing FROM no_such_table");
  ASSERT_FALSE(status);
  login_.database = "mysql";
  auto other = MysqlConnection::connect(login_);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::Forbidden) << other.error().message;
}

TEST_F(MysqlReader, TlsThatTheServerDoesNotOfferFails) {
  login_.tls.mode = MysqlTlsMode::Required;
  auto connection = MysqlConnection::connect(login_);
  ASSERT_FALSE(connection);
  EXPECT_EQ(connection.error().code, ErrorCode::Unavailable) << connection.error().message;
  EXPECT_NE(connection.error().message.find("2026"), std::string::npos) << connection.error().message;
}

TEST_F(MysqlReader, KilledStatementIsAnErrorAndTheConnectionGoesOn) {
  auto connection = connected();
  auto killer = admin();
  ASSERT_TRUE(connection && killer);
  const std::string id = cell(*connection, "SELECT CONNECTION_ID()");
  MysqlStreamOptions options;
  options.batches_ahead = 1;
  auto rows = stream(*connection, many_rows(), options);
  ASSERT_TRUE(rows);
  ASSERT_TRUE(rows->next());
  ASSERT_TRUE(killer->run("KILL QUERY " + id));
  const Read read = read_all(*rows);
  ASSERT_TRUE(read.error);
  EXPECT_EQ(read.error->code, ErrorCode::Cancelled) << read.error->message;
  EXPECT_LT(read.rows, 100'000'000u);
  EXPECT_FALSE(rows->next());  // and ever after
  EXPECT_EQ(cell(*connection, "SELECT 5"), "5");
}

TEST_F(MysqlReader, KilledConnectionIsAnError) {
  auto connection = connected();
  auto killer = admin();
  ASSERT_TRUE(connection && killer);
  const std::string id = cell(*connection, "SELECT CONNECTION_ID()");
  auto rows = stream(*connection, many_rows());
  ASSERT_TRUE(rows);
  ASSERT_TRUE(rows->next());
  ASSERT_TRUE(killer->run("KILL " + id));
  const Read read = read_all(*rows);
  ASSERT_TRUE(read.error);
  rows.reset();
  EXPECT_FALSE(connection->run("SELECT 1"));
  EXPECT_TRUE(connection->broken());
}

TEST_F(MysqlReader, StatementPastItsTimeIsAnError) {
  login_.statement_timeout = std::chrono::seconds(1);
  auto connection = connected();
  ASSERT_TRUE(connection);
  // By the protocol of rows, and by that of small answers.
  auto rows = stream(*connection, many_rows());
  ASSERT_TRUE(rows);
  const Read read = read_all(*rows);
  ASSERT_TRUE(read.error);
  EXPECT_EQ(read.error->code, ErrorCode::QueryTimeout) << read.error->message;
  auto counted = connection->rows("SELECT COUNT(*), MAX(x.n) FROM (" + many_rows() + ") AS x");
  ASSERT_FALSE(counted);
  EXPECT_EQ(counted.error().code, ErrorCode::QueryTimeout) << counted.error().message;
  EXPECT_FALSE(connection->broken());
}

TEST_F(MysqlReader, CancelFromAnotherThreadEndsTheRead) {
  auto connection = connected();
  ASSERT_TRUE(connection);
  auto rows = stream(*connection, many_rows());
  ASSERT_TRUE(rows);
  ASSERT_TRUE(rows->next());
  std::thread other([&] { connection->cancel(); });
  const Read read = read_all(*rows);
  other.join();
  ASSERT_TRUE(read.error);
  EXPECT_TRUE(connection->broken());
}

TEST_F(MysqlReader, CancelTokenEndsTheReadWithItsReason) {
  auto connection = connected();
  ASSERT_TRUE(connection);
  MysqlStreamOptions options;
  // No row ever comes.
  auto columns = connection->columns_of_query("SELECT SLEEP(50) AS a");
  ASSERT_TRUE(columns);
  auto rows = connection->stream("SELECT SLEEP(0.01) AS a", *columns, options);
  ASSERT_TRUE(rows) << rows.error().message;
  options.cancel.cancel(CancelReason::Shutdown);
  const Read read = read_all(**rows);
  EXPECT_TRUE(!read.error || read.error->code == ErrorCode::Cancelled);
}

TEST_F(MysqlReader, RowsThatAreNotWantedTakeTheConnectionWithThem) {
  auto connection = connected();
  auto watcher = admin();
  ASSERT_TRUE(connection && watcher);
  const std::string id = cell(*connection, "SELECT CONNECTION_ID()");
  stream(*connection, many_rows()).reset();
  EXPECT_TRUE(connection->broken());
  // The server stops by itself.
  const std::string count = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID = " + id;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (cell(*watcher, count) != "0" && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_EQ(cell(*watcher, count), "0");
}

TEST_F(MysqlReader, ServerThatGaveUpOnASlowReaderIsAnErrorAndNoEnd) {
  login_.net_write_timeout = std::chrono::seconds(1);
  auto connection = connected();
  auto watcher = admin();
  ASSERT_TRUE(connection && watcher);
  const std::string id = cell(*connection, "SELECT CONNECTION_ID()");
  MysqlStreamOptions options;
  options.batches_ahead = 1;
  // Rows wide enough that the buffers of both sides are soon full.
  auto rows = stream(*connection, many_rows("REPEAT('x', 4000) AS x"), options);
  ASSERT_TRUE(rows);
  const std::string count = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID = " + id;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (cell(*watcher, count) != "0" && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  ASSERT_EQ(cell(*watcher, count), "0");
  const Read read = read_all(*rows);
  ASSERT_TRUE(read.error);
  EXPECT_EQ(read.error->code, ErrorCode::Unavailable) << read.error->message;
  EXPECT_LT(read.rows, 100'000'000u);
}

// The last one of a server: it is killed.
TEST_F(MysqlReader, ServerKilledInTheMiddleIsAnError) {
  const std::string process = variable("CANVASBACK_MYSQL_PROCESS_TO_KILL");
  if (process.empty()) GTEST_SKIP() << "no CANVASBACK_MYSQL_PROCESS_TO_KILL";
  auto connection = connected();
  ASSERT_TRUE(connection);
  auto rows = stream(*connection, many_rows());
  ASSERT_TRUE(rows);
  ASSERT_TRUE(rows->next());
  ASSERT_EQ(kill(static_cast<pid_t>(std::stol(process)), SIGKILL), 0);
  const Read read = read_all(*rows);
  ASSERT_TRUE(read.error);
  EXPECT_EQ(read.error->code, ErrorCode::Unavailable) << read.error->message;
  EXPECT_TRUE(connection->broken());
}

}  // namespace
}  // namespace canvasback
