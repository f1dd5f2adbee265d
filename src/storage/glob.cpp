#include "storage/glob.hpp"

namespace canvasback {
namespace {

bool is_in_set(std::string_view set, char byte) {
  for (std::size_t i = 0; i < set.size(); ++i) {
    if (i + 2 < set.size() && set[i + 1] == '-') {
      if (byte >= set[i] && byte <= set[i + 2]) return true;
      i += 2;
    } else if (byte == set[i]) {
      return true;
    }
  }
  return false;
}

}  // namespace

Glob::Glob(std::string_view pattern) {
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    if (pattern[at] == '*' && at + 1 < pattern.size() && pattern[at + 1] == '*') {
      ++at;
      if (at + 1 < pattern.size() && pattern[at + 1] == '/') tokens_.push_back({Kind::MaybeFolders});
      tokens_.push_back({Kind::DoubleStar});
    } else if (pattern[at] == '*') {
      tokens_.push_back({Kind::Star});
    } else if (pattern[at] == '?') {
      tokens_.push_back({Kind::Any});
    } else if (pattern[at] == '[') {
      at = add_set(pattern, at);
    } else {
      tokens_.push_back({Kind::Byte, pattern[at]});
    }
  }
}

// The place of the set's last byte in the pattern.
std::size_t Glob::add_set(std::string_view pattern, std::size_t at) {
  const std::size_t end = pattern.find(']', at + 2);
  if (end == std::string_view::npos) {
    tokens_.push_back({Kind::Byte, '['});
    return at;
  }
  std::string_view set = pattern.substr(at + 1, end - at - 1);
  const bool negated = set[0] == '!' || set[0] == '^';
  if (negated) set.remove_prefix(1);
  tokens_.push_back({Kind::Set, 0, negated, std::string(set)});
  return end;
}

bool Glob::takes(const Token& token, char byte) {
  switch (token.kind) {
    case Kind::Byte: return byte == token.byte;
    case Kind::DoubleStar: return true;
    case Kind::Set: return byte != '/' && is_in_set(token.set, byte) != token.negated;
    case Kind::Any:
    case Kind::Star: return byte != '/';
    case Kind::MaybeFolders: return false;
  }
  return false;
}

// Marks what is reached from the marked states without a byte: always further on.
void Glob::follow(std::vector<bool>& states) const {
  for (std::size_t state = 0; state < tokens_.size(); ++state) {
    const Kind kind = tokens_[state].kind;
    if (!states[state] || (kind != Kind::Star && kind != Kind::DoubleStar && kind != Kind::MaybeFolders)) continue;
    states[state + 1] = true;
    if (kind == Kind::MaybeFolders) states[state + 3] = true;  // behind the ** and its slash
  }
}

bool Glob::matches(std::string_view path) const {
  // All places of the pattern that the path so far may have led to: there is nothing to go back to.
  std::vector<bool> states(tokens_.size() + 1);
  std::vector<bool> next(tokens_.size() + 1);
  states[0] = true;
  follow(states);
  for (const char byte : path) {
    next.assign(next.size(), false);
    bool alive = false;
    for (std::size_t state = 0; state < tokens_.size(); ++state) {
      if (!states[state] || !takes(tokens_[state], byte)) continue;
      const Kind kind = tokens_[state].kind;
      next[kind == Kind::Star || kind == Kind::DoubleStar ? state : state + 1] = true;
      alive = true;
    }
    if (!alive) return false;
    follow(next);
    states.swap(next);
  }
  return states[tokens_.size()];
}

}  // namespace canvasback
