// Unicode: a letter with its marks may be written as one character or as several; comparing texts takes one form.
#pragma once

#include <string>
#include <string_view>

namespace canvasback {

// Whether a UTF-8 text has characters that compose() may join with others. Quick: most texts have none.
bool may_compose(std::string_view text);

// The text in Unicode's form NFC; bytes that are no UTF-8 stay as they are. Of characters below U+10000; of marks those
// of U+0300 to U+036F are put into their order.
std::string compose(std::string_view text);

}  // namespace canvasback
