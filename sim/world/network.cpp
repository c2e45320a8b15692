#include "sim/world/network.h"
