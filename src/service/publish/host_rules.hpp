// Header rules of a published site for hosts that take them from a file in the folder: data and assets have names of
// their content and never change, everything else is asked for anew; data is not compressed again, so that ranges of
// bytes are those of the file. Pure.
#pragma once

#include <vector>

#include "service/publish/site_folder.hpp"

namespace canvasback {

std::vector<SitePage> host_rules();

}  // namespace canvasback
