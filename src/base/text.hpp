// Text helpers shared by all layers: UTF-8, sizes, percent encoding, globs, SQL quoting.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace canvasback {

// Length in bytes (1 to 4) of the well-formed UTF-8 sequence that `text` starts with, or 0.
std::size_t utf8_sequence_length(std::string_view text);

// "512MB", "2GiB", "1.5 GB", "4096": bytes. K, M, G, T, P are powers of 1000, Ki … Pi of 1024.
Result<std::uint64_t> parse_bytes(std::string_view text);
// "1.5 GB"
std::string human_bytes(std::uint64_t bytes);
// "1,234,567"
std::string with_thousands(std::int64_t number);

// A whole decimal integer within [min, max], or an InvalidData error that names `what`.
Result<std::int64_t> parse_integer(std::string_view text, std::string_view what, std::int64_t min, std::int64_t max);

// Decodes %XX and, in query strings, '+'. nullopt for a broken escape.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space);
std::string percent_encode(std::string_view text);

std::vector<std::string> split(std::string_view text, char separator);
std::string_view trim(std::string_view text);
std::string lower(std::string_view text);
bool starts_with_ignoring_case(std::string_view text, std::string_view prefix);

// "a ""quoted"" name" and 'it''s a literal'.
std::string sql_identifier(std::string_view name);
std::string sql_literal(std::string_view text);

// A dataset's name made from a file name: letters of any script, digits and '_'; a long one is cut, with a hash.
std::string name_from_path(std::string_view path);
// Letters, digits, '_', '-' and '.', 1 to 128 characters, starting with a letter or '_'.
bool is_dataset_name(std::string_view name);

std::string base64_encode(std::string_view bytes);
std::optional<std::string> base64url_decode(std::string_view text);
std::string base64url_encode(std::string_view bytes);

}  // namespace canvasback
