// source/mysql on a running server: in its sandbox, with TLS, and what goes wrong: killed statements, connections and
// servers, time limits, slow readers. Each is an error, none looks like the end of the data.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <tuple>

#include "reader_test_support.hpp"
#include "worker/child/sandbox.hpp"

namespace canvasback {
namespace {

// --- Sandbox and TLS -------------------------------------------------------------------------------------------------

// Runs in a process of its own, which is sandboxed as the role pull is; its exit code is the number of the step that
// failed.
int read_in_sandbox(const MysqlLogin& login) {
  SandboxSpec spec;
  spec.parent = getppid();
  spec.landlock_required = false;
  spec.connects = true;
  spec.connect_ports = {login.port};
  spec.read_paths = {login.plugin_folder.empty() ? mysql_plugin_folder() : login.plugin_folder};
  for (const std::string& file : {login.tls.ca_file, login.tls.certificate, login.tls.key}) {
    if (!file.empty()) spec.read_paths.push_back(file);
  }
  if (!enter_sandbox(spec)) return 1;
  auto connection = MysqlConnection::connect(login);
  if (!connection) {
    std::fprintf(stderr, "%s\n", connection.error().message.c_str());
    return 2;
  }
  if (!seal_sandbox()) return 3;
  if (MysqlConnection::connect(login)) return 4;
  const std::string sql = many_rows() + " LIMIT 1000000";
  auto columns = (*connection)->columns_of_query(sql);
  if (!columns) return 5;
  auto rows = (*connection)->stream(sql, *columns);
  if (!rows) return 6;
  const Read read = read_all(**rows);
  return !read.error && read.rows == 1'000'000 ? 0 : 7;
}

int in_child_sandbox(const MysqlLogin& login) {
  const pid_t child = fork();
  if (child == 0) _exit(read_in_sandbox(login));
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

TEST_F(MysqlReader, ReadsInItsSandboxOnceItIsSealed) {
  EXPECT_EQ(in_child_sandbox(login_), 0);
  login_.host = "localhost";
  EXPECT_EQ(in_child_sandbox(login_), 0);
}

// A user of MariaDB's, whose plugin the client library loads while it connects.
TEST_F(MysqlReader, LoadsPluginsInItsSandbox) {
  if (variable("CANVASBACK_MYSQL_PLUGIN_USER").empty()) GTEST_SKIP() << "no CANVASBACK_MYSQL_PLUGIN_USER";
  login_.user = variable("CANVASBACK_MYSQL_PLUGIN_USER");
  EXPECT_EQ(in_child_sandbox(login_), 0);
  login_.plugin_folder = "/nowhere";
  auto connection = MysqlConnection::connect(login_);
  ASSERT_FALSE(connection);
  EXPECT_EQ(connection.error().code, ErrorCode::Forbidden) << connection.error().message;
}

class MysqlReaderTls : public MysqlReader {
 protected:
  void SetUp() override {
    MysqlReader::SetUp();
    if (IsSkipped()) return;
    folder_ = variable("CANVASBACK_MYSQL_CERTIFICATES");
    if (folder_.empty()) GTEST_SKIP() << "no CANVASBACK_MYSQL_CERTIFICATES";
  }
  Result<std::unique_ptr<MysqlConnection>> connect(MysqlTlsMode mode, const char* ca_file, const char* host) {
    login_.tls.mode = mode;
    login_.tls.ca_file = ca_file ? (folder_ / ca_file).string() : "";
    login_.host = host;
    return MysqlConnection::connect(login_);
  }
  fs::path folder_;
};

TEST_F(MysqlReaderTls, EncryptsAndVerifies) {
  // Its certificate is localhost's.
  for (const auto& [mode, ca_file, host] : std::initializer_list<std::tuple<MysqlTlsMode, const char*, const char*>>{
           {MysqlTlsMode::Required, nullptr, "127.0.0.1"},
           {MysqlTlsMode::VerifyCa, "ca.pem", "127.0.0.1"},
           {MysqlTlsMode::VerifyIdentity, "ca.pem", "localhost"}}) {
    auto connection = connect(mode, ca_file, host);
    ASSERT_TRUE(connection) << name_of(mode) << ": " << connection.error().message;
    EXPECT_FALSE((*connection)->server().tls_cipher.empty());
    auto rows = stream(**connection, many_rows() + " LIMIT 1000000");
    ASSERT_TRUE(rows);
    EXPECT_EQ(read_all(*rows).rows, 1'000'000u);
  }
}

TEST_F(MysqlReaderTls, RefusesOtherAuthoritiesAndOtherHosts) {
  for (const auto& [mode, ca_file, host] : std::initializer_list<std::tuple<MysqlTlsMode, const char*, const char*>>{
           {MysqlTlsMode::VerifyCa, "other.pem", "127.0.0.1"},
           {MysqlTlsMode::VerifyCa, nullptr, "127.0.0.1"},
           {MysqlTlsMode::VerifyCa, "missing.pem", "127.0.0.1"},
           {MysqlTlsMode::VerifyIdentity, "other.pem", "localhost"},
           {MysqlTlsMode::VerifyIdentity, "ca.pem", "127.0.0.1"}}) {
    auto connection = connect(mode, ca_file, host);
    ASSERT_FALSE(connection) << name_of(mode) << " " << (ca_file ? ca_file : "") << " " << host;
    EXPECT_NE(connection.error().message.find("2026"), std::string::npos) << connection.error().message;
  }
}

TEST_F(MysqlReaderTls, ReadsInItsSandbox) {
  login_.tls.mode = MysqlTlsMode::VerifyIdentity;
  login_.tls.ca_file = folder_ / "ca.pem";
  login_.host = "localhost";
  EXPECT_EQ(in_child_sandbox(login_), 0);
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
