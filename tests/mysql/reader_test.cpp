// source/mysql on a running server, which tests/mysql/test_mysql.py starts: what it reads is dumped as Arrow for
// another reader to compare; its session, its answers, its keys. reader_faults_test.cpp has what goes wrong.
#include <arrow/io/file.h>
#include <arrow/ipc/writer.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <sstream>
#include <string>

#include "reader_test_support.hpp"
#include "source/mysql/mysql_sql.hpp"

namespace canvasback {
namespace {

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
  login_.statement_timeout = std::chrono::seconds(0);
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

// A literal made of a value finds its row alone, and all behind it in the server's order are after it. FLOAT comes as
// the DOUBLE of its value, because text has not all its digits.
TEST_F(MysqlReader, LiteralsCompareWithTheirColumns) {
  const std::string table = variable("CANVASBACK_MYSQL_LITERALS");
  if (table.empty()) GTEST_SKIP() << "no CANVASBACK_MYSQL_LITERALS";
  auto connection = connected();
  ASSERT_TRUE(connection);
  auto columns = connection->columns(table);
  ASSERT_TRUE(columns) << columns.error().message;
  for (const MysqlColumn& column : *columns) {
    const std::string name = mysql::identifier(column.name);
    const std::string from = " FROM " + mysql::identifier(table);
    const std::string exact = column.type.kind == MysqlKind::Float ? name + " + 0e0" : name;
    auto rows = connection->rows("SELECT " + exact + from + " ORDER BY " + name);
    ASSERT_TRUE(rows) << rows.error().message;
    ASSERT_GE(rows->size(), 3u);
    if (column.type.kind == MysqlKind::Enum || column.type.kind == MysqlKind::Set) {
      // As long as its numbers are in the order of its keys' bytes.
      const std::string keys = "SELECT GROUP_CONCAT(HEX(" + *mysql::key_bytes(column) + ") ORDER BY ";
      EXPECT_EQ(cell(*connection, keys + name + ")" + from),
                cell(*connection, keys + *mysql::key_bytes(column) + ")" + from))
          << column.declared;
      EXPECT_EQ(cell(*connection, keys + name + ")" + from).size(), rows->size() * 33 - 1);
    }
    for (std::size_t i = 0; i < rows->size(); ++i) {
      auto literal = mysql::literal(column, *(*rows)[i][0]);
      ASSERT_TRUE(literal) << literal.error().message;
      const std::string after = mysql::rows_after(std::vector{column.name}, std::vector{*literal});
      EXPECT_EQ(cell(*connection, "SELECT COUNT(*)" + from + " WHERE " + name + " = " + *literal), "1") << *literal;
      EXPECT_EQ(cell(*connection, "SELECT COUNT(*)" + from + " WHERE " + after), std::to_string(rows->size() - 1 - i))
          << column.declared << " " << *literal;
    }
  }
}

// --- Keys of text ----------------------------------------------------------------------------------------------------

// Tables keys_COLLATION(id, v) of CANVASBACK_MYSQL_KEYS: the bytes of two keys are equal where the server takes the
// values to be equal, and in its order where not.
TEST_F(MysqlReader, KeysOfTextCompareAsTheServerDoes) {
  if (variable("CANVASBACK_MYSQL_KEYS").empty()) GTEST_SKIP() << "no CANVASBACK_MYSQL_KEYS";
  auto connection = connected();
  ASSERT_TRUE(connection);
  std::istringstream tables(variable("CANVASBACK_MYSQL_KEYS"));
  for (std::string table; tables >> table;) {
    auto columns = connection->columns(table);
    ASSERT_TRUE(columns) << columns.error().message;
    auto key = mysql::key_bytes((*columns)[1]);
    ASSERT_TRUE(key) << key.error().message;
    // Each value with the rank that the server gives it: equal values have the same.
    const std::string name = mysql::identifier(table);
    auto rows = connection->rows("SELECT HEX(v), HEX(" + *key + "), (SELECT COUNT(*) FROM " + name +
                                 " AS o WHERE o.v < t.v) AS r FROM " + name + " AS t ORDER BY r");
    ASSERT_TRUE(rows) << table << ": " << rows.error().message;
    ASSERT_GT(rows->size(), 50u);
    for (std::size_t i = 1; i < rows->size(); ++i) {
      const MysqlTextRow& before = (*rows)[i - 1];
      const MysqlTextRow& row = (*rows)[i];
      ASSERT_TRUE(before[1] && row[1]) << table;
      const std::string pair = table + ": " + *before[0] + " (" + before[1]->substr(0, 60) + ") and " + *row[0] + " (" +
                               row[1]->substr(0, 60) + ")";
      if (*before[2] == *row[2]) {
        EXPECT_EQ(*before[1], *row[1]) << pair;
      } else {
        EXPECT_LT(*before[1], *row[1]) << pair;
      }
    }
  }
}

}  // namespace
}  // namespace canvasback
