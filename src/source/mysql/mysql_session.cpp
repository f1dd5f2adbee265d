#include "source/mysql/mysql_session.hpp"

#include <errmsg.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>

#include "base/limits.hpp"
#include "source/mysql/mysql_errors.hpp"

namespace canvasback {
namespace {

// No plugin that gives the password away in plain text, and none that asks its user.
constexpr const char* kPluginsAllowed = "mysql_native_password,caching_sha2_password,sha256_password,client_ed25519";
constexpr const char* kSystemAuthorities[] = {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"};
constexpr unsigned char kEndOfData = 0xfe;
constexpr unsigned long kEndOfDataBytes = 5;
constexpr unsigned long kEndOfDataBytesMax = 8;

void initialise_library() {
  static std::once_flag once;
  std::call_once(once, [] { mysql_server_init(0, nullptr, nullptr); });
}

const char* text_or_null(const std::string& text) { return text.empty() ? nullptr : text.c_str(); }

void set_timeout(MYSQL* handle, mysql_option option, std::chrono::seconds timeout) {
  const auto seconds = static_cast<unsigned>(std::max<std::int64_t>(timeout.count(), 1));
  mysql_options(handle, option, &seconds);
}

void set_tls(MYSQL* handle, const MysqlTls& tls) {
  if (tls.mode == MysqlTlsMode::Off) return;
  const char* authorities = text_or_null(tls.ca_file);
  const bool verified = tls.mode != MysqlTlsMode::Required;
  for (const char* path : kSystemAuthorities) {
    if (verified && !authorities && access(path, R_OK) == 0) authorities = path;
  }
  mysql_ssl_set(handle, text_or_null(tls.key), text_or_null(tls.certificate), authorities, nullptr, nullptr);
  const my_bool yes = 1;
  const my_bool identity = tls.mode == MysqlTlsMode::VerifyIdentity ? 1 : 0;
  mysql_options(handle, MYSQL_OPT_SSL_ENFORCE, &yes);
  // Enforced or not, the library goes on in plain text where a server offers no TLS, unless it has a fingerprint to
  // compare; an empty one compares with nothing.
  mysql_options(handle, MARIADB_OPT_TLS_PEER_FP, "");
  mysql_options(handle, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &identity);
}

void set_options(MYSQL* handle, const MysqlLogin& login) {
  const unsigned none = 0;
  const unsigned tcp = MYSQL_PROTOCOL_TCP;  // "localhost" is no socket file here
  const std::size_t packet_bytes = limits::kMysqlPacketBytesMax;
  const std::string plugins = login.plugin_folder.empty() ? mysql_plugin_folder() : login.plugin_folder;
  mysql_options(handle, MYSQL_OPT_LOCAL_INFILE, &none);  // a server could ask for any of our files
  mysql_options(handle, MYSQL_OPT_PROTOCOL, &tcp);
  mysql_options(handle, MYSQL_OPT_MAX_ALLOWED_PACKET, &packet_bytes);
  mysql_options(handle, MARIADB_OPT_RESTRICTED_AUTH, kPluginsAllowed);
  mysql_options(handle, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  if (!plugins.empty()) mysql_options(handle, MYSQL_PLUGIN_DIR, plugins.c_str());
  set_timeout(handle, MYSQL_OPT_CONNECT_TIMEOUT, login.connect_timeout);
  set_timeout(handle, MYSQL_OPT_READ_TIMEOUT, login.read_timeout);
  set_timeout(handle, MYSQL_OPT_WRITE_TIMEOUT, login.read_timeout);
  set_tls(handle, login.tls);
}

std::string text_of(const char* text, unsigned length) { return text ? std::string(text, length) : std::string(); }

std::vector<MysqlWireColumn> wire_columns(MYSQL_RES* head) {
  std::vector<MysqlWireColumn> columns;
  const unsigned count = mysql_num_fields(head);
  const MYSQL_FIELD* fields = mysql_fetch_fields(head);
  for (unsigned i = 0; i < count; ++i) {
    const MYSQL_FIELD& field = fields[i];
    columns.push_back({.name = text_of(field.name, field.name_length),
                       .table = text_of(field.org_table, field.org_table_length),
                       .column = text_of(field.org_name, field.org_name_length),
                       .database = text_of(field.db, field.db_length),
                       .type = static_cast<unsigned>(field.type),
                       .flags = field.flags,
                       .charset = field.charsetnr,
                       .decimals = field.decimals,
                       .length = field.length});
  }
  return columns;
}

// Errors after which nothing more can be said to the server.
bool ends_connection(unsigned number) {
  return number == CR_SERVER_GONE_ERROR || number == CR_SERVER_LOST || number == CR_COMMANDS_OUT_OF_SYNC ||
         number == CR_MALFORMED_PACKET || number == CR_SSL_CONNECTION_ERROR || number == CR_NET_PACKET_TOO_LARGE;
}

struct ResultEnd {
  void operator()(MYSQL_RES* result) const { mysql_free_result(result); }
};
using ResultHandle = std::unique_ptr<MYSQL_RES, ResultEnd>;
struct StatementEnd {
  void operator()(MYSQL_STMT* statement) const { mysql_stmt_close(statement); }
};
using StatementHandle = std::unique_ptr<MYSQL_STMT, StatementEnd>;

}  // namespace

Result<std::unique_ptr<MysqlSession>> MysqlSession::open(const MysqlLogin& login) {
  initialise_library();
  MYSQL* handle = mysql_init(nullptr);
  if (!handle) return fail(ErrorCode::MemoryLimit, "There is not enough memory for a connection to MySQL.");
  std::unique_ptr<MysqlSession> session(new MysqlSession(handle, login.address()));
  CANVASBACK_TRY(session->connect(login));
  return session;
}

Status MysqlSession::connect(const MysqlLogin& login) {
  set_options(handle_, login);
  if (!mysql_real_connect(handle_, login.host.c_str(), login.user.c_str(), login.password.c_str(),
                          text_or_null(login.database), login.port, nullptr, 0)) {
    return failed({});
  }
  socket_ = UniqueFd(fcntl(mysql_get_socket(handle_), F_DUPFD_CLOEXEC, 0));
  if (!socket_) return fail(ErrorCode::Unavailable, "There is no descriptor left for a connection to MySQL.");
  if (login.tls.mode != MysqlTlsMode::Off && tls_cipher().empty()) {
    return fail(ErrorCode::Forbidden, "The MySQL server " + address_ + " did not encrypt the connection.");
  }
  return {};
}

MysqlSession::~MysqlSession() {
  // A result that was not read to its end would be read by the library before it closes anything.
  if (reading_) cancel();
  if (result_) mysql_free_result(result_);
  if (statement_) mysql_stmt_close(statement_);
  mysql_close(handle_);
  cancel();
}

std::string MysqlSession::tls_cipher() const {
  const char* cipher = mysql_get_ssl_cipher(handle_);
  return cipher ? cipher : "";
}

std::unexpected<Error> MysqlSession::failed(std::string_view sql) {
  return failed(mysql_errno(handle_), ::mysql_error(handle_), sql);
}

std::unexpected<Error> MysqlSession::failed(unsigned number, const char* message, std::string_view sql) {
  if (ends_connection(number)) broken_ = true;
  return std::unexpected(canvasback::mysql_error(number, message, address_, sql));
}

Status MysqlSession::check_free() const {
  if (broken_) {
    return fail(ErrorCode::Unavailable, "The connection to the MySQL server " + address_ + " is lost.");
  }
  if (reading_) {
    return fail(ErrorCode::Database, "The connection to the MySQL server is busy with the rows of another statement.");
  }
  return {};
}

Status MysqlSession::run(std::string_view sql) {
  CANVASBACK_TRY(check_free());
  if (mysql_real_query(handle_, sql.data(), sql.size()) != 0) return failed(sql);
  const ResultHandle result(mysql_store_result(handle_));
  if (!result && mysql_errno(handle_) != 0) return failed(sql);
  return {};
}

Result<MysqlConnection::Answer> MysqlSession::answer(std::string_view sql, std::size_t rows_max) {
  CANVASBACK_TRY(check_free());
  if (mysql_real_query(handle_, sql.data(), sql.size()) != 0) return failed(sql);
  const ResultHandle result(mysql_use_result(handle_));
  if (!result) return failed(sql);
  MysqlConnection::Answer answer;
  for (MysqlWireColumn& column : wire_columns(result.get())) answer.names.push_back(std::move(column.name));
  bool too_many = false;
  while (MYSQL_ROW cells = mysql_fetch_row(result.get())) {
    too_many = too_many || answer.rows.size() == rows_max;
    if (too_many) continue;  // read to the end, so that the connection stays of use
    const unsigned long* lengths = mysql_fetch_lengths(result.get());
    MysqlTextRow row(answer.names.size());
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (cells[i]) row[i] = std::string(cells[i], lengths[i]);
    }
    answer.rows.push_back(std::move(row));
  }
  // A connection that was cut looks like the end of the data.
  if (mysql_errno(handle_) != 0) return failed(sql);
  if (too_many) {
    return fail(ErrorCode::StorageLimit, "The answer has more than " + std::to_string(rows_max) + " rows.",
                std::string(sql));
  }
  return answer;
}

Result<std::vector<MysqlWireColumn>> MysqlSession::describe(std::string_view sql) {
  CANVASBACK_TRY(check_free());
  const StatementHandle statement(mysql_stmt_init(handle_));
  if (!statement) return failed(sql);
  if (mysql_stmt_prepare(statement.get(), sql.data(), sql.size()) != 0) {
    return failed(mysql_stmt_errno(statement.get()), mysql_stmt_error(statement.get()), sql);
  }
  const ResultHandle head(mysql_stmt_result_metadata(statement.get()));
  if (!head) return fail(ErrorCode::QueryInvalid, "The statement has no result.", std::string(sql));
  return wire_columns(head.get());
}

Result<std::vector<MysqlWireColumn>> MysqlSession::begin_rows(std::string_view sql, MysqlProtocol protocol) {
  CANVASBACK_TRY(check_free());
  sql_ = sql;
  return protocol == MysqlProtocol::Binary ? begin_binary(sql) : begin_text(sql);
}

Result<std::vector<MysqlWireColumn>> MysqlSession::begin_binary(std::string_view sql) {
  StatementHandle statement(mysql_stmt_init(handle_));
  if (!statement) return failed(sql);
  if (mysql_stmt_prepare(statement.get(), sql.data(), sql.size()) != 0 || mysql_stmt_execute(statement.get()) != 0) {
    return failed(mysql_stmt_errno(statement.get()), mysql_stmt_error(statement.get()), sql);
  }
  const ResultHandle head(mysql_stmt_result_metadata(statement.get()));
  if (!head) return fail(ErrorCode::QueryInvalid, "The statement has no result.", std::string(sql));
  statement_ = statement.release();
  reading_ = true;
  return wire_columns(head.get());
}

Result<std::vector<MysqlWireColumn>> MysqlSession::begin_text(std::string_view sql) {
  if (mysql_real_query(handle_, sql.data(), sql.size()) != 0) return failed(sql);
  result_ = mysql_use_result(handle_);
  if (!result_) {
    if (mysql_errno(handle_) != 0) return failed(sql);
    return fail(ErrorCode::QueryInvalid, "The statement has no result.", std::string(sql));
  }
  reading_ = true;
  return wire_columns(result_);
}

Result<std::optional<std::string_view>> MysqlSession::next_packet() {
  const unsigned long length = mysql_net_read_packet(handle_);
  if (length == static_cast<unsigned long>(packet_error) || length == ~0ul) {
    // The server said why, or the connection was cut: it ends the result in both cases, but only in the first one can
    // the connection be used again.
    const unsigned number = mysql_errno(handle_);
    auto error = failed(number, ::mysql_error(handle_), sql_);
    if (!broken_) CANVASBACK_TRY(end_rows());
    return error;
  }
  const unsigned char* bytes = handle_->net.read_pos;
  if (bytes[0] != kEndOfData || length > kEndOfDataBytesMax) {
    return std::string_view(reinterpret_cast<const char*>(bytes), length);
  }
  if (length >= kEndOfDataBytes) {
    handle_->warning_count = bytes[1] | unsigned{bytes[2]} << 8;
    handle_->server_status = bytes[3] | unsigned{bytes[4]} << 8;
  }
  CANVASBACK_TRY(end_rows());
  return std::nullopt;
}

// The library has not seen the rows pass: it is told that they have.
Status MysqlSession::end_rows() {
  reading_ = false;
  handle_->status = MYSQL_STATUS_READY;
  if (result_) {
    result_->handle = nullptr;
    result_->eof = 1;
    mysql_free_result(result_);
    result_ = nullptr;
  }
  if (MYSQL_STMT* statement = std::exchange(statement_, nullptr)) {
    statement->state = MYSQL_STMT_FETCH_DONE;
    if (mysql_stmt_close(statement) != 0) return failed(sql_);
  }
  if ((handle_->server_status & SERVER_MORE_RESULTS_EXIST) != 0) {
    broken_ = true;
    return fail(ErrorCode::QueryInvalid, "The statement has more than one result.", sql_);
  }
  return {};
}

void MysqlSession::cancel() {
  broken_ = true;
  if (socket_) ::shutdown(socket_.get(), SHUT_RDWR);
}

}  // namespace canvasback
