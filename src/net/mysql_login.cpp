#include "net/mysql_login.hpp"

#include <algorithm>
#include <filesystem>
#include <optional>

#include "base/text.hpp"

namespace canvasback {
namespace {

constexpr std::string_view kScheme = "mysql://";
constexpr const char* kForm = "A MySQL URL must be of the form mysql://user@host:port/database";
// Where Debian, Ubuntu and Fedora have them.
constexpr const char* kSystemFolders[] = {"/usr/lib/x86_64-linux-gnu/libmariadb3/plugin",
                                          "/usr/lib/aarch64-linux-gnu/libmariadb3/plugin", "/usr/lib64/mariadb/plugin"};

std::unexpected<Error> bad_url(const std::string& why) {
  return fail(ErrorCode::InvalidData, std::string(kForm) + ": " + why + ".");
}

bool has_control_bytes(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

Result<std::string> decoded(std::string_view text, const char* what) {
  std::optional<std::string> plain = percent_decode(text, false);
  if (!plain) return bad_url(std::string("the ") + what + " has a broken percent escape");
  if (has_control_bytes(*plain)) return bad_url(std::string("the ") + what + " has a control character");
  return std::move(*plain);
}

// "host", "host:3307", "[::1]:3307".
Status read_address(std::string_view text, MysqlLogin& login) {
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return bad_url("the bracket of the address is not closed");
    login.host = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
    if (!text.empty() && text.front() != ':') return bad_url("only a port can follow the address");
    if (!text.empty()) port = text.substr(1);
    if (!text.empty() && port.empty()) return bad_url("the port is missing after the colon");
  } else {
    const std::size_t colon = text.find(':');
    login.host = text.substr(0, colon);
    if (colon != std::string_view::npos) {
      port = text.substr(colon + 1);
      if (port.empty()) return bad_url("the port is missing after the colon");
    }
  }
  if (login.host.empty()) return bad_url("the host is missing");
  const bool odd = std::ranges::any_of(login.host, [](char c) {
    return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f || c == '/' || c == '%' || c == '[' || c == ']';
  });
  if (odd) return bad_url("the host has a character that no host has");
  if (!port.empty()) {
    CANVASBACK_ASSIGN(const std::int64_t number, parse_integer(port, "the port of a MySQL URL", 1, 65'535));
    login.port = static_cast<std::uint16_t>(number);
  }
  return {};
}

}  // namespace

Result<MysqlTlsMode> mysql_tls_mode_from(std::string_view name) {
  for (MysqlTlsMode mode :
       {MysqlTlsMode::Off, MysqlTlsMode::Required, MysqlTlsMode::VerifyCa, MysqlTlsMode::VerifyIdentity}) {
    if (name == name_of(mode)) return mode;
  }
  return fail(ErrorCode::InvalidData, "The TLS mode of MySQL must be off, required, verify_ca or verify_identity.");
}

std::string_view name_of(MysqlTlsMode mode) {
  switch (mode) {
    case MysqlTlsMode::Off: return "off";
    case MysqlTlsMode::Required: return "required";
    case MysqlTlsMode::VerifyCa: return "verify_ca";
    case MysqlTlsMode::VerifyIdentity: return "verify_identity";
  }
  return "off";
}

std::string MysqlLogin::address() const {
  const bool brackets = host.find(':') != std::string::npos;
  return (brackets ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<MysqlLogin> mysql_login_from_url(std::string_view url) {
  if (!url.starts_with(kScheme)) return bad_url("it must begin with mysql://");
  url.remove_prefix(kScheme.size());
  if (url.find_first_of("?#") != std::string_view::npos) return bad_url("it takes no parameters");
  const std::size_t slash = url.find('/');
  if (slash == std::string_view::npos || slash + 1 == url.size()) return bad_url("the database is missing");
  std::string_view authority = url.substr(0, slash);
  const std::size_t at = authority.rfind('@');
  if (at == std::string_view::npos || at == 0) return bad_url("the user is missing");
  const std::string_view user = authority.substr(0, at);
  if (user.find(':') != std::string_view::npos) {
    return bad_url("a password must not stand in it, but in password_file or the variable of password_env");
  }
  MysqlLogin login;
  CANVASBACK_ASSIGN(login.user, decoded(user, "user"));
  CANVASBACK_ASSIGN(login.database, decoded(url.substr(slash + 1), "database"));
  CANVASBACK_TRY(read_address(authority.substr(at + 1), login));
  return login;
}

std::string mysql_plugin_folder() {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (!error) {
    fs::path beside = program.parent_path().parent_path() / "lib/canvasback/mysql";
    if (fs::is_directory(beside, error)) return beside;
  }
  for (const char* folder : kSystemFolders) {
    if (fs::is_directory(folder, error)) return folder;
  }
  return {};
}

}  // namespace canvasback
