#include "sim/world/world.h"
