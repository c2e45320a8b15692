#include "sim/study/codecs.h"

namespace headroom::config {

template const Type& type_of<study::ScenarioConfig>();
template const Type& type_of<world::PlatformConfig>();

}  // namespace headroom::config
