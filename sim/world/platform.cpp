#include "sim/world/platform.h"
