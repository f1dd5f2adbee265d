// A glob and a path, a NUL byte between them: the matcher agrees with the plain recursive one (whose steps are
// counted, because it is exponential), and its time is bounded, which libFuzzer's -timeout watches.
#include "storage/glob.hpp"

#include "fuzz/support.hpp"

namespace {

// The definition, written down as directly as can be. nullopt-like: `steps` ran out.
struct Reference {
  int steps = 20'000;

  bool matches(std::string_view glob, std::string_view path) {
    if (--steps < 0) return false;
    if (glob.empty()) return path.empty();
    if (glob.starts_with("**")) {
      const std::string_view rest = glob.substr(2);
      if (rest.starts_with('/') && matches(rest.substr(1), path)) return true;
      for (std::size_t i = 0; i <= path.size() && steps > 0; ++i) {
        if (matches(rest, path.substr(i))) return true;
      }
      return false;
    }
    if (glob[0] == '*') {
      for (std::size_t i = 0; i <= path.size() && steps > 0; ++i) {
        if (matches(glob.substr(1), path.substr(i))) return true;
        if (i < path.size() && path[i] == '/') return false;
      }
      return false;
    }
    if (path.empty()) return false;
    const std::size_t end = glob[0] == '[' ? glob.find(']', 2) : std::string_view::npos;
    if (end != std::string_view::npos) {
      std::string_view set = glob.substr(1, end - 1);
      const bool negated = set[0] == '!' || set[0] == '^';
      if (negated) set.remove_prefix(1);
      return path[0] != '/' && has(set, path[0]) != negated && matches(glob.substr(end + 1), path.substr(1));
    }
    const bool one = glob[0] == '?' ? path[0] != '/' : glob[0] == path[0];
    return one && matches(glob.substr(1), path.substr(1));
  }

  static bool has(std::string_view set, char byte) {
    bool inside = false;
    for (std::size_t i = 0; i < set.size(); ++i) {
      if (i + 2 < set.size() && set[i + 1] == '-') {
        inside = inside || (byte >= set[i] && byte <= set[i + 2]);
        i += 2;
      } else {
        inside = inside || byte == set[i];
      }
    }
    return inside;
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = canvasback::fuzz::text_of(data, size);
  const std::size_t middle = std::min(text.find('\0'), text.size());
  const std::string_view glob = text.substr(0, middle);
  const std::string_view path = text.substr(std::min(middle + 1, text.size()));
  const bool matched = canvasback::glob_matches(glob, path);
  Reference reference;
  const bool expected = reference.matches(glob, path);
  if (reference.steps > 0) FUZZ_CHECK(matched == expected);
  return 0;
}
