// Glob: a pattern of paths, compiled once and matched against many. * and ? stay within one folder, ** crosses folders
// ("**/" also stands for no folder at all), [a-z] is a set, [!a-z] or [^a-z] its opposite; an unclosed [ is itself.
// Bytes, not characters. The time of a match is bounded by pattern length × path length, whatever the pattern.
// Thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace canvasback {

class Glob {
 public:
  explicit Glob(std::string_view pattern);
  bool matches(std::string_view path) const;

 private:
  enum class Kind {
    Byte,          // one byte, the token's own
    Any,           // one byte, no slash
    Set,           // one byte of `set`
    Star,          // any bytes, no slash
    DoubleStar,    // any bytes
    MaybeFolders,  // before the ** of "**/": also the place behind the slash
  };
  struct Token {
    Kind kind = Kind::Byte;
    char byte = 0;
    bool negated = false;
    std::string set = {};  // as written between the brackets
  };

  std::size_t add_set(std::string_view pattern, std::size_t at);
  static bool takes(const Token& token, char byte);
  void follow(std::vector<bool>& states) const;

  std::vector<Token> tokens_;  // a state is the index of the next token; tokens_.size() is the end
};

inline bool glob_matches(std::string_view pattern, std::string_view path) { return Glob(pattern).matches(path); }

}  // namespace canvasback
