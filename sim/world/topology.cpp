#include "sim/world/topology.h"
