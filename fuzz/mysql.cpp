// What a MySQL server sends, or one that says so: rows of both protocols over columns of every type, declarations of
// types, and the URLs that users write. Whatever comes, a batch that is made is valid.
#include <array>

#include "fuzz/support.hpp"
#include "net/mysql_login.hpp"
#include "source/mysql/mysql_sql.hpp"
#include "source/mysql/row_decoder.hpp"

using namespace canvasback;

namespace {

constexpr std::array<std::pair<const char*, const char*>, 24> kColumns = {{{"tinyint(4)", ""},
                                                                           {"smallint unsigned", ""},
                                                                           {"mediumint", "decimal(5,2)"},
                                                                           {"int(11)", "boolean"},
                                                                           {"bigint unsigned", ""},
                                                                           {"decimal(12,2)", ""},
                                                                           {"decimal(65,30)", ""},
                                                                           {"decimal(38,0)", "int64"},
                                                                           {"float", ""},
                                                                           {"double", ""},
                                                                           {"double", "decimal(12,2)"},
                                                                           {"bit(1)", ""},
                                                                           {"bit(64)", ""},
                                                                           {"bit(9)", "text"},
                                                                           {"year", ""},
                                                                           {"date", ""},
                                                                           {"datetime(6)", ""},
                                                                           {"datetime", "date"},
                                                                           {"timestamp", ""},
                                                                           {"time(3)", ""},
                                                                           {"time", "time"},
                                                                           {"varchar(9)", ""},
                                                                           {"blob", ""},
                                                                           {"point", ""}}};

std::vector<MysqlColumn> some_columns(fuzz::Reader& input) {
  std::vector<MysqlColumn> columns(1 + input.byte() % 12);
  for (MysqlColumn& column : columns) {
    const auto& [declared, read_as] = kColumns[input.byte() % kColumns.size()];
    column = {.name = "c", .declared = declared, .type = *mysql_type_from(declared), .read_as = read_as};
  }
  return columns;
}

void decode_rows(fuzz::Reader& input, MysqlProtocol protocol) {
  MysqlStreamOptions options;
  options.protocol = protocol;
  options.batch_rows = 3;
  auto decoder = RowDecoder::make(some_columns(input), options);
  if (!decoder) return;
  std::int64_t rows = 0;
  while (!input.empty() && decoder->add(input.text())) {
    ++rows;
    FUZZ_CHECK(decoder->rows() == rows);
    if (!decoder->is_full()) continue;
    auto batch = decoder->finish();
    if (!batch) return;
    FUZZ_CHECK((*batch)->num_rows() == rows && (*batch)->ValidateFull().ok());
    rows = 0;
  }
}

void read_declaration(std::string_view text) {
  const auto type = mysql_type_from(text);
  if (!type) return;
  const MysqlColumn column{.name = "c", .declared = std::string(text), .type = *type};
  FUZZ_CHECK(arrow_type_of(column).has_value());
  if (const auto literal = mysql::literal(column, text)) FUZZ_CHECK(!literal->empty());
}

void read_url(std::string_view text) {
  const auto login = mysql_login_from_url(text);
  if (!login) return;
  FUZZ_CHECK(!login->host.empty() && !login->user.empty() && !login->database.empty() && login->port > 0);
  FUZZ_CHECK(login->password.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Reader input(fuzz::text_of(data, size));
  switch (input.byte() % 4) {
    case 0: decode_rows(input, MysqlProtocol::Binary); break;
    case 1: decode_rows(input, MysqlProtocol::Text); break;
    case 2: read_declaration(input.rest()); break;
    default: read_url(input.rest()); break;
  }
  return 0;
}
