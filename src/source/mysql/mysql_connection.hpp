// MysqlConnection: one session with a MySQL 5.7 or later, or a MariaDB server, which is only read: every transaction of
// it is READ ONLY and REPEATABLE READ, in UTC, utf8mb4 and an empty sql_mode. libmariadb stays behind it.
//
// One thread uses it, and its rows() and stream() one after the other: while a MysqlRows is there, only that is read.
// cancel() alone may be called by any thread. Errors of the server keep its message and number:
//   Unavailable   cannot be reached, or was lost; a lock or deadlock; too many connections: try again later
//   Forbidden     a wrong password, or a right that is missing
//   QueryInvalid  the statement names what is not there, or is wrong
//   QueryTimeout  longer than statement_timeout
//   Cancelled     KILL QUERY, or cancel()
//   Database      everything else
// After an error that lost the connection (`broken()`) every call fails; connect again.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/cancel.hpp"
#include "base/error.hpp"
#include "base/limits.hpp"
#include "net/mysql_login.hpp"
#include "source/mysql/mysql_rows.hpp"
#include "source/mysql/mysql_type.hpp"

namespace canvasback {

class MysqlSession;

struct MysqlServer {
  std::string version;     // "5.7.22", "10.11.19-MariaDB-0+deb12u1"
  int version_number = 0;  // 50722, 101119
  bool is_mariadb = false;
  std::string uuid;  // @@server_uuid; of MariaDB, which has none, its server_id and hostname
  bool read_only = false;
  std::string tls_cipher;  // empty: the connection is not encrypted
  // What a reader may want to know, by name; a variable that the server lacks is not there: gtid_mode,
  // net_write_timeout, wait_timeout, max_allowed_packet, time_zone, lower_case_table_names, …
  std::map<std::string, std::string, std::less<>> variables;
};

// A value as the server's text; NULL is nothing.
using MysqlTextRow = std::vector<std::optional<std::string>>;

class MysqlConnection {
 public:
  // Connects, authenticates and sets up the session. After it no file is opened and no socket made any more.
  static Result<std::unique_ptr<MysqlConnection>> connect(const MysqlLogin& login);
  ~MysqlConnection();
  MysqlConnection(const MysqlConnection&) = delete;
  MysqlConnection& operator=(const MysqlConnection&) = delete;

  const MysqlServer& server() const { return server_; }

  // A statement without an answer.
  Status run(std::string_view sql);
  // A small answer, as text. Errors: StorageLimit for more rows than rows_max.
  Result<std::vector<MysqlTextRow>> rows(std::string_view sql, std::size_t rows_max = limits::kMysqlTextRowsMax);
  // The same with the names of its columns first: SHOW and EXPLAIN differ from server to server.
  struct Answer {
    std::vector<std::string> names;
    std::vector<MysqlTextRow> rows;
  };
  Result<Answer> answer(std::string_view sql, std::size_t rows_max = limits::kMysqlTextRowsMax);

  // All columns of a table of the login's database in their order, generated and invisible ones, too. Errors:
  // DatasetNotFound where there is no such table (or no right to see it), InvalidData for a type that is not known.
  Result<std::vector<MysqlColumn>> columns(std::string_view table);
  // Those of a statement's result, without running it; `declared` is made of the result's types.
  Result<std::vector<MysqlColumn>> columns_of_query(std::string_view sql);
  // Names of the primary key's columns in the key's order; none: the table has no primary key.
  Result<std::vector<std::string>> primary_key(std::string_view table);

  // Sends the statement and gives its rows. The result must have exactly these columns, by name and type, else
  // SchemaValidation. The connection is busy until the rows have come to their end; rows that are destroyed earlier
  // take the connection with them (the server stops by itself then).
  Result<std::unique_ptr<MysqlRows>> stream(std::string_view sql, const std::vector<MysqlColumn>& columns,
                                            const MysqlStreamOptions& options = {});

  // Ends what is running, from any thread: the socket is shut down and the connection broken.
  void cancel();
  bool broken() const;

 private:
  MysqlConnection(std::unique_ptr<MysqlSession> session, MysqlServer server, std::string database);

  std::shared_ptr<MysqlSession> session_;  // shared with the rows that are being read
  MysqlServer server_;
  std::string database_;
};

}  // namespace canvasback
