// What the tests of source/mysql share: the server that the environment names, without which every test is skipped, and
// statements of many rows. tests/mysql/test_mysql.py sets the environment.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "source/mysql/mysql_connection.hpp"

namespace canvasback {

namespace fs = std::filesystem;

inline std::string variable(const char* name) {
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
inline Read read_all(MysqlRows& rows) {
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
inline std::string many_rows(const std::string& columns = "a.n + b.n * 100 + c.n * 10000 + d.n * 1000000 AS n") {
  std::string hundred = "(SELECT t.n * 10 + o.n AS n FROM (SELECT 0 AS n";
  for (int i = 1; i < 10; ++i) hundred += " UNION ALL SELECT " + std::to_string(i);
  hundred += ") AS t, (SELECT 0 AS n";
  for (int i = 1; i < 10; ++i) hundred += " UNION ALL SELECT " + std::to_string(i);
  hundred += ") AS o)";
  return "SELECT " + columns + " FROM " + hundred + " AS a, " + hundred + " AS b, " + hundred + " AS c, " + hundred +
         " AS d";
}

inline std::unique_ptr<MysqlRows> stream(MysqlConnection& connection, const std::string& sql,
                                         const MysqlStreamOptions& options = {}) {
  auto columns = connection.columns_of_query(sql);
  EXPECT_TRUE(columns) << columns.error().message;
  if (!columns) return nullptr;
  auto rows = connection.stream(sql, *columns, options);
  EXPECT_TRUE(rows) << rows.error().message;
  return rows ? std::move(*rows) : nullptr;
}

}  // namespace canvasback
