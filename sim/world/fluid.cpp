#include "sim/world/fluid.h"
