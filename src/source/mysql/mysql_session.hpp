// MysqlSession: libmariadb's handle of one connection, and the only place that calls it. Statements with small answers
// go through the library; of a result that is streamed, the library reads the head, and the packets of its rows are
// given out as they are (row_decoder.hpp decodes them). One thread at a time, but for cancel().
#pragma once

#include <mysql.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/unique_fd.hpp"
#include "net/mysql_login.hpp"
#include "source/mysql/mysql_connection.hpp"
#include "source/mysql/wire_column.hpp"

namespace canvasback {

class MysqlSession {
 public:
  // Connects and authenticates; the session's variables are the server's yet.
  static Result<std::unique_ptr<MysqlSession>> open(const MysqlLogin& login);
  ~MysqlSession();
  MysqlSession(const MysqlSession&) = delete;
  MysqlSession& operator=(const MysqlSession&) = delete;

  std::string tls_cipher() const;

  Status run(std::string_view sql);
  Result<MysqlConnection::Answer> answer(std::string_view sql, std::size_t rows_max);
  // The columns of a statement's result, without running it.
  Result<std::vector<MysqlWireColumn>> describe(std::string_view sql);

  // Runs a statement whose rows are then read packet by packet.
  Result<std::vector<MysqlWireColumn>> begin_rows(std::string_view sql, MysqlProtocol protocol);
  // A row, valid until the next call, or nothing at the end of the data, after which the session is free again.
  Result<std::optional<std::string_view>> next_packet();
  bool is_reading() const { return reading_; }

  // Shuts the socket down, from any thread; whatever runs ends with an error.
  void cancel();
  bool broken() const { return broken_; }

 private:
  MysqlSession(MYSQL* handle, std::string address) : handle_(handle), address_(std::move(address)) {}

  Status connect(const MysqlLogin& login);
  Status check_free() const;
  std::unexpected<Error> failed(std::string_view sql);
  std::unexpected<Error> failed(unsigned number, const char* message, std::string_view sql);
  Result<std::vector<MysqlWireColumn>> begin_binary(std::string_view sql);
  Result<std::vector<MysqlWireColumn>> begin_text(std::string_view sql);
  Status end_rows();

  MYSQL* handle_;
  std::string address_;
  UniqueFd socket_;  // a copy of the library's, so that cancel() never meets one that is closed
  std::string sql_;  // whose rows are read
  MYSQL_STMT* statement_ = nullptr;
  MYSQL_RES* result_ = nullptr;
  bool reading_ = false;
  std::atomic<bool> broken_ = false;
};

}  // namespace canvasback
