// MysqlLogin: where a MySQL or MariaDB server is, who logs in and how, as a value. A source's file says it, the front
// checks it (mysql_login_from_url) and hands it to the worker that connects (source/mysql/mysql_connection.hpp). The
// password comes apart: it stands in no URL, no argument and no environment of a worker.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/limits.hpp"

namespace canvasback {

// As MySQL's own clients call them; there is no "preferred", which anyone on the way could talk down to none.
enum class MysqlTlsMode {
  Off,
  Required,       // encrypted, whoever answers
  VerifyCa,       // and with a certificate that an authority of ca_file signed
  VerifyIdentity  // and for this host
};
// "off", "required", "verify_ca", "verify_identity".
Result<MysqlTlsMode> mysql_tls_mode_from(std::string_view name);
std::string_view name_of(MysqlTlsMode mode);

struct MysqlTls {
  MysqlTlsMode mode = MysqlTlsMode::Off;
  std::string ca_file;      // PEM; empty: the system's authorities
  std::string certificate;  // PEM, of the client; with key, or neither
  std::string key;          // PEM, without a passphrase
};

struct MysqlLogin {
  std::string host;  // a name or an address; IPv6 without brackets
  std::uint16_t port = 3306;
  std::string database;
  std::string user;
  std::string password;  // of the task alone; never logged
  MysqlTls tls;
  std::string plugin_folder;  // of authentication plugins; empty: mysql_plugin_folder()
  std::chrono::seconds connect_timeout = limits::kMysqlConnectTimeout;
  std::chrono::seconds read_timeout = limits::kMysqlReadTimeout;            // of our waiting for the server's bytes
  std::chrono::seconds statement_timeout = limits::kMysqlStatementTimeout;  // the server's; 0: none
  std::chrono::seconds net_write_timeout = limits::kMysqlNetWriteTimeout;   // of the server's waiting for us

  // "host:3306", for messages and the log.
  std::string address() const;
};

// "mysql://user@host:port/database": the port is 3306 where there is none, the user and the database are
// percent-decoded, an IPv6 address stands in brackets. Errors: InvalidData that says what is wrong, for a password or
// parameters in the URL, too.
Result<MysqlLogin> mysql_login_from_url(std::string_view url);

// Where the authentication plugins of the client library lie: beside an installed program (../lib/canvasback/mysql),
// else where Debian has them. Empty where neither is there.
std::string mysql_plugin_folder();

}  // namespace canvasback
